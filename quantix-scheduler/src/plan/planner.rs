//! A cluster that is read once and planned on many times.

use quantix_core::cluster::Cluster;

use super::field::Field;
use crate::{place::PlaceError, policy::Policy, snapshot::NodeIndex};

/// A cluster as planners see it, read once.
///
/// Its methods are the planners of this module without the reading; each leaves it as it was.
///
/// ```
/// use quantix_core::cluster::Cluster;
/// use quantix_scheduler::{Policy, plan::{AdmissionRequest, Planner}};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192}]}"#,
/// )?;
/// let mut planner = Planner::new(&cluster, &Policy::default())?;
/// assert!(planner.admission(&AdmissionRequest::default())?.admitted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Planner {
    pub(super) field: Field,
    /// Where each machine is.
    pub(super) homes: Vec<Option<NodeIndex>>,
}

impl Planner {
    /// Reads a cluster and a policy.
    ///
    /// # Errors
    /// When one of them has faults.
    pub fn new(cluster: &Cluster, policy: &Policy) -> Result<Self, PlaceError> {
        let field = Field::build(cluster, policy)?;
        let homes = field.residents.iter().map(|resident| resident.node).collect();
        Ok(Self { field, homes })
    }
}
