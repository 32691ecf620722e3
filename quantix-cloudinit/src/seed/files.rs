//! The files of a seed, by data source.

use std::str::FromStr;

use super::image::{Problem, SeedError, SeedFile, VolumeLabel};

/// Which data source of cloud-init reads the seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SeedSource {
    /// `NoCloud`: a volume labelled `cidata`.
    #[default]
    NoCloud,
    /// OpenStack's `ConfigDrive`: a volume labelled `config-2`.
    ConfigDrive,
}

impl SeedSource {
    /// The label of its volume.
    #[must_use]
    pub const fn label(self) -> VolumeLabel {
        match self {
            Self::NoCloud => VolumeLabel::Cidata,
            Self::ConfigDrive => VolumeLabel::Config2,
        }
    }
}

impl FromStr for SeedSource {
    type Err = SeedError;

    /// Reads `nocloud` or `configdrive`.
    fn from_str(text: &str) -> Result<Self, SeedError> {
        match text {
            "nocloud" => Ok(Self::NoCloud),
            "configdrive" => Ok(Self::ConfigDrive),
            _ => Err(Problem::Source(text.chars().take(64).collect()).into()),
        }
    }
}

/// The documents of a seed, as bytes that somebody else has written and checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedDocuments {
    /// user-data: a cloud-config, a script, MIME, or any other form.
    pub user_data: Vec<u8>,
    /// meta-data: YAML or JSON with `instance-id` for `NoCloud`, JSON with `uuid` for
    /// `ConfigDrive`. `None` gets an instance-id derived from the other documents.
    pub meta_data: Option<Vec<u8>>,
    /// vendor-data.
    pub vendor_data: Option<Vec<u8>>,
    /// network-config for `NoCloud`, `network_data.json` for `ConfigDrive`.
    pub network_config: Option<Vec<u8>>,
}

impl SeedDocuments {
    /// The files of the volume, in a fixed order.
    ///
    /// `NoCloud` needs both `user-data` and `meta-data`, so both are always there. Absent meta-data
    /// becomes one whose instance id is derived from the other documents: the same seed is the
    /// same instance, a changed seed is a new one.
    ///
    /// # Errors
    /// For `ConfigDrive`, documents that are not JSON where OpenStack's layout wants JSON.
    pub fn files(&self, source: SeedSource) -> Result<Vec<SeedFile>, SeedError> {
        match source {
            SeedSource::NoCloud => Ok(self.nocloud()),
            SeedSource::ConfigDrive => self.config_drive(),
        }
    }

    /// An instance id that changes with the documents, for seeds that bring none.
    fn derived_instance_id(&self) -> String {
        let inputs = [
            ("user-data", Some(&self.user_data)),
            ("vendor-data", self.vendor_data.as_ref()),
            ("network-config", self.network_config.as_ref()),
        ];
        let inputs = inputs
            .into_iter()
            .filter_map(|(name, bytes)| Some((name.to_owned(), bytes?.clone())))
            .collect();
        crate::meta_data::InstanceIdPolicy::OnChange { machine: "iid".into(), inputs }.resolve()
    }

    fn nocloud(&self) -> Vec<SeedFile> {
        let meta_data = self.meta_data.clone().unwrap_or_else(|| {
            let mut map = crate::yaml::Map::new();
            map.insert("instance-id", self.derived_instance_id());
            // One line of plain text nests no deeper than the emitter allows.
            crate::yaml::emit(&map.into()).unwrap_or_default().into_bytes()
        });
        let mut files = vec![
            SeedFile::new("meta-data", meta_data),
            SeedFile::new("user-data", &*self.user_data),
        ];
        if let Some(bytes) = &self.network_config {
            files.push(SeedFile::new("network-config", &**bytes));
        }
        if let Some(bytes) = &self.vendor_data {
            files.push(SeedFile::new("vendor-data", &**bytes));
        }
        files
    }

    fn config_drive(&self) -> Result<Vec<SeedFile>, SeedError> {
        let meta_data = match &self.meta_data {
            Some(bytes) => {
                check_json("meta-data", bytes, &["uuid"])?;
                bytes.clone()
            }
            None => serde_json::json!({ "uuid": self.derived_instance_id() }).to_string().into(),
        };
        // cloud-init takes all documents from one version's directory, the newest that it knows;
        // `latest` is what it and cloudbase-init fall back to.
        let mut files = vec![
            SeedFile::new("openstack/latest/meta_data.json", meta_data),
            SeedFile::new("openstack/latest/user_data", &*self.user_data),
        ];
        if let Some(bytes) = &self.network_config {
            check_json("network-config", bytes, &["links", "networks"])?;
            files.push(SeedFile::new("openstack/latest/network_data.json", &**bytes));
        }
        if let Some(bytes) = &self.vendor_data {
            check_json("vendor-data", bytes, &[])?;
            files.push(SeedFile::new("openstack/latest/vendor_data.json", &**bytes));
        }
        Ok(files)
    }
}

/// A JSON object with these keys, as `ConfigDrive` wants it.
fn check_json(document: &'static str, bytes: &[u8], keys: &[&str]) -> Result<(), SeedError> {
    let problem = match serde_json::from_slice::<serde_json::Value>(bytes) {
        Err(error) => format!("a config drive wants JSON here: {error}"),
        Ok(serde_json::Value::Object(map)) => {
            match keys.iter().find(|key| !map.contains_key(**key)) {
                None => return Ok(()),
                Some(key) => format!("a config drive wants the key {key:?}"),
            }
        }
        Ok(_) => "expected a JSON object".to_owned(),
    };
    Err(Problem::Document { document, problem }.into())
}
