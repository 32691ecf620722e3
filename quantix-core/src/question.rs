//! Questions to the model's pure functions as documents, so that every language asks them alike.
//!
//! A question carries all that its answer depends on, what is remembered between two questions
//! included: an address pool or a book of alerts comes in with the question and leaves with the
//! answer. Folder trees are too large for that and have [`FolderCommand`](crate::folder::FolderCommand).
//!
//! ```
//! use quantix_core::question::ask;
//! let answer = ask(r#"{"op": "power_after", "state": "running", "event": "migrate"}"#).unwrap();
//! assert_eq!(answer.to_string(), r#"{"state":"migrating"}"#);
//! let findings = ask(r#"{"op": "power_after", "state": "stopped", "event": "pause"}"#).unwrap_err();
//! assert_eq!(findings[0].code, "illegal-transition");
//! ```

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Bytes, Finding, FolderName, FolderPath, MemoryMib, Millicores, ProjectId, Timestamp, Validate,
    VmId,
    admission::{AdmissionPolicy, AdmissionRequest},
    alerting::{AlertBook, AlertRules, Observation},
    document::DOCUMENT_BYTES_MAX,
    ipam::{AddressPool, IpamCommand, SubnetPool},
    model::{
        Cidr, DesiredPower, GuestOs, HeartbeatPolicy, ImagePhase, MacAddress, Node,
        POWER_TRANSITIONS, PowerEvent, PowerState,
    },
    word::words,
};

/// The most commands to an address pool in one question.
pub const COMMANDS_MAX: usize = 100_000;

words! {
    /// A type of values that are written as one text.
    ValueType "value type" {
        /// [`Bytes`].
        Bytes "bytes",
        /// [`MemoryMib`].
        MemoryMib "memory_mib",
        /// [`Millicores`].
        Millicores "millicores",
        /// [`ProjectId`].
        ProjectId "project_id",
        /// [`VmId`]; the ids of all other objects read alike.
        VmId "vm_id",
        /// [`MacAddress`].
        MacAddress "mac_address",
        /// [`Cidr`].
        Cidr "cidr",
        /// [`Timestamp`].
        Timestamp "timestamp",
        /// [`FolderName`].
        FolderName "folder_name",
        /// [`FolderPath`].
        FolderPath "folder_path",
    }
}

/// A question. The wire form is `{"op": "admit", …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// What a text is, as a value: `{"value": …}`.
    ReadValue {
        /// The type.
        #[serde(rename = "type")]
        kind: ValueType,
        /// The text.
        text: String,
    },
    /// The state of a machine after an event: `{"state": …}`.
    PowerAfter {
        /// The state before.
        state: PowerState,
        /// What happens.
        event: PowerEvent,
    },
    /// What may be commanded, and what should be: `{"commands": […], "next": …}`.
    PowerCommands {
        /// The state that was observed.
        state: PowerState,
        /// The state that is wanted.
        #[serde(default)]
        desired: Option<DesiredPower>,
    },
    /// Every legal transition: `{"transitions": [{"from", "event", "to"}]}`.
    PowerTransitions {},
    /// Whether an image may go from one phase to another: `{"phase": …}`.
    ImagePhaseAfter {
        /// The phase before.
        from: ImagePhase,
        /// The phase after.
        to: ImagePhase,
    },
    /// What hardware suits a family of guests.
    HardwareProfile {
        /// The family.
        guest_os: GuestOs,
    },
    /// Whether a node is heard of, and how the scheduler sees it: `{"health", "for_placement"}`.
    NodeHealth {
        /// The node.
        node: Box<Node>,
        /// The time.
        now: Timestamp,
        /// When it is late.
        #[serde(default)]
        policy: HeartbeatPolicy,
    },
    /// Commands to a pool of addresses, one after the other: `{"pool", "answers": [{"answer"?,
    /// "fault"?}]}`. A refused command changes nothing and does not stop the others.
    Ipam {
        /// The pool.
        pool: Box<SubnetPool>,
        /// The commands.
        commands: Vec<IpamCommand>,
    },
    /// What observations mean for alerts: `{"book", "evaluation"}`.
    EvaluateAlerts {
        /// The rules.
        rules: Box<AlertRules>,
        /// What was remembered; nothing the first time.
        #[serde(default)]
        book: Box<AlertBook>,
        /// What was observed.
        observations: Vec<Observation>,
        /// When.
        at: Timestamp,
    },
    /// Whether a machine may be made or changed.
    Admit {
        /// The rules.
        policy: Box<AdmissionPolicy>,
        /// The machine.
        request: Box<AdmissionRequest>,
    },
}

/// Answers a question that is given as JSON.
///
/// # Errors
/// When the text is no question, a document in it has faults, or the answer is a refusal: each with a
/// stable code.
pub fn ask(text: &str) -> Result<Value, Vec<Finding>> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let message = format!("{} bytes: expected at most {DOCUMENT_BYTES_MAX}", text.len());
        return Err(vec![Finding::error("document-too-large", message)]);
    }
    let question: Question = serde_json::from_str(text)
        .map_err(|error| vec![Finding::error("invalid-question", error.to_string())])?;
    question.answer()
}

impl Question {
    /// The answer.
    ///
    /// # Errors
    /// As [`ask`].
    pub fn answer(self) -> Result<Value, Vec<Finding>> {
        match self {
            Self::ReadValue { kind, text } => read_value(kind, &text),
            Self::PowerAfter { state, event } => state
                .after(event)
                .map(|state| json!({ "state": state }))
                .map_err(|error| refusal("illegal-transition", &error)),
            Self::PowerCommands { state, desired } => {
                let commands: Vec<_> = state.commands().collect();
                let next = desired.and_then(|desired| desired.next_command(state));
                Ok(json!({ "commands": commands, "next": next }))
            }
            Self::PowerTransitions {} => {
                let rows = POWER_TRANSITIONS.iter();
                let rows: Vec<_> = rows
                    .map(|row| json!({ "from": row.from, "event": row.event, "to": row.to }))
                    .collect();
                Ok(json!({ "transitions": rows }))
            }
            Self::ImagePhaseAfter { from, to } => from
                .to(to)
                .map(|phase| json!({ "phase": phase }))
                .map_err(|error| refusal("illegal-transition", &error)),
            Self::HardwareProfile { guest_os } => Ok(json!(guest_os.profile())),
            Self::NodeHealth { node, now, policy } => {
                sound(&*node, "node")?;
                let health = node.health(now, &policy);
                let for_placement = node.for_placement(health);
                Ok(json!({ "health": health, "for_placement": for_placement }))
            }
            Self::Ipam { pool, commands } => run_ipam(*pool, commands),
            Self::EvaluateAlerts { rules, mut book, observations, at } => {
                sound(&*rules, "rules")?;
                let evaluation = book
                    .evaluate(&rules, &observations, at)
                    .map_err(|error| refusal(error.code(), &error))?;
                Ok(json!({ "book": book, "evaluation": evaluation }))
            }
            Self::Admit { policy, request } => {
                sound(&*policy, "policy")?;
                Ok(json!(policy.admit(&request)))
            }
        }
    }
}

fn run_ipam(pool: SubnetPool, commands: Vec<IpamCommand>) -> Result<Value, Vec<Finding>> {
    if commands.len() > COMMANDS_MAX {
        let message = format!("{} commands: expected at most {COMMANDS_MAX}", commands.len());
        return Err(vec![Finding::error("too-many", message).at("commands")]);
    }
    sound(&pool, "pool")?;
    let mut pool = AddressPool::new(pool)?;
    let answers: Vec<_> = commands
        .into_iter()
        .map(|command| match pool.run(command) {
            Ok(answer) => json!({ "answer": answer }),
            Err(error) => json!({ "fault": error.finding() }),
        })
        .collect();
    Ok(json!({ "pool": pool.to_document(), "answers": answers }))
}

/// Refuses a document with errors, whose paths begin with the name of its field.
fn sound(document: &impl Validate, field: &'static str) -> Result<(), Vec<Finding>> {
    let mut faults = crate::Faults::default();
    faults.field(field, document);
    if faults.has_errors() { Err(faults.into_findings()) } else { Ok(()) }
}

fn refusal(code: &'static str, error: &impl std::error::Error) -> Vec<Finding> {
    vec![Finding::error(code, error.to_string())]
}

fn read_value(kind: ValueType, text: &str) -> Result<Value, Vec<Finding>> {
    fn read<T: FromStr<Err: std::error::Error> + Serialize>(
        text: &str,
    ) -> Result<Value, Vec<Finding>> {
        match text.parse::<T>() {
            Ok(value) => Ok(json!({ "value": value })),
            Err(error) => Err(refusal("bad-value", &error)),
        }
    }
    match kind {
        ValueType::Bytes => read::<Bytes>(text),
        ValueType::MemoryMib => read::<MemoryMib>(text),
        ValueType::Millicores => read::<Millicores>(text),
        ValueType::ProjectId => read::<ProjectId>(text),
        ValueType::VmId => read::<VmId>(text),
        ValueType::MacAddress => read::<MacAddress>(text),
        ValueType::Cidr => read::<Cidr>(text),
        ValueType::Timestamp => read::<Timestamp>(text),
        ValueType::FolderName => read::<FolderName>(text),
        ValueType::FolderPath => read::<FolderPath>(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_question_is_refused() {
        let long = " ".repeat(DOCUMENT_BYTES_MAX + 1);
        let commands = vec![r#"{"op":"usage"}"#; COMMANDS_MAX + 1].join(",");
        let many = format!(
            r#"{{"op":"ipam","pool":{{"id":"p","cidr":"10.0.0.0/8"}},"commands":[{commands}]}}"#
        );
        for (text, code) in [
            ("", "invalid-question"),
            ("{}", "invalid-question"),
            (r#"{"op":"fly"}"#, "invalid-question"),
            (r#"{"op":"power_transitions","x":1}"#, "invalid-question"),
            (long.as_str(), "document-too-large"),
            (many.as_str(), "too-many"),
            (
                r#"{"op":"ipam","pool":{"id":"p","cidr":"10.0.0.0/8","schema_version":9},"commands":[]}"#,
                "unsupported-version",
            ),
            (r#"{"op":"read_value","type":"bytes","text":"x"}"#, "bad-value"),
        ] {
            let findings = ask(text).unwrap_err();
            assert_eq!(findings[0].code, code, "{}", &text[..text.len().min(80)]);
        }
    }
}
