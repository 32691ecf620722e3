//! What a folder may carry besides its name: description, labels, policy, bindings.

use super::{Binding, FolderPolicy};
use crate::model::Labels;

/// Only folders that set something have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) description: String,
    pub(super) labels: Labels,
    pub(super) policy: FolderPolicy,
    pub(super) bindings: Vec<Binding>,
}
