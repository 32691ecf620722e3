//! Decisions as records: everything that one was made of, to be stored, and made again.

use std::collections::BTreeMap;

use quantix_core::{NodeKey, cluster::Vm};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Detail, NodeRejection, PlaceError, REJECTIONS_MAX, Ranked, Remedy, explain::Look, remedy, scan,
};
use crate::{
    policy::{Pipeline, Policy},
    snapshot::{Faults, Snapshot},
};

/// The most bytes that a stored record may have.
pub const RECORD_BYTES_MAX: usize = 256 << 20;
/// The form of the record; raised when fields change their meaning.
const FORMAT: u32 = 1;

/// A decision with everything that it was made of.
///
/// Its JSON is the record: the same snapshot, machine and policy give the same bytes, on every
/// platform and through every binding. [`replay`] makes it again and compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The form of this record.
    pub format: u32,
    /// SHA-256 of all that the decision depends on: the cluster as it was, the machine, the policy.
    pub input_sha256: String,
    /// The revision of the snapshot.
    pub revision: u64,
    /// The machine.
    pub vm: Vm,
    /// The policy; its name and version are what `name` says.
    pub policy: Policy,
    /// The node; `None` where the machine fits nowhere.
    pub node: Option<NodeKey>,
    /// How equals were told apart; left out where the machine fits nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie: Option<Tie>,
    /// Every node that would do, best first, with what each score contributes.
    pub candidates: Vec<Ranked>,
    /// How many nodes failed each filter first.
    pub rejected_by: BTreeMap<&'static str, usize>,
    /// Every filter that a node failed, with the numbers; at most [`REJECTIONS_MAX`].
    pub rejections: Vec<NodeRejection>,
    /// The smallest changes with which it would fit, where it does not.
    pub would_fit_if: Vec<Remedy>,
}

/// How nodes of equal score were told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tie {
    /// How many nodes had the best score.
    pub equals: usize,
    /// What told them apart: always `lowest_node_id`.
    pub by: &'static str,
}

impl Decision {
    /// The record's bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Text, numbers and maps with text keys: nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Decides where a machine would go, and why, without putting it there.
///
/// # Errors
/// When the machine asks for more than any has, or the policy names what does not exist.
///
/// # Example
/// ```
/// use quantix_core::cluster::{Cluster, Vm};
/// use quantix_scheduler::{Policy, Snapshot, decide, replay};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 4000, "memory_mib": 8192},
///                   {"id": "n2", "cpu_milli": 1000, "memory_mib": 8192}]}"#,
/// )?;
/// let vm: Vm = serde_json::from_str(r#"{"id": "v", "cpu_milli": 2000, "memory_mib": 1024}"#)?;
/// let mut snapshot = Snapshot::build(&cluster)?;
/// let record = decide(&mut snapshot, &vm, &Policy::default())?.to_json();
/// assert!(record.contains(r#""node":"n2","filter":"cpu","asked":2000,"free":1000"#));
/// assert_eq!(replay(&record, &mut snapshot)?.to_json(), record);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decide(snapshot: &mut Snapshot, vm: &Vm, policy: &Policy) -> Result<Decision, PlaceError> {
    let pipeline = Pipeline::new(policy)?;
    let mut faults = Faults::default();
    snapshot.check_vm(&"vm", &vm.into(), &mut faults);
    faults.finish()?;
    let id = snapshot.intern(&vm.into());
    let shape = snapshot.shape_by_id(id).clone();
    let mut look = Look::at(snapshot, &shape, &pipeline, Detail::Full);
    look.rejections.truncate(REJECTIONS_MAX);
    scan::sort(&mut look.feasible);
    let best = look.feasible.first();
    let equals =
        look.feasible.iter().take_while(|choice| Some(choice.score) == best.map(|b| b.score));
    let equals = equals.count();
    let show = |&choice: &scan::Choice| scan::show(snapshot, &shape, &pipeline, choice);
    Ok(Decision {
        format: FORMAT,
        input_sha256: input(snapshot, vm, policy),
        revision: snapshot.revision(),
        vm: vm.clone(),
        policy: policy.clone(),
        node: best.map(|choice| snapshot.node_id(choice.node).clone()),
        tie: best.map(|_| Tie { equals, by: "lowest_node_id" }),
        candidates: look.feasible.iter().map(show).collect(),
        rejected_by: look.rejected_by,
        rejections: look.rejections,
        would_fit_if: match best {
            Some(_) => Vec::new(),
            None => remedy::remedies(snapshot, &shape, &pipeline),
        },
    })
}

/// The hash of everything that a decision depends on.
fn input(snapshot: &Snapshot, vm: &Vm, policy: &Policy) -> String {
    let mut hash = Sha256::new();
    hash.update(snapshot.digest());
    hash.update(serde_json::to_vec(&(vm, policy)).unwrap_or_default());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A record that cannot be replayed, or that comes out otherwise.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// More than [`RECORD_BYTES_MAX`].
    #[error("the record has {0} bytes, expected at most {RECORD_BYTES_MAX}")]
    TooLarge(usize),
    /// Not a record.
    #[error("not a record of a decision")]
    Syntax(#[from] serde_json::Error),
    /// A record of another form.
    #[error("the record has form {0}, expected {FORMAT}")]
    Format(u32),
    /// The cluster is not what it was.
    #[error(
        "the decision was made on another cluster: its input was {expected}, here it is {found}"
    )]
    Input {
        /// The hash in the record.
        expected: String,
        /// The hash of the snapshot given.
        found: String,
    },
    /// The decision comes out otherwise.
    #[error(
        "the decision comes out otherwise, first at {at}: the record has {expected}, now {found}"
    )]
    Differs {
        /// The path of the first difference.
        at: String,
        /// What the record has there.
        expected: String,
        /// What comes out.
        found: String,
    },
    /// The machine or the policy in the record has faults.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

/// How a decision that was made again differs from its record: the answer of `quantix replay` where
/// it is no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Always false.
    pub same: bool,
    /// `other_cluster` or `other_decision`.
    pub code: &'static str,
    /// The path of the first difference within the record.
    pub at: String,
    /// What the record has there.
    pub expected: String,
    /// What comes out.
    pub found: String,
    /// All of it as a sentence.
    pub message: String,
}

impl ReplayError {
    /// The difference, where the record could be replayed and came out otherwise; `None` for what
    /// could not be replayed at all.
    #[must_use]
    pub fn difference(&self) -> Option<Difference> {
        let (code, at, expected, found) = match self {
            Self::Input { expected, found } => ("other_cluster", "input_sha256", expected, found),
            Self::Differs { at, expected, found } => {
                ("other_decision", at.trim_start_matches('.'), expected, found)
            }
            Self::TooLarge(_) | Self::Syntax(_) | Self::Format(_) | Self::Place(_) => return None,
        };
        Some(Difference {
            same: false,
            code,
            at: at.to_owned(),
            expected: expected.clone(),
            found: found.clone(),
            message: self.to_string(),
        })
    }
}

/// What a replay needs of a record.
#[derive(Deserialize)]
struct Stored {
    format: u32,
    input_sha256: String,
    revision: u64,
    vm: Vm,
    policy: Policy,
}

/// Makes a decision again from its record, and sees that every byte is the same.
///
/// The revision counts changes, not content: a snapshot with the same content at another revision
/// will do.
///
/// # Errors
/// When the text is no record, the cluster is another one, or anything comes out otherwise.
pub fn replay(record: &str, snapshot: &mut Snapshot) -> Result<Decision, ReplayError> {
    if record.len() > RECORD_BYTES_MAX {
        return Err(ReplayError::TooLarge(record.len()));
    }
    let stored: Stored = serde_json::from_str(record)?;
    if stored.format != FORMAT {
        return Err(ReplayError::Format(stored.format));
    }
    let mut decision = decide(snapshot, &stored.vm, &stored.policy)?;
    if decision.input_sha256 != stored.input_sha256 {
        let (expected, found) = (stored.input_sha256, decision.input_sha256);
        return Err(ReplayError::Input { expected, found });
    }
    decision.revision = stored.revision;
    let text = decision.to_json();
    if text == record.trim() {
        return Ok(decision);
    }
    let (expected, found) = (serde_json::from_str(record)?, serde_json::from_str(&text)?);
    match difference("", &expected, &found) {
        None => Ok(decision),
        Some((at, expected, found)) => Err(ReplayError::Differs { at, expected, found }),
    }
}

/// The first place where two documents differ, with what is there.
fn difference(
    at: &str,
    a: &serde_json::Value,
    b: &serde_json::Value,
) -> Option<(String, String, String)> {
    use serde_json::Value::{Array, Object};
    let show = |value: Option<&serde_json::Value>| {
        value.map_or_else(
            || "nothing".to_owned(),
            |value| value.to_string().chars().take(120).collect(),
        )
    };
    match (a, b) {
        _ if a == b => None,
        (Object(a), Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => difference(&format!("{at}.{key}"), a, b),
                (a, b) => Some((format!("{at}.{key}"), show(a), show(b))),
            })
        }
        (Array(a), Array(b)) => {
            (0..a.len().max(b.len())).find_map(|i| match (a.get(i), b.get(i)) {
                (Some(a), Some(b)) => difference(&format!("{at}[{i}]"), a, b),
                (a, b) => Some((format!("{at}[{i}]"), show(a), show(b))),
            })
        }
        _ => Some((at.to_owned(), show(Some(a)), show(Some(b)))),
    }
}
