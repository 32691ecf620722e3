//! A simulation of a fleet as a page that needs nothing else.

use std::fmt::{self, Write as _};

use super::totals::{FleetPoint, FleetReport};
use crate::html::escape;

const WIDTH: u64 = 720;
const HEIGHT: u64 = 220;
const LEFT: u64 = 76;
const RIGHT: u64 = 12;
const TOP: u64 = 30;
const BOTTOM: u64 = 28;
const COLOURS: [&str; 4] = ["#1f77b4", "#d62728", "#2ca02c", "#7f7f7f"];

/// A name in the legend and what is drawn.
type Line = (&'static str, fn(&FleetPoint) -> u64);

/// How numbers are written at the axis.
#[derive(Clone, Copy)]
enum Unit {
    Count,
    Percent,
    Gib,
    Kilowatt,
}

/// The report as HTML with charts over time.
#[must_use]
pub fn fleet_html(report: &FleetReport) -> String {
    let mut page = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut page, report);
    page
}

fn write(page: &mut String, report: &FleetReport) -> fmt::Result {
    page.push_str(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Simulation of a \
         fleet</title>\n<style>body{font-family:sans-serif;margin:2em}td,th{padding:.2em 1em .2em \
         0;text-align:left}td:nth-child(2){text-align:right}svg{max-width:100%;display:block;margin:1em 0}\
         </style></head><body>\n",
    );
    writeln!(
        page,
        "<h1>Simulation of a fleet</h1><p>{} hosts, {} hours, policy {}, seed {}.</p>",
        report.hosts,
        thousandths(report.duration_seconds * 10 / 36),
        escape(&report.policy),
        report.seed
    )?;
    totals(page, report)?;
    let charts: [(&str, Unit, &[Line]); 8] = [
        (
            "Promised and used",
            Unit::Percent,
            &[
                ("CPU promised", |p| p.cpu_promised_ppm),
                ("memory promised", |p| p.memory_promised_ppm),
                ("CPU used", |p| p.cpu_used_ppm),
            ],
        ),
        ("CPU wanted and not there", Unit::Percent, &[("unmet", |p| p.unmet_ppm)]),
        ("Machines on hosts", Unit::Count, &[("machines", |p| p.machines)]),
        (
            "Machines without",
            Unit::Count,
            &[
                ("waiting", |p| p.waiting),
                ("down", |p| p.down),
                ("rejected so far", |p| p.rejected),
            ],
        ),
        (
            "Hosts",
            Unit::Count,
            &[("ready", |p| p.hosts_ready.into()), ("with machines", |p| p.hosts_used.into())],
        ),
        ("Memory copied so far", Unit::Gib, &[("copied", |p| p.copied_mib)]),
        (
            "Free memory that the largest size cannot use",
            Unit::Percent,
            &[("stranded", |p| p.stranded_ppm)],
        ),
        ("Power", Unit::Kilowatt, &[("power", |p| p.watts)]),
    ];
    for (title, unit, lines) in charts {
        chart(page, title, unit, lines, &report.series)?;
    }
    page.push_str("</body></html>\n");
    Ok(())
}

fn totals(page: &mut String, report: &FleetReport) -> fmt::Result {
    let FleetReport { machines, demand, utilisation, moves, ha, maintenance, power, .. } = report;
    let percent = |ppm: u64| format!("{}.{:02} %", ppm / 10_000, ppm / 100 % 100);
    let count = |number: u64| number.to_string();
    page.push_str("<table>\n");
    for (what, value) in [
        ("machines arrived", count(machines.arrived)),
        ("machines placed", count(machines.placed)),
        ("machines rejected", count(machines.rejected)),
        ("most that waited at one time", count(machines.waiting_most)),
        (
            "demand that was not met",
            format!("{}.{:04} %", demand.unmet_ppm / 10_000, demand.unmet_ppm % 10_000),
        ),
        ("host hours overloaded", count(demand.overloaded_host_hours)),
        ("CPU promised, mean", percent(utilisation.cpu_promised_mean_ppm)),
        ("memory promised, mean", percent(utilisation.memory_promised_mean_ppm)),
        ("CPU used, mean", percent(utilisation.cpu_used_mean_ppm)),
        ("moves for balance", count(moves.balance)),
        ("moves for maintenance", count(moves.drain)),
        ("memory copied, GiB", count(moves.copied_mib / 1024)),
        ("host failures", count(ha.host_failures)),
        ("machines lost", count(ha.lost)),
        ("restarts elsewhere", count(ha.restarted)),
        ("restarts in place", count(ha.restarted_in_place)),
        ("longest downtime, seconds", count(ha.longest_down_seconds)),
        (
            "availability",
            format!("{}.{:04} %", ha.availability_ppm / 10_000, ha.availability_ppm % 10_000),
        ),
        ("hosts worked on", count(maintenance.hosts_done)),
        ("hosts not emptied", count(maintenance.hosts_blocked)),
        ("energy, kWh", count(power.watt_hours / 1000)),
    ] {
        writeln!(page, "<tr><td>{what}</td><td>{value}</td></tr>")?;
    }
    page.push_str("</table>\n");
    Ok(())
}

fn chart(
    page: &mut String,
    title: &str,
    unit: Unit,
    lines: &[Line],
    points: &[FleetPoint],
) -> fmt::Result {
    let values = lines.iter().flat_map(|(_, value)| points.iter().map(value));
    let most = round_up(values.max().unwrap_or(0), unit);
    let end = points.last().map_or(1, |point| point.at_seconds).max(1);
    writeln!(
        page,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"12\"><title>{title}</title><text x=\"{LEFT}\" y=\"16\" font-weight=\"bold\">{title}</text>"
    )?;
    for quarter in 0..=4 {
        let y = HEIGHT - BOTTOM - quarter * (HEIGHT - TOP - BOTTOM) / 4;
        let right = WIDTH - RIGHT;
        writeln!(page, "<path d=\"M{LEFT} {y}H{right}\" stroke=\"#dddddd\"/>")?;
        let label = unit.show(u128::from(most) * u128::from(quarter) / 4);
        writeln!(
            page,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{label}</text>",
            LEFT - 6,
            y + 4
        )?;
        let x = LEFT + quarter * (WIDTH - LEFT - RIGHT) / 4;
        let hours = thousandths(end * quarter * 10 / 4 / 36);
        let y = HEIGHT - 8;
        writeln!(page, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{hours} h</text>")?;
    }
    for (at, (name, value)) in (0u64..).zip(lines) {
        let colour = COLOURS[usize::try_from(at).unwrap_or(0) % COLOURS.len()];
        write!(page, "<polyline fill=\"none\" stroke=\"{colour}\" points=\"")?;
        for point in points {
            let x = u128::from(WIDTH - LEFT - RIGHT) * 10 * u128::from(point.at_seconds)
                / u128::from(end);
            let height = u128::from(HEIGHT - TOP - BOTTOM) * 10 * u128::from(value(point));
            let y = u128::from(HEIGHT - BOTTOM) * 10 - height / u128::from(most);
            let x = x + u128::from(LEFT) * 10;
            write!(page, "{}.{},{}.{} ", x / 10, x % 10, y / 10, y % 10)?;
        }
        page.push_str("\"/>\n");
        let x = WIDTH - RIGHT - 130 * (lines.len() as u64 - at);
        writeln!(page, "<text x=\"{x}\" y=\"16\" fill=\"{colour}\">{name}</text>")?;
    }
    page.push_str("</svg>\n");
    Ok(())
}

impl Unit {
    fn show(self, value: u128) -> String {
        match self {
            Self::Count => value.to_string(),
            Self::Percent => format!("{}.{:02} %", value / 10_000, value / 100 % 100),
            Self::Gib => format!("{} GiB", value / 1024),
            Self::Kilowatt => format!("{}.{} kW", value / 1000, value / 100 % 10),
        }
    }
}

/// The least round number that is not below a value: one significant digit, and 4 times something
/// for counts, so that the quarters of an axis are whole.
fn round_up(value: u64, unit: Unit) -> u64 {
    let mut ten = 1u64;
    while value / 10 >= ten {
        ten = ten.saturating_mul(10);
    }
    let round = value.div_ceil(ten).saturating_mul(ten).max(1);
    match unit {
        Unit::Percent if value > 500_000 => round.max(1_000_000),
        _ => round.next_multiple_of(4),
    }
}

/// Thousandths with one decimal.
fn thousandths(value: u64) -> String {
    format!("{}.{}", value / 1000, value / 100 % 10)
}
