//! The difference of two clusters as a page that needs nothing else.

use std::fmt::{self, Write as _};

use super::whatif::{Difference, WhatifReport};
use crate::html::escape;

const BAR_WIDTH: u64 = 360;

/// The report as HTML with a bar chart of every number.
#[must_use]
pub fn whatif_html(report: &WhatifReport) -> String {
    let mut page = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut page, report);
    page
}

fn write(page: &mut String, report: &WhatifReport) -> fmt::Result {
    page.push_str(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>What if</title>\n",
    );
    page.push_str("<style>body{font-family:sans-serif;margin:2em}td,th{padding:.2em 1em;text-align:left}</style></head><body>\n");
    let [before, after] = &report.policies;
    writeln!(
        page,
        "<h1>What if</h1><p>Policy {} before, {} after.</p>",
        escape(before),
        escape(after)
    )?;
    let word = |admitted| if admitted { "yes" } else { "no" };
    writeln!(
        page,
        "<p>Every machine restarts when any one node fails: {} before, {} after.</p>",
        word(report.admitted_before),
        word(report.admitted_after)
    )?;
    page.push_str("<table><tr><th></th><th>before</th><th>after</th><th></th></tr>\n");
    for difference in &report.differences {
        row(page, difference)?;
    }
    page.push_str("</table>\n");
    if !report.blocked.is_empty() {
        page.push_str("<h2>Without a node</h2><ul>\n");
        for blocked in &report.blocked {
            let why: Vec<String> = blocked
                .rejected_by
                .iter()
                .map(|(filter, count)| format!("{filter} {count}"))
                .collect();
            writeln!(
                page,
                "<li>{}: {}</li>",
                escape(blocked.vm.as_str()),
                escape(&why.join(", "))
            )?;
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</body></html>\n");
    Ok(())
}

fn row(page: &mut String, difference: &Difference) -> fmt::Result {
    let Difference { what, before, after } = difference;
    let most = u128::from(*before.max(after)).max(1);
    let width = |value: u64| u128::from(value) * u128::from(BAR_WIDTH) / most;
    writeln!(
        page,
        "<tr><td>{}</td><td>{before}</td><td>{after}</td><td><svg width=\"{BAR_WIDTH}\" height=\"22\">\
         <rect width=\"{}\" height=\"10\" fill=\"#7f7f7f\"/>\
         <rect y=\"11\" width=\"{}\" height=\"10\" fill=\"#1f77b4\"/></svg></td></tr>",
        escape(what),
        width(*before),
        width(*after)
    )
}
