//! One guest whose process is stopped, while twenty others are watched.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod support;

use std::process::Command;

use quantix_libvirt::{Class, CreateOptions, DomainSpec, StatsGroups};
use support::{Kind, class_of, seconds, with_host};

const OTHERS: usize = 20;

/// A guest's process, stopped as long as this value.
struct Stopped(String);

impl Stopped {
    fn new(spec: &DomainSpec) -> Self {
        let file = format!("/run/libvirt/qemu/{}.pid", spec.name);
        let pid = std::fs::read_to_string(file).unwrap().trim().to_owned();
        let stopped = Self(pid);
        assert!(stopped.signal("-STOP"));
        stopped
    }

    fn signal(&self, name: &str) -> bool {
        Command::new("kill").args([name, &self.0]).status().unwrap().success()
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // A process that is gone needs nothing.
        let _ = Command::new("kill")
            .args(["-CONT", &self.0])
            .stderr(std::process::Stdio::null())
            .status();
    }
}

#[test]
fn one_guest_hangs_and_twenty_are_watched() {
    with_host(Kind::Qemu, |site, host| async move {
        let host = host.within(seconds(120));
        let specs: Vec<DomainSpec> = (0..=OTHERS).map(|_| site.machine()).collect();
        for spec in &specs {
            host.create(spec, CreateOptions::default()).await.unwrap();
            host.start_paused(spec.id).await.unwrap();
        }
        let (hung, others) = specs.split_first().unwrap();
        let ids: Vec<_> = others.iter().map(|spec| spec.id).collect();
        let _stopped = Stopped::new(hung);
        let silent = host.within(seconds(2)).resume(hung.id).await;
        assert_eq!(class_of(silent), Class::Deadline);
        assert_eq!(host.quarantined(), [hung.id]);
        assert_eq!(class_of(host.resume(hung.id).await), Class::Busy, "refused at once");
        let listed = host.domains().await.unwrap();
        assert!(specs.iter().all(|spec| listed.iter().any(|entry| entry.id == spec.id)));
        let stats = host.stats_of(StatsGroups::USUAL, &ids).await.unwrap();
        let whole = stats.iter().filter(|stats| stats.params.contains_key("balloon.maximum"));
        assert_eq!(whole.count(), OTHERS, "{stats:?}");
        let all = host.stats(StatsGroups::USUAL).await.unwrap();
        assert!(ids.iter().all(|id| all.iter().any(|stats| stats.domain.id == *id)));
        host.destroy(hung.id).await.unwrap();
        assert_eq!(host.quarantined(), []);
        host.start(hung.id).await.unwrap();
    });
}
