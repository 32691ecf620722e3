//! A chart of a simulation as SVG, readable in a browser without anything else.

use std::fmt::{self, Write as _};

use super::{Point, Simulation};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 40.0;

/// CPU and memory in use over time, and the hosts with machines, as an SVG document.
#[must_use]
pub fn chart(simulation: &Simulation, hosts: u32) -> String {
    let mut svg = String::new();
    // Writing into a string does not fail.
    let _ = draw(&mut svg, simulation, hosts);
    svg
}

fn draw(svg: &mut String, simulation: &Simulation, hosts: u32) -> fmt::Result {
    let points = &simulation.series;
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">"#
    )?;
    writeln!(svg, r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"##)?;
    writeln!(
        svg,
        r#"<text x="{LEFT}" y="20">{} accepted, {} rejected, {} of {hosts} hosts used at most</text>"#,
        simulation.accepted, simulation.rejected, simulation.peak_hosts_used
    )?;
    let (start, end) = span(points);
    axes(svg, start, end)?;
    let host_part = |point: &Point| f64::from(point.hosts) / f64::from(hosts.max(1));
    let lines: [Line<'_>; 3] = [
        ("CPU", "#1f77b4", &|point| point.cpu),
        ("memory", "#d62728", &|point| point.memory),
        ("hosts", "#7f7f7f", &host_part),
    ];
    for (at, (name, color, value)) in (0u32..).zip(lines) {
        line(svg, points, (start, end), color, value)?;
        let x = WIDTH - RIGHT - 70.0 * f64::from(3 - at);
        writeln!(svg, r#"<text x="{x}" y="20" fill="{color}">{name}</text>"#)?;
    }
    writeln!(svg, "</svg>")
}

/// A name, a colour and what is drawn.
type Line<'a> = (&'static str, &'static str, &'a dyn Fn(&Point) -> f64);

fn span(points: &[Point]) -> (f64, f64) {
    let start = points.first().map_or(0.0, |point| point.at);
    let end = points.last().map_or(1.0, |point| point.at);
    (start, if end > start { end } else { start + 1.0 })
}

fn axes(svg: &mut String, start: f64, end: f64) -> fmt::Result {
    for quarter in 0..=4u32 {
        let part = f64::from(quarter) / 4.0;
        let y = y_of(part);
        let right = WIDTH - RIGHT;
        writeln!(svg, r##"<path d="M{LEFT} {y:.1}H{right}" stroke="#dddddd"/>"##)?;
        let label = y + 4.0;
        writeln!(svg, r#"<text x="8" y="{label:.1}">{} %</text>"#, quarter * 25)?;
        let x = LEFT + part * (right - LEFT);
        let hours = (start + part * (end - start)) / 3600.0;
        let y = HEIGHT - 14.0;
        writeln!(svg, r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{hours:.1} h</text>"#)?;
    }
    Ok(())
}

fn y_of(part: f64) -> f64 {
    HEIGHT - BOTTOM - part.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
}

fn line(
    svg: &mut String,
    points: &[Point],
    (start, end): (f64, f64),
    color: &str,
    value: &dyn Fn(&Point) -> f64,
) -> fmt::Result {
    write!(svg, r#"<polyline fill="none" stroke="{color}" points=""#)?;
    for point in points {
        let x = LEFT + (point.at - start) / (end - start) * (WIDTH - LEFT - RIGHT);
        write!(svg, "{x:.1},{:.1} ", y_of(value(point)))?;
    }
    writeln!(svg, r#""/>"#)
}
