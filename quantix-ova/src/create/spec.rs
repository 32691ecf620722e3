//! The description of an appliance to be made.

use std::path::PathBuf;

use quantix_core::Bytes;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::ovf::write::Appliance;

/// A disk of a [`Spec`]: an image to pack, or the size of a disk that starts empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecDisk {
    /// The image, in any format that can be read; relative to the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The size of a disk that starts empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_bytes: Option<Bytes>,
    /// Its id in the descriptor; by default `vmdisk1`, `vmdisk2` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// A description: the fields of [`Appliance`], and disks with `path` or `capacity_bytes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The machine; its disks are those below.
    pub machine: Appliance,
    /// The disks, in the order in which they are attached.
    pub disks: Vec<SpecDisk>,
}

/// A description that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("disks[{index}]: expected either a path or capacity_bytes")]
pub struct SpecError {
    index: usize,
}

impl Spec {
    /// Puts a machine without disks and its disks together.
    ///
    /// # Errors
    /// When a disk has both a path and a capacity, or neither.
    pub fn new(machine: Appliance, disks: Vec<SpecDisk>) -> Result<Self, SpecError> {
        let wrong = |disk: &SpecDisk| disk.path.is_some() == disk.capacity_bytes.is_some();
        match disks.iter().position(wrong) {
            Some(index) => Err(SpecError { index }),
            None => Ok(Self { machine, disks }),
        }
    }
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::<String, Value>::deserialize(deserializer)?;
        let disks = fields.remove("disks").unwrap_or(Value::Array(Vec::new()));
        let disks = Vec::deserialize(disks)
            .map_err(|error| D::Error::custom(format_args!("disks: {error}")))?;
        let machine = Appliance::deserialize(Value::Object(fields)).map_err(D::Error::custom)?;
        Self::new(machine, disks).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_have_a_path_or_a_size_and_nothing_unknown() {
        let read = |disks: &str| {
            let text = format!(r#"{{"name":"a","cpus":1,"memory_mib":64,"disks":{disks}}}"#);
            serde_json::from_str::<Spec>(&text).map_err(|error| error.to_string())
        };
        let spec = read(r#"[{"path":"a.img"},{"capacity_bytes":"2GiB","id":"data"}]"#).unwrap();
        assert_eq!(spec.disks[1].capacity_bytes, Some(Bytes(2 << 30)));
        for (disks, part) in [
            ("[{}]", "disks[0]: expected either a path or capacity_bytes"),
            (r#"[{"path":"a","capacity_bytes":1}]"#, "disks[0]: expected either"),
            (r#"[{"file":"a"}]"#, "unknown field `file`"),
            ("7", "disks: invalid type"),
        ] {
            let error = read(disks).unwrap_err();
            assert!(error.contains(part), "{disks}: {error}");
        }
        let unknown = r#"{"name":"a","cpus":1,"memory_mib":64,"ram":1}"#;
        assert!(serde_json::from_str::<Spec>(unknown).is_err());
    }
}
