//! Why a typed document cannot be written.

use quantix_core::Finding;

/// A typed document with faults, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    document: &'static str,
    faults: Vec<Finding>,
}

impl DocumentError {
    /// The error of a document with these faults.
    pub(crate) fn of(document: &'static str, faults: Vec<Finding>) -> Self {
        Self { document, faults }
    }

    /// Nothing wrong, or every fault of a document.
    pub(crate) fn check(document: &'static str, faults: Vec<Finding>) -> Result<(), Self> {
        if faults.iter().any(Finding::is_error) { Err(Self { document, faults }) } else { Ok(()) }
    }

    /// Everything that was found, in document order.
    #[must_use]
    pub fn faults(&self) -> &[Finding] {
        &self.faults
    }

    /// Everything that was found, in document order.
    #[must_use]
    pub fn into_faults(self) -> Vec<Finding> {
        self.faults
    }
}

impl std::fmt::Display for DocumentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let errors = self.faults.iter().filter(|fault| fault.is_error());
        write!(f, "{} cannot be written", self.document)?;
        for (i, fault) in errors.enumerate() {
            f.write_str(if i == 0 { ": " } else { "; " })?;
            if let Some(path) = &fault.path {
                write!(f, "{path}: ")?;
            }
            f.write_str(&fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for DocumentError {}

impl From<crate::yaml::EmitError> for DocumentError {
    fn from(error: crate::yaml::EmitError) -> Self {
        let fault = Finding::error("too-deep", error.to_string());
        Self { document: "the document", faults: vec![fault] }
    }
}
