//! XML read and written.

use std::{fs, io::Write, path::PathBuf, time::Duration};

use quantix_xml::Document;

use crate::{Outcome, median, python};

fn files() -> Vec<PathBuf> {
    let root = std::env::var_os("QUANTIX_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let (mut folders, mut files) = (vec![root.join("libvirt")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Documents of other people that every reader accepts, read and written back.
pub(crate) fn row(out: &mut impl Write) -> Outcome<()> {
    let mut known = Vec::new();
    for path in files() {
        let bytes = fs::read(&path)?;
        // Only the domains: what the driver meets all day.
        let is_domain = Document::parse(&bytes).is_ok_and(|d| d.root().local_name() == "domain");
        if is_domain && bytes.starts_with(b"<domain") && !bytes.windows(2).any(|two| two == b"<!") {
            known.push((path, bytes));
        }
    }
    if known.is_empty() {
        writeln!(out, "corpus: absent")?;
        return Ok(());
    }
    let total: usize = known.iter().map(|(_, bytes)| bytes.len()).sum();
    let rate = |time: Duration| total as f64 / 1e6 / time.as_secs_f64();
    let ours = median(|| {
        for (_, bytes) in &known {
            std::hint::black_box(Document::parse(bytes)?.to_bytes());
        }
        Ok(())
    })?;
    let paths: Vec<PathBuf> = known.iter().map(|(path, _)| path.clone()).collect();
    let python = python::xml(&paths)?;
    write!(out, "{:<38}", format!("XML read and written, {} files", known.len()))?;
    write!(out, "{:>7.0} MB/s{:>12}", rate(ours), "-")?;
    match python {
        Some(time) => writeln!(out, "{:>7.0} MB/s", rate(time))?,
        None => writeln!(out, "{:>12}", "absent")?,
    }
    Ok(())
}
