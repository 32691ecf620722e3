//! libvirt's Python bindings and lxml, in a process of their own that measures itself.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use crate::Outcome;

const SCRIPT: &str = include_str!("peer.py");

#[derive(Default)]
pub(crate) struct Times {
    pub(crate) list: Option<Duration>,
    pub(crate) stats: Option<Duration>,
}

/// The answer to a question: seconds, or nothing where the packages are not there.
fn ask(question: &serde_json::Value) -> Outcome<Vec<Duration>> {
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("python3 (Debian package python3) did not start: {error}"))?;
    let mut stdin = child.stdin.take().ok_or("python3 has no stdin")?;
    stdin.write_all(question.to_string().as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err("the Python script failed".into());
    }
    let seconds: Vec<f64> = serde_json::from_slice(&output.stdout)?;
    Ok(seconds.into_iter().map(Duration::from_secs_f64).collect())
}

pub(crate) fn measure(uri: &str) -> Outcome<Times> {
    let times = ask(&serde_json::json!({ "do": "read", "uri": uri }))?;
    Ok(Times { list: times.first().copied(), stats: times.get(1).copied() })
}

pub(crate) fn define(uri: &str, specs: &[String]) -> Outcome<Option<Duration>> {
    Ok(ask(&serde_json::json!({ "do": "define", "uri": uri, "specs": specs }))?.first().copied())
}

pub(crate) fn event() -> Outcome<Option<Duration>> {
    Ok(ask(&serde_json::json!({ "do": "event" }))?.first().copied())
}

pub(crate) fn xml(files: &[PathBuf]) -> Outcome<Option<Duration>> {
    Ok(ask(&serde_json::json!({ "do": "xml", "files": files }))?.first().copied())
}
