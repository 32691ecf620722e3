//! Edits that keep comments.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

mod support;

use quantix_cloudinit::{
    edit::{Document, EditError},
    yaml::{Map, Value},
};

const TEXT: &str = "\
#cloud-config
# names
hostname: web # short

users: # people
  # the first
  - name: ops # he
    groups: [adm, sudo]
  - name: dev
write_files:
  - path: /etc/a
    content: |
      one # no comment

      two
  # last words
final_message: done
";

#[test]
fn sets_keep_everything_else() {
    let list: Value = vec!["a".into(), "no".into()].into();
    let map: Value = [("x", "y")].into_iter().collect::<Map>().into();
    let user: Value = [("name", "b"), ("shell", "/bin/sh")].into_iter().collect::<Map>().into();
    let table: [(&[&str], Value, &str, &str); 10] = [
        (&["users", "2"], "c".into(), "dev\n", "dev\n  - c\n"),
        (&["users", "2"], user, "dev\n", "dev\n  - name: b\n    shell: /bin/sh\n"),
        (&["hostname"], "0123".into(), "hostname: web #", "hostname: \"0123\" #"),
        (&["users", "0", "name"], "a b".into(), "- name: ops # he", "- name: a b # he"),
        (&["users", "0", "groups"], "x".into(), "    groups: [adm, sudo]\n", "    groups: x\n"),
        (&["users", "1", "shell"], "/bin/sh".into(), "dev\n", "dev\n    shell: /bin/sh\n"),
        (&["final_message"], list, "final_message: done\n", "final_message:\n  - a\n  - \"no\"\n"),
        (&["timezone"], "UTC".into(), "done\n", "done\ntimezone: UTC\n"),
        (&["growpart"], map, "done\n", "done\ngrowpart:\n  x: \"y\"\n"),
        (
            &["write_files", "0", "content"],
            "new\ntext\n".into(),
            "|\n      one # no comment\n\n      two\n",
            "|\n      new\n      text\n",
        ),
    ];
    for (path, value, from, to) in table {
        let mut document = Document::parse(TEXT).unwrap();
        document.set(path, &value).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert_eq!(document.text(), TEXT.replacen(from, to, 1), "{path:?}");
    }
}

#[test]
fn removals_take_whole_lines() {
    let table: [(&[&str], &str); 4] = [
        (&["hostname"], "hostname: web # short\n"),
        (&["users", "1"], "  - name: dev\n"),
        (&["users", "0", "groups"], "    groups: [adm, sudo]\n"),
        (&["final_message"], "final_message: done\n"),
    ];
    for (path, gone) in table {
        let mut document = Document::parse(TEXT).unwrap();
        document.remove(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert_eq!(document.text(), TEXT.replacen(gone, "", 1), "{path:?}");
    }
}

#[test]
fn what_held_nothing_else_stays_empty() {
    let mut document = Document::parse(TEXT).unwrap();
    document.remove(&["users", "1", "name"]).unwrap();
    assert!(document.text().contains("  - {}\n"), "{}", document.text());
    document.remove(&["users", "1"]).unwrap();
    document.remove(&["users", "0"]).unwrap();
    assert!(document.text().contains("\nusers: []"), "{}", document.text());
}

#[test]
fn what_cannot_be_edited_alone_is_refused() {
    let mut document = Document::parse("a: &x {b: 1}\nc: *x\nd: [1, 2]\n").unwrap();
    let before = document.text().to_owned();
    for (path, value) in [(["c", "b"], 2), (["a", "b"], 3)] {
        assert!(
            matches!(document.set(&path, &value.into()), Err(EditError::Shared { .. })),
            "{path:?}"
        );
    }
    assert!(matches!(document.remove(&["d", "0"]), Err(EditError::Shared { .. })));
    assert!(matches!(document.remove(&["z"]), Err(EditError::NoSuchPlace { .. })));
    assert!(matches!(document.set(&["d", "9"], &1.into()), Err(EditError::NoSuchPlace { .. })));
    assert_eq!(document.text(), before);
    assert!(matches!(Document::parse("a:\tb"), Err(EditError::Unreadable(_))));
    let mut empty = Document::parse("#cloud-config\n").unwrap();
    empty.set(&["hostname"], &"a".into()).unwrap();
    assert_eq!(empty.text(), "#cloud-config\nhostname: a\n");
}

#[test]
fn the_real_world_can_be_edited() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let (mut files, mut edited) = (0, 0);
    for entry in std::fs::read_dir(corpus.join("realworld/files")).unwrap() {
        let Ok(text) = std::fs::read_to_string(entry.unwrap().path()) else { continue };
        let Ok(document) = Document::parse(text) else { continue };
        if document.value().as_map().is_none() {
            continue;
        }
        files += 1;
        let comments = |text: &str| text.matches('#').count();
        let mut after = document.clone();
        if after.set(&["hostname"], &"edited".into()).is_ok() {
            assert_eq!(after.value().get("hostname"), Some(&"edited".into()));
            assert!(comments(after.text()) + 1 >= comments(document.text()));
            edited += 1;
        }
    }
    println!("{edited} of {files} documents edited");
    assert!(edited * 10 >= files * 9, "{edited} of {files}");
    support::report(files);
}
