//! What was measured, as a table.

use std::{
    fs,
    time::{Duration, Instant},
};

/// What one contender needed.
pub(crate) struct Row {
    pub(crate) build: Duration,
    /// Memory beyond names, per folder, in bytes; 0 where the contender keeps folders on disk.
    pub(crate) bytes_per_folder: f64,
    /// Of paths anywhere in the tree, each equally likely.
    pub(crate) lookup: Duration,
    /// Of paths most of which are asked for often.
    pub(crate) lookup_local: Duration,
    /// As `lookup`, with all paths given at once where the contender can use that.
    pub(crate) lookup_many: Duration,
    pub(crate) move_small: Duration,
    pub(crate) move_large: Duration,
    pub(crate) list_children: Duration,
    pub(crate) list_all: Duration,
}

pub(crate) struct Table {
    title: String,
    rows: Vec<(&'static str, Row)>,
}

impl Table {
    pub(crate) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &'static str, row: Row) {
        self.rows.push((name, row));
    }

    #[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
    pub(crate) fn print(&self) {
        println!("## {}\n", self.title);
        println!(
            "| | build | bytes per folder beyond its name | lookup, any path | lookup, \
             nine of ten in a thousandth | lookup, any path, in a batch | move a subtree of 10 | move a tenth of all | list ten children | list all |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        for (name, row) in &self.rows {
            let memory = if row.bytes_per_folder > 0.0 {
                format!("{:.0}", row.bytes_per_folder)
            } else {
                "on disk".to_owned()
            };
            println!(
                "| {name} | {} | {memory} | {} | {} | {} | {} | {} | {} | {} |",
                show(row.build),
                show(row.lookup),
                show(row.lookup_local),
                show(row.lookup_many),
                show(row.move_small),
                show(row.move_large),
                show(row.list_children),
                show(row.list_all),
            );
        }
    }
}

/// A duration in the unit that suits it.
pub(crate) fn show(duration: Duration) -> String {
    let ns = duration.as_secs_f64() * 1e9;
    match ns {
        0.0..1e3 => format!("{ns:.0} ns"),
        1e3..1e6 => format!("{:.1} µs", ns / 1e3),
        1e6..1e9 => format!("{:.1} ms", ns / 1e6),
        _ => format!("{:.2} s", ns / 1e9),
    }
}

/// How long one of `count` steps takes: the median of five rounds over all of them.
pub(crate) fn per_step(count: usize, mut round: impl FnMut()) -> Duration {
    let count = u32::try_from(count).expect("a count of steps");
    let mut times: Vec<_> = (0..5).map(|_| time(&mut round) / count).collect();
    times.sort_unstable();
    times[2]
}

/// How much CPU time some work takes, so that what else the machine does counts less.
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let (begin, wall) = (cpu_time(), Instant::now());
    work();
    match (begin, cpu_time()) {
        // The kernel brings its count up to date every few milliseconds.
        (Some(begin), Some(end)) if end - begin > Duration::from_millis(20) => end - begin,
        _ => wall.elapsed(),
    }
}

/// CPU time of this thread.
fn cpu_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Memory of this process that is in RAM, in bytes.
pub(crate) fn resident_bytes() -> f64 {
    let status = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = status.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0);
    pages * 4096.0
}
