//! Every key of cloud-init's schemas as a typed field: documents of others read, changed and written
//! back without a loss.
//!
//! [`crate::user_data::UserData`] is for documents that are made; it allows only what is sound. The
//! types here hold whatever a schema of cloud-init 26.2 accepts, and netplan's sections that
//! cloud-init hands through. Every field is optional, and what a schema does not name is kept in
//! `other`. Whether a document is valid is for [`crate::check::check_config`] to say.
//!
//! ```
//! use quantix_cloudinit::model::{CloudConfig, read, write};
//! let mut config: CloudConfig = read("packages: [vim]\nntp: {servers: [10.0.0.1]}\n")?;
//! config.ntp.as_mut().and_then(|it| match it {
//!     quantix_cloudinit::model::Nullable::Value(ntp) => ntp.servers.as_mut(),
//!     quantix_cloudinit::model::Nullable::Null => None,
//! }).unwrap().push("10.0.0.2".into());
//! assert_eq!(
//!     write("#cloud-config", &config)?,
//!     "#cloud-config\nntp:\n  servers:\n    - \"10.0.0.1\"\n    - \"10.0.0.2\"\npackages:\n  - vim\n",
//! );
//! # Ok::<(), quantix_cloudinit::model::ModelError>(())
//! ```

mod accounts;
mod cloud_config;
mod macros;
mod management;
mod netplan;
pub mod network_v1;
mod network_v2;
mod shape;
mod software;
mod system;

use serde::{Serialize, de::DeserializeOwned};

pub use accounts::*;
pub use cloud_config::CloudConfig;
pub use management::*;
pub use network_v1::NetworkConfigV1;
pub use shape::{
    BoolOr, BoolOrText, Either, Nullable, NumberOrText, Open, Scalar, SecretText, TextOr,
};
pub use software::*;
pub use system::*;

/// Network configuration, version 2, with the sections of netplan that cloud-init hands through.
pub mod network {
    pub use super::netplan::*;
    pub use super::network_v2::*;
}

use shape::Typed;

use crate::yaml::{Value, YamlError, emit_with_header, parse_value};

/// A document that has no typed form, or that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The text is no YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A value has another type than the schema gives it.
    #[error("the document does not fit cloud-init's schema: {0}")]
    Shape(String),
    /// A value that YAML cannot hold.
    #[error("{0}")]
    Write(String),
}

/// A document whose fields are typed.
pub trait Model: Serialize + DeserializeOwned + Default {
    /// The paths of the parts that are kept as they are, because no schema names them.
    fn raw_paths(&self) -> Vec<String>;
}

macro_rules! models {
    ($($ty:ty),*) => {$(
        impl Model for $ty {
            fn raw_paths(&self) -> Vec<String> {
                let mut out = Vec::new();
                self.raw(&mut Vec::new(), &mut out);
                out
            }
        }
    )*};
}
models!(CloudConfig, NetworkConfigV1, network::NetworkConfigV2);

/// Reads a document. An empty one has no fields.
///
/// # Errors
/// When the text is no YAML, or a value has not the type that the schema gives it.
pub fn read<T: Model>(text: &str) -> Result<T, ModelError> {
    match parse_value(text)? {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => from_value(&value),
    }
}

/// Reads a value.
///
/// # Errors
/// As [`read`].
pub fn from_value<T: Model>(value: &Value) -> Result<T, ModelError> {
    let json = serde_json::to_value(value).map_err(|error| ModelError::Shape(error.to_string()))?;
    serde_json::from_value(json).map_err(|error| ModelError::Shape(error.to_string()))
}

/// The document as a value, its keys in the order of the schema.
///
/// # Errors
/// When it nests too deeply.
pub fn to_value<T: Model>(model: &T) -> Result<Value, ModelError> {
    // By way of text, which keeps the order of the keys.
    let text =
        serde_json::to_string(model).map_err(|error| ModelError::Write(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| ModelError::Write(error.to_string()))
}

/// The document as YAML that PyYAML reads back exactly.
///
/// # Errors
/// As [`to_value`].
pub fn write<T: Model>(header: &str, model: &T) -> Result<String, ModelError> {
    let value = to_value(model)?;
    emit_with_header(header, &value).map_err(|error| ModelError::Write(error.to_string()))
}
