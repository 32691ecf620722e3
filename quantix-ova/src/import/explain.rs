//! What becomes of a package: its import, with what is wrong about its descriptor.

use quantix_core::Finding;
use serde::Serialize;

use super::{Choices, Import, ImportError, import};
use crate::{
    ovf::{self, DescriptorError},
    package::Package,
};

/// The answer of [`explain`]: the document of `quantix ova explain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The machine, and how it came about; its findings include the errors of the descriptor.
    #[serde(flatten)]
    pub import: Import,
    /// Whether the descriptor is broken, so that the machine may not be as described.
    pub broken: bool,
}

/// A package that cannot be explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// Its descriptor cannot be read at all.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// It cannot be imported as asked.
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl ExplainError {
    /// What is wrong, piece by piece.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Descriptor(error) => vec![error.finding()],
            Self::Import(ImportError::Properties { findings }) => findings.clone(),
            Self::Import(_) => Vec::new(),
        }
    }
}

/// Makes the machine that would be deployed, and tells what became of each part of the package.
///
/// # Errors
/// When the descriptor cannot be read at all, or as [`import`].
pub fn explain(package: &Package, choices: &Choices) -> Result<Explanation, ExplainError> {
    let descriptor = ovf::read(package)?;
    let mut import = import(&descriptor, choices)?;
    let name = &package.descriptor().name;
    let errors = descriptor.findings().iter().filter(|finding| finding.is_error());
    import.findings.splice(0..0, errors.map(|finding| finding.clone().at(&**name)));
    Ok(Explanation { import, broken: descriptor.is_broken() })
}
