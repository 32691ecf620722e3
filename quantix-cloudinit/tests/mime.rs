//! Parts of user-data, judged by cloud-init's own user-data processor.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use base64::Engine as _;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use quantix_cloudinit::mime::{PARTS_MAX, PartKind, UserDataPart, split, write};
use serde_json::{Value as Json, json};

const JUDGE: &str = r#"
import base64, importlib.util, json, sys
from cloudinit import user_data, util

class Paths:
    cfgs = {}
    def get_ipath_cur(self, name): return "/nonexistent"
    def get_runpath(self, name=None): return "/nonexistent"

processor = user_data.UserDataProcessor.__new__(user_data.UserDataProcessor)
processor.paths, processor.ssl_details = Paths(), {}
for line in sys.stdin:
    message = processor.process(base64.b64decode(json.loads(line)))
    parts = []
    for part in message.walk():
        if user_data.is_skippable(part):
            continue
        payload = util.fully_decoded_payload(part)
        if isinstance(payload, str):
            payload = payload.encode("utf-8", "surrogateescape")
        parts.append([part.get_content_type(), part.get_filename(), base64.b64encode(payload).decode()])
    print(json.dumps(parts), flush=True)
"#;

struct Judge {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Judge {
    fn start() -> Self {
        let mut child = Command::new("/usr/bin/python3")
            .args(["-c", JUDGE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("/usr/bin/python3 runs; install the Debian packages python3 and cloud-init");
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout }
    }

    /// `[content type, file name, content in base64]` of each part.
    fn parts(&mut self, user_data: &[u8]) -> Json {
        let text = base64::engine::general_purpose::STANDARD.encode(user_data);
        writeln!(self.stdin, "{}", json!(text)).unwrap();
        let mut line = String::new();
        let bytes = self.stdout.read_line(&mut line).unwrap();
        assert!(bytes > 0, "the judge ended; install the Debian package cloud-init");
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our parts in the judge's form; it numbers parts without a name.
fn ours(user_data: &[u8]) -> Json {
    let split = split(user_data).unwrap();
    let form = |(i, part): (usize, &UserDataPart)| {
        let name = part.filename.clone().unwrap_or_else(|| format!("part-{:03}", i + 1));
        let content = base64::engine::general_purpose::STANDARD.encode(&part.content);
        json!([part.kind.content_type(), name, content])
    };
    split.parts.iter().enumerate().map(form).collect()
}

#[test]
fn parts_are_told_apart_as_by_cloud_init() {
    let mut judge = Judge::start();
    let message = |parts: &str| {
        format!(
            "Content-Type: multipart/mixed; boundary=\"b;1\"\nMIME-Version: 1.0\n\npreamble\n\
             {parts}--b;1--\nepilogue\n"
        )
    };
    let texts = [
        "#cloud-config\na: b\n".to_owned(),
        "#!/bin/sh\necho\n".to_owned(),
        "hello\n".to_owned(),
        "## template: jinja\n#cloud-config\n".to_owned(),
        "#cloud-config-archive\n- '#!/bin/sh'\n- {content: 'a: b', filename: x.cfg}\n\
         - {type: text/cloud-boothook, content: abc}\n- plain: x\n- 7\n"
            .to_owned(),
        message(""),
        message("--b;1\nContent-Type: text/cloud-config\n\na: b\n"),
        message(
            "--b;1\n\n#cloud-config\n--b;1\nContent-Type: text/x-shellscript; name=\"n.sh\"\n\n#cloud-config\nx: y\n\n",
        ),
        message(
            "--b;1 \nContent-Type: text/plain\nContent-Disposition: attachment;\n \
             filename=\"a b.txt\"\nContent-Transfer-Encoding: base64\n\nIyEvYmluL3NoCmVjaG8gw6kK\n",
        ),
        message(
            "--b;1\nContent-Type: text/x-shellscript\nContent-Transfer-Encoding: quoted-printable\n\n#!/bin/sh=0Aecho =C3=A9=\n x\n",
        ),
        message(
            "--b;1\nContent-Type: multipart/mixed; boundary=in\n\n--in\n\n#!/a\n--in\nContent-Type: \
             text/cloud-config\n\nb\n--in--\n--b;1\nContent-Type: bad\n\n#cloud-boothook\n",
        ),
        message("--b;1\nContent-Type: text/cloud-config\n\na: b\n").replace('\n', "\r\n"),
        "MIME-Version: 1.0\nContent-Type: text/cloud-config\n\na: b\n".to_owned(),
    ];
    for text in texts {
        assert_eq!(ours(text.as_bytes()), judge.parts(text.as_bytes()), "{text}");
    }
}

#[test]
fn what_we_write_arrives_as_it_left() {
    let mut judge = Judge::start();
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let content = prop_oneof![
        "[ -~\n]{0,40}",
        any::<String>(),
        proptest::sample::select(
            &["#!/bin/sh\necho é\n", "--x\n", "a\r\nb", "=41", "x\n\n"] as &[&str]
        )
        .prop_map(str::to_owned),
    ];
    let kind = proptest::sample::select(vec![
        PartKind::CloudConfig,
        PartKind::Boothook,
        PartKind::PartHandler,
        PartKind::ScriptPerBoot,
        PartKind::Other("text/x-mine".into()),
    ]);
    let part = (kind, content, "[a-z .]{0,3}[a-z]")
        .prop_map(|(kind, content, name)| UserDataPart::new(name.trim(), kind, content));
    let parts = proptest::collection::vec(part, 0..4);
    for _ in 0..2_000 {
        let parts = parts.new_tree(&mut runner).unwrap().current();
        let text = write(&parts).unwrap();
        assert_eq!(split(text.as_bytes()).unwrap().parts, parts, "{text}");
        assert_eq!(ours(text.as_bytes()), judge.parts(text.as_bytes()), "{text}");
        assert_eq!(write(&parts).unwrap(), text);
    }
}

#[test]
fn includes_are_listed_and_limits_kept() {
    let parts = split(b"#include\nhttps://a/\n# no\n#include-once https://b/\n\n").unwrap();
    assert_eq!(parts.includes, ["https://a/", "https://b/"]);
    let many = |count: usize| format!("#cloud-config-archive\n{}", "- x\n".repeat(count));
    assert!(split(many(PARTS_MAX).as_bytes()).is_ok());
    assert!(split(many(PARTS_MAX + 1).as_bytes()).is_err());
    assert!(split(&[0x1f, 0x8b, 0]).is_err());
    let big = vec![b'#'; quantix_cloudinit::yaml::DOCUMENT_BYTES_MAX + 1];
    assert!(split(&big).is_err());
    for name in ["", "a\"b", "a\nb", "é", " a"] {
        assert!(write(&[UserDataPart::new(name, PartKind::Script, "")]).is_err(), "{name:?}");
    }
    let archive = split(b"#cloud-config-archive\n- {content: a, extra: true}\n").unwrap();
    assert_eq!(archive.findings[0].code, "archive-header");
    let unencoded = "MIME-Version: 1.0\nContent-Type: text/x-shellscript\n\n#!/bin/sh\necho é\n";
    assert_eq!(split(unencoded.as_bytes()).unwrap().findings[0].code, "mime-not-encoded");
}
