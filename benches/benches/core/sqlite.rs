//! SQLite with a materialised path, through Python's own module: no C library is built for a
//! comparison. Lookups run inside one statement, so that Python's overhead is not counted.

use std::{
    error::Error,
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    shape::{LOOKUPS, Shape},
    table::Row,
};

const SCRIPT: &str = include_str!("sqlite.py");

pub(crate) fn measure(shape: &Shape) -> Result<Row, Box<dyn Error>> {
    let mut child = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("python3 (Debian package python3) did not start: {error}"))?;
    let [large, small] = shape.large_and_small();
    let probes: Vec<_> =
        shape.probes(LOOKUPS / 10).into_iter().map(|index| shape.path_text(index)).collect();
    let local: Vec<_> =
        shape.local_probes(LOOKUPS / 10).into_iter().map(|index| shape.path_text(index)).collect();
    let listed: Vec<_> = shape.probes(10_000).iter().map(|index| (index / 10 + 1) / 10).collect();
    let listed: Vec<_> = listed.into_iter().map(|index| Shape::id(index).to_string()).collect();
    let folders: Vec<_> = (1..shape.folders)
        .map(|index| {
            let id = |index| Shape::id(index).to_string();
            (id(index), id(Shape::parent(index)), Shape::name(index), shape.path_text(index))
        })
        .collect();
    let paths = [large, small, 1].map(|index| shape.path_text(index));
    let question = serde_json::json!({
        "folders": folders, "probes": probes, "local": local, "listed": listed, "paths": paths,
    });
    let mut stdin = child.stdin.take().ok_or("python3 has no stdin")?;
    stdin.write_all(question.to_string().as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err("the SQLite script failed".into());
    }
    let answer: Vec<f64> = serde_json::from_slice(&output.stdout)?;
    let seconds = |index: usize| Duration::from_secs_f64(answer[index]);
    Ok(Row {
        build: seconds(0),
        bytes_per_folder: 0.0,
        lookup: seconds(1),
        lookup_local: seconds(6),
        lookup_many: seconds(1),
        move_small: seconds(2),
        move_large: seconds(3),
        list_children: seconds(4),
        list_all: seconds(5),
    })
}
