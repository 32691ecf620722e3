//! Replaying traces: small ones by hand, real ones where the corpus is.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::{NonZeroU32, NonZeroU64};

use quantix_scheduler::{
    Fleet, HOSTS_MAX, Policy, SERIES_POINTS_MAX, SimulateError, Simulation, Trace, chart, simulate,
};

fn fleet(hosts: u32, cores: u64, gib: u64, numa: u32) -> Fleet {
    Fleet {
        hosts: NonZeroU32::new(hosts).unwrap(),
        cpu_milli: NonZeroU64::new(cores * 1000).unwrap(),
        memory_mib: NonZeroU64::new(gib * 1024).unwrap(),
        numa: NonZeroU32::new(numa).unwrap(),
    }
}

fn run(rows: &str, fleet: &Fleet) -> Simulation {
    let text = format!("id,cpu,mem_gib,arrival,departure\n{rows}");
    let trace = Trace::read(text.as_bytes()).unwrap();
    simulate(&trace, fleet, &Policy::default()).unwrap()
}

#[test]
fn machines_come_and_go() {
    let one = fleet(1, 4, 8, 1);
    // The second machine takes the place of the first at the moment when it departs.
    let result = run("a,4,4,0,10\nb,4,4,10,20\n", &one);
    assert_eq!((result.accepted, result.rejected, result.peak_hosts_used), (2, 0, 1));
    assert_eq!(result.bound.map(|bound| (bound.hosts, bound.gap)), Some((1, 0.0)));
    assert_eq!(result.utilisation.cpu_mean, 1.0);
    assert_eq!(result.utilisation.memory_peak, 0.5);
    let result = run("a,4,4,0,10\nb,4,4,9.5,20\nc,1,1,30,\n", &one);
    assert_eq!((result.accepted, result.rejected), (2, 1));
    assert_eq!(result.first_rejection_at, Some(9.5));
    assert_eq!(result.first_rejected.unwrap().as_str(), "b");
    // A row out of order is no matter; two machines of one id at one time are: the second has none.
    let result = run("b,1,1,10,20\na,1,1,0,5\nb,1,1,12,13\n", &one);
    assert_eq!((result.accepted, result.rejected), (2, 1));
}

#[test]
fn numa_cells_bind() {
    // 3 GiB fit one cell of 4, twice; 5 GiB lie on both cells, and there is no room for them.
    let rows = "a,1,3,0,\nb,1,3,0,\nc,1,5,0,\n";
    let result = run(rows, &fleet(1, 8, 8, 2));
    assert_eq!((result.accepted, result.rejected), (2, 1));
    let result = run("c,1,5,0,\na,1,1,0,\nb,1,2,0,\n", &fleet(1, 8, 8, 2));
    assert_eq!((result.accepted, result.rejected), (2, 1), "no cell has 2 GiB left");
}

#[test]
fn traces_have_a_header_and_numbers() {
    for (text, expected) in [
        ("", "no column `id`"),
        ("id,cpu,arrival,departure\n", "line 1: there is no column `mem_gib`"),
        ("id,cpu,mem_gib,arrival,departure\nv,x,1,0,1\n", "line 2: cpu is \"x\""),
        ("id,cpu,mem_gib,arrival,departure\nv,1,-1,0,1\n", "line 2: mem_gib is \"-1\""),
        ("id,cpu,mem_gib,arrival,departure\nv,1,1,nan,1\n", "line 2: arrival"),
        ("id,cpu,mem_gib,arrival,departure\nv,1,1,2,1\n", "line 2: departs before"),
        ("id,cpu,mem_gib,arrival,departure\n,1,1,0,1\n", "line 2: id is \"\""),
        ("id,cpu,mem_gib,arrival,departure\nv,1,1,0\nw,1e9,1,0,1\n", "line 3: cpu is \"1e9\""),
        ("id,cpu,mem_gib,arrival,departure,numa\nv,1,1,0,1,both\n", "line 2: numa is \"both\""),
    ] {
        let error = Trace::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let text = "departure,arrival,mem_gib,cpu,id,team\n5,1,0.75,0.5,v,red\n";
    assert_eq!(Trace::read(text.as_bytes()).unwrap().len(), 1);
    let error = simulate(&Trace::default(), &fleet(HOSTS_MAX + 1, 1, 1, 1), &Policy::default());
    assert_eq!(error, Err(SimulateError::TooManyHosts(HOSTS_MAX + 1)));
}

#[test]
fn the_series_is_bounded_and_drawn() {
    let rows: String = (0..5000).map(|at| format!("v{at},1,1,{at},{}\n", at + 3)).collect();
    let result = run(&rows, &fleet(2, 4, 8, 1));
    assert!(result.series.len() <= SERIES_POINTS_MAX && result.series.len() > 200);
    let svg = chart(&result, 2);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("<polyline").count(), 3);
}
