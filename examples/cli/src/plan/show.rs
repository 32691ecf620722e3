//! Plans for people.

use std::fmt::Write as _;

use quantix_scheduler::plan::{Blocked, Picture, PlannedMove};
use serde::Serialize;

use crate::ui::{BAD, DIM, Table, styled};

/// How many moves the text shows; `--json` has all.
const MOVES_SHOWN: usize = 60;

/// The word that a value has in documents.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Moves as a table.
pub(super) fn moves(text: &mut String, moves: &[PlannedMove]) {
    if moves.is_empty() {
        return;
    }
    let mut table = Table::new(["STEP", "VM", "FROM", "TO", "WHY", "COPIED", "TIME", "RISK"]);
    for each in moves.iter().take(MOVES_SHOWN) {
        table.row([
            format!("{}.{}", each.stage + 1, each.step + 1),
            each.vm.to_string(),
            each.from.to_string(),
            each.to.to_string(),
            word(&each.reason),
            format!("{} MiB", each.cost.copied_mib),
            duration(each.cost.millis),
            word(&each.cost.risk),
        ]);
    }
    text.push_str(&table.render());
    if moves.len() > MOVES_SHOWN {
        let more = moves.len() - MOVES_SHOWN;
        let _ = writeln!(text, "{}", styled(DIM, format_args!("… {more} more with --json")));
    }
}

/// Machines that stay, and why.
pub(super) fn blocked(text: &mut String, blocked: &[Blocked]) {
    for each in blocked {
        let _ =
            write!(text, "\n{} stays on {}: {}", styled(BAD, &each.vm), each.node, each.message);
        let counts: Vec<String> =
            each.rejected_by.iter().map(|(filter, count)| format!("{filter} {count}")).collect();
        if !counts.is_empty() {
            let _ = write!(text, " (nodes rejected by: {})", counts.join(", "));
        }
        text.push('\n');
        for way in &each.would_fit_if {
            let _ = writeln!(text, "  it could go to {} if: {}", way.node, way.message);
        }
    }
}

/// Two pictures side by side.
pub(super) fn pictures(text: &mut String, before: &Picture, after: &Picture) {
    let mut table = Table::new(["", "BEFORE", "AFTER"]);
    let mut row = |name: &str, value: &dyn Fn(&Picture) -> String| {
        table.row([name.to_owned(), value(before), value(after)]);
    };
    row("nodes with machines", &|p| format!("{} of {}", p.nodes_used, p.nodes_ready));
    row("fullest node, CPU", &|p| percent(p.cpu.most_ppm));
    row("fullest node, memory", &|p| percent(p.memory.most_ppm));
    row("rules broken", &|p| p.violations.len().to_string());
    text.push_str(&table.render());
}

/// Millionths for people.
pub(super) fn percent(ppm: u64) -> String {
    format!("{}.{} %", ppm / 10_000, ppm / 1000 % 10)
}

/// Milliseconds for people.
pub(super) fn duration(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{seconds}.{} s", millis / 100 % 10),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}
