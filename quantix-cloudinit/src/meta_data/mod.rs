//! Meta-data of a NoCloud seed, and the decision that matters most in it: the instance id.
//!
//! A new instance id makes the guest believe that it is a new machine: host keys are generated
//! again, `runcmd` runs again, passwords are set again. So the id comes from a stated
//! [`InstanceIdPolicy`] and never by accident from a changed password or name server.

use std::collections::BTreeMap;

use quantix_core::Finding;
use sha2::{Digest as _, Sha256};

use crate::{
    DocumentError,
    yaml::{Map, Value, emit},
};

/// The longest instance id.
pub const INSTANCE_ID_CHARS_MAX: usize = 128;

/// Meta-data of a NoCloud seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaData {
    /// Which machine the guest believes to be.
    pub instance_id: InstanceIdPolicy,
    /// The host name before user-data is read.
    pub local_hostname: Option<String>,
    /// Public keys of the image's default user.
    pub public_keys: Vec<String>,
    /// Further keys, for jinja templates and scripts in the guest.
    pub extra: Map,
}

/// Where the instance id comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceIdPolicy {
    /// The machine's own id, for its whole life: nothing in a seed makes it run first boot again.
    Stable(String),
    /// The machine's own id and a digest of the named inputs: it changes when one of them does.
    OnChange {
        /// The machine's own id.
        machine: String,
        /// What makes a new instance when it changes, by name.
        inputs: BTreeMap<String, Vec<u8>>,
    },
    /// Exactly this text, from a system that has its own policy.
    Given(String),
}

impl InstanceIdPolicy {
    /// The id. Equal inputs give equal ids on every machine and in every release.
    #[must_use]
    pub fn resolve(&self) -> String {
        match self {
            Self::Stable(id) | Self::Given(id) => id.clone(),
            Self::OnChange { machine, inputs } => {
                let mut digest = Sha256::new();
                for (name, input) in inputs {
                    for part in [name.as_bytes(), input] {
                        digest.update((part.len() as u64).to_be_bytes());
                        digest.update(part);
                    }
                }
                let digest = digest.finalize();
                let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                format!("{machine}-{hex}")
            }
        }
    }
}

impl MetaData {
    /// Meta-data with an instance id that stays for the machine's whole life.
    #[must_use]
    pub fn stable(machine: impl Into<String>) -> Self {
        let instance_id = InstanceIdPolicy::Stable(machine.into());
        Self { instance_id, local_hostname: None, public_keys: Vec::new(), extra: Map::new() }
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn faults(&self) -> Vec<Finding> {
        let mut faults = Vec::new();
        let id = self.instance_id.resolve();
        let chars = id.chars().count();
        if chars == 0 || chars > INSTANCE_ID_CHARS_MAX || !id.chars().all(|c| c.is_ascii_graphic())
        {
            let message = format!(
                "{id:?} is not an instance id: expected 1 to {INSTANCE_ID_CHARS_MAX} visible \
                 ASCII characters"
            );
            faults.push(Finding::error("invalid-instance-id", message).at("instance-id"));
        }
        for (i, key) in self.public_keys.iter().enumerate() {
            if key.trim().is_empty() || key.chars().any(char::is_control) {
                let message = "expected one line without control characters";
                faults.push(Finding::error("not-one-line", message).at(format!("public-keys.{i}")));
            }
        }
        for key in ["instance-id", "local-hostname", "public-keys"] {
            if self.extra.get(key).is_some() {
                let message = format!("{key:?} has its own field; set that instead");
                faults.push(Finding::error("duplicate-key", message).at(key));
            }
        }
        faults
    }

    /// The document as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        map.insert("instance-id", self.instance_id.resolve());
        map.insert_some("local-hostname", self.local_hostname.as_ref());
        map.insert_list("public-keys", &self.public_keys);
        for (key, value) in self.extra.iter() {
            map.insert(key.clone(), value.clone());
        }
        map.into()
    }

    /// The document as text.
    ///
    /// # Errors
    /// When [`MetaData::faults`] holds an error.
    pub fn to_yaml(&self) -> Result<String, DocumentError> {
        DocumentError::check("meta-data", self.faults())?;
        Ok(emit(&self.to_value())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_change(inputs: &[(&str, &str)]) -> String {
        let inputs = inputs.iter().map(|(k, v)| ((*k).into(), v.as_bytes().to_vec())).collect();
        InstanceIdPolicy::OnChange { machine: "vm-1".into(), inputs }.resolve()
    }

    #[test]
    fn the_id_changes_with_the_named_inputs_only() {
        let base = on_change(&[("image", "debian-12"), ("user", "ops")]);
        assert_eq!(base, on_change(&[("user", "ops"), ("image", "debian-12")]));
        assert_ne!(base, on_change(&[("image", "debian-13"), ("user", "ops")]));
        assert_ne!(
            on_change(&[("a", "bc")]),
            on_change(&[("ab", "c")]),
            "parts cannot run together"
        );
        assert!(base.starts_with("vm-1-") && base.len() == 21, "{base}");
    }

    #[test]
    fn ids_that_guests_would_mangle_are_refused() {
        let long = "x".repeat(INSTANCE_ID_CHARS_MAX + 1);
        for bad in ["", "a b", "a\nb", &long] {
            assert!(MetaData::stable(bad).to_yaml().is_err(), "{bad:?}");
        }
        let text = MetaData::stable("0123").to_yaml().unwrap();
        assert_eq!(text, "instance-id: \"0123\"\n");
    }
}
