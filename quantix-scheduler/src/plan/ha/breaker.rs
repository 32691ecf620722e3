//! The fleet-loss breaker: when much seems lost at once, the observer is the likelier one to be cut
//! off.

use serde::{Deserialize, Serialize};

/// What is seen of the fleet within one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetView {
    /// Hosts that should be there.
    pub hosts: u32,
    /// Hosts that seem lost.
    pub lost: u32,
    /// Observers that should be there, oneself among them; 0 where there are none beside oneself.
    #[serde(default)]
    pub observers: u32,
    /// Observers that see the same.
    #[serde(default)]
    pub agreeing: u32,
}

/// When the breaker opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerLimits {
    /// More than this part of the hosts lost opens it, in percent.
    pub lost_percent_max: u32,
    /// Fleets smaller than this are left alone: losing one of two hosts is no partition.
    pub hosts_min: u32,
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self { lost_percent_max: 50, hosts_min: 3 }
    }
}

/// Whether failover may go on without an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "breaker", rename_all = "snake_case")]
pub enum Breaker {
    /// It may.
    Closed,
    /// An operator must confirm each restart.
    Open {
        /// Why.
        reason: BreakerReason,
    },
}

/// Why a breaker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerReason {
    /// More of the fleet seems lost than fails at once.
    TooManyLost,
    /// Not more than half of the observers see it.
    NoQuorum,
}

/// Decides whether what is seen may be acted upon.
///
/// ```
/// use quantix_scheduler::plan::{Breaker, BreakerReason, FleetView, breaker};
/// let view = FleetView { hosts: 10, lost: 6, observers: 0, agreeing: 0 };
/// let open = Breaker::Open { reason: BreakerReason::TooManyLost };
/// assert_eq!(breaker(&view, &Default::default()), open);
/// ```
#[must_use]
pub fn breaker(view: &FleetView, limits: &BreakerLimits) -> Breaker {
    if view.observers > 0 && u64::from(view.agreeing) * 2 <= u64::from(view.observers) {
        return Breaker::Open { reason: BreakerReason::NoQuorum };
    }
    let part = u64::from(view.lost) * 100;
    let most = u64::from(view.hosts) * u64::from(limits.lost_percent_max);
    if view.hosts >= limits.hosts_min && part > most {
        return Breaker::Open { reason: BreakerReason::TooManyLost };
    }
    Breaker::Closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_when_too_much_seems_lost_or_too_few_agree() {
        let lost = Breaker::Open { reason: BreakerReason::TooManyLost };
        let quorum = Breaker::Open { reason: BreakerReason::NoQuorum };
        for ((hosts, lost_hosts, observers, agreeing), expected) in [
            ((10, 5, 0, 0), Breaker::Closed),
            ((10, 6, 0, 0), lost),
            ((2, 1, 0, 0), Breaker::Closed),
            ((2, 2, 0, 0), Breaker::Closed),
            ((3, 1, 0, 0), Breaker::Closed),
            ((3, 2, 0, 0), lost),
            ((10, 1, 3, 1), quorum),
            ((10, 1, 3, 2), Breaker::Closed),
            ((10, 1, 2, 1), quorum),
            ((10, 6, 3, 2), lost),
            ((u32::MAX, u32::MAX, u32::MAX, u32::MAX), lost),
            ((0, 0, 0, 0), Breaker::Closed),
        ] {
            let view = FleetView { hosts, lost: lost_hosts, observers, agreeing };
            assert_eq!(breaker(&view, &BreakerLimits::default()), expected, "{view:?}");
        }
    }
}
