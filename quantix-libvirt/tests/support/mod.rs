//! What the test programs share: hosts of each kind, machines, and cleaning up after them.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::{
    future::Future,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use quantix_core::{MemoryMib, VmId};
use quantix_libvirt::{
    DomainSpec, DomainType, Error, FakeHost, Host, Libvirt, NicSpec, OwnerTag, StopMode,
};

/// A kind of host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Fake,
    TestDriver,
    Qemu,
}

impl Kind {
    /// Connects; says what to install where that fails.
    pub(crate) async fn host(self) -> Host {
        match self {
            Self::Fake => Host::connect(FakeHost::new(7)).await.unwrap(),
            Self::TestDriver => Host::connect(Libvirt::new("test:///default")).await.unwrap(),
            Self::Qemu => {
                Host::connect(Libvirt::new("qemu:///system")).await.unwrap_or_else(|error| {
                    panic!(
                        "{error}\nthese tests need the packages libvirt-daemon-system and \
                     qemu-system-x86, and a running libvirtd (`./dev up` starts one)"
                    )
                })
            }
        }
    }

    pub(crate) fn domain_type(self) -> DomainType {
        match self {
            Self::Fake | Self::Qemu => DomainType::Qemu,
            Self::TestDriver => DomainType::Test,
        }
    }
}

/// One test's part of a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    pub(crate) kind: Kind,
    number: u32,
}

impl Site {
    /// The owner of what this test makes.
    pub(crate) fn owner(self) -> String {
        format!("quantix-test-{}-{}", std::process::id(), self.number)
    }

    /// A small machine with a name and a UUID of its own.
    pub(crate) fn machine(self) -> DomainSpec {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = (u128::from(std::process::id()) << 32 | u128::from(count)) | 0x51_u128 << 120;
        let name = format!("quantix-test-{}-{count}", std::process::id());
        DomainSpec {
            domain_type: self.kind.domain_type(),
            tag: Some(OwnerTag::new(self.owner(), name.clone())),
            nics: if self.kind == Kind::Qemu { vec![NicSpec::user()] } else { Vec::new() },
            translation_cache_mib: Some(16),
            ..DomainSpec::new(name, VmId::from_u128(id), 2, MemoryMib(64))
        }
    }
}

/// Runs a test against a host; afterwards, passed or not, nothing of it is left there.
pub(crate) fn with_host<F: Future<Output = ()> + Send + 'static>(
    kind: Kind,
    test: impl FnOnce(Site, Host) -> F,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let site = Site { kind, number: COUNT.fetch_add(1, Ordering::Relaxed) };
        let host = kind.host().await;
        let outcome = tokio::spawn(test(site, host.clone())).await;
        let swept = host.sweep(&site.owner(), |_| false).await.unwrap();
        assert!(swept.failed.is_empty(), "left behind: {swept:?}");
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic.into_panic());
        }
    });
}

pub(crate) const GRACEFUL: StopMode = StopMode::GracefulThenDestroy;

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn class_of<T: std::fmt::Debug>(outcome: Result<T, Error>) -> quantix_libvirt::Class {
    outcome.unwrap_err().class()
}
