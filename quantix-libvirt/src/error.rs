//! The one error type of the crate: a class to decide on, a message and a remedy to read.

use std::{fmt, time::Duration};

use serde::Serialize;

/// What kind of answer an [`Error`] is: decide on this, never on a code or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// It may work if it is tried again: the agent did not answer, a resource is held for a moment.
    Retryable,
    /// The connection broke; whether the call took effect is not known.
    ConnectionLost,
    /// Something else holds the object: another job, a lock, a quarantine.
    Busy,
    /// The object does not exist.
    NotFound,
    /// The object exists already and is another one, or its state forbids the call.
    Conflict,
    /// This host, driver or version cannot do it.
    Unsupported,
    /// Not permitted.
    Denied,
    /// No answer within the deadline; whether the call took effect is not known.
    Deadline,
    /// The request itself is wrong.
    Invalid,
    /// The hypervisor tried and failed for a reason of its own.
    Failed,
}

impl Class {
    /// The class in words, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retryable => "retryable",
            Self::ConnectionLost => "connection_lost",
            Self::Busy => "busy",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Unsupported => "unsupported",
            Self::Denied => "denied",
            Self::Deadline => "deadline",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call did not succeed: which call on what, and the hypervisor's words. What to do about it is
/// [`Error::remedy`], which is not part of the message, so that it can be shown apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    class: Class,
    operation: &'static str,
    target: Option<String>,
    message: String,
    remedy: Option<String>,
    code: Option<(i32, i32)>,
}

impl Error {
    /// An error that Quantix itself found.
    #[must_use]
    pub fn new(class: Class, operation: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner { class, operation, target: None, message, remedy: None, code: None }))
    }

    /// An error that libvirt reported, classified.
    #[must_use]
    pub fn from_libvirt(operation: &'static str, code: i32, domain: i32, message: &str) -> Self {
        let class = classify(code, domain, message);
        let mut error = Self::new(class, operation, message.trim_end_matches('.').to_owned());
        error.0.code = Some((code, domain));
        error.0.remedy = remedy(class, code, message).map(str::to_owned);
        error
    }

    pub(crate) fn deadline(operation: &'static str, limit: Duration, what: &str) -> Self {
        let text = format!("no answer within {:.1} s: {what}", limit.as_secs_f64());
        Self::new(Class::Deadline, operation, text)
    }

    pub(crate) fn unsupported(operation: &'static str, who: &str) -> Self {
        Self::new(Class::Unsupported, operation, format!("the {who} backend has no such call"))
    }

    /// The same error, about a named object.
    #[must_use]
    pub fn about(mut self, target: impl fmt::Display) -> Self {
        if self.0.target.is_none() {
            self.0.target = Some(target.to_string());
        }
        self
    }

    /// The same error with what to do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// What kind of answer it is.
    #[must_use]
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// The call that failed, such as `define domain`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The object that the call was about, where there was one.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.0.target.as_deref()
    }

    /// The hypervisor's words, or ours.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// libvirt's error number and the number of the part that raised it.
    #[must_use]
    pub fn libvirt_code(&self) -> Option<(i32, i32)> {
        self.0.code
    }

    /// Whether the object does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.class() == Class::NotFound
    }

    /// Whether the same call may succeed later with nothing changed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.class(),
            Class::Retryable | Class::Busy | Class::ConnectionLost | Class::Deadline
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.operation)?;
        if let Some(target) = &self.0.target {
            write!(f, " {target:?}")?;
        }
        write!(f, ": {}", self.0.message)?;
        if let Some((code, _)) = self.0.code {
            write!(f, " (libvirt error {code})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// libvirt's `virErrorNumber`, as far as a class follows from it. The numbers are part of
/// libvirt's promise of a stable interface.
mod number {
    pub(super) const INTERNAL: i32 = 1;
    pub(super) const NO_SUPPORT: i32 = 3;
    pub(super) const UNKNOWN_HOST: i32 = 4;
    pub(super) const NO_CONNECT: i32 = 5;
    pub(super) const INVALID_CONN: i32 = 6;
    pub(super) const SYSTEM: i32 = 38;
    pub(super) const OPERATION_TIMEOUT: i32 = 68;
    pub(super) const AGENT_UNRESPONSIVE: i32 = 86;
}

/// `VIR_FROM_RPC` and `VIR_FROM_REMOTE`.
const TRANSPORT: [i32; 2] = [7, 13];

/// The class of a libvirt error.
fn classify(code: i32, domain: i32, message: &str) -> Class {
    let transport = TRANSPORT.contains(&domain);
    match code {
        number::INTERNAL | number::SYSTEM if transport && breaks_connection(message) => {
            Class::ConnectionLost
        }
        number::NO_CONNECT | number::INVALID_CONN | number::UNKNOWN_HOST => Class::ConnectionLost,
        number::SYSTEM if transport => Class::ConnectionLost,
        39 | 40 | 85 | 98 => Class::ConnectionLost,
        42 | 43 | 47 | 49 | 50 | 53 | 57 | 62 | 66 | 72 | 80 | 99 | 101 | 103 | 104 | 107 | 111 => {
            Class::NotFound
        }
        28 | 37 | 55 | 71 | 76 | 83 | 90 | 93 | 106 | 110 => Class::Conflict,
        number::NO_SUPPORT | 54 | 67 | 74 | 84 | 91 => Class::Unsupported,
        29 | 45 | 79 | 88 | 94 => Class::Denied,
        number::OPERATION_TIMEOUT | 87 => Class::Busy,
        number::AGENT_UNRESPONSIVE | 97 | 112 => Class::Retryable,
        7 | 8 | 19 | 20 | 21 | 22 | 27 | 32 | 33 | 35 | 36 | 44 | 46 | 52 | 58 | 61 | 65 | 92 => {
            Class::Invalid
        }
        _ if message.contains("already exists") => Class::Conflict,
        _ if message.contains("has asynchronous jobs running") => Class::Busy,
        _ => Class::Failed,
    }
}

/// Whether a transport's internal error means that the connection is gone, rather than that the
/// far side answered with an internal error.
fn breaks_connection(message: &str) -> bool {
    ["keepalive", "client socket is closed", "End of file", "connection closed", "Cannot recv"]
        .iter()
        .any(|sign| message.contains(sign))
        || message.contains("Cannot write data")
}

/// What to do about a libvirt error, where experience tells.
fn remedy(class: Class, code: i32, message: &str) -> Option<&'static str> {
    if message.contains("libvirt-sock") || message.contains("Failed to connect socket") {
        return Some("start libvirtd, or name the right connection URI");
    }
    if message.contains("agent is not connected") {
        return Some("install and start qemu-guest-agent in the guest, then try again");
    }
    if message.contains("agent is not configured") {
        return Some("add a guest agent channel to the domain");
    }
    if message.contains("state change lock") {
        return Some("another call holds this domain; wait, or destroy the domain if it hangs");
    }
    if message.contains("Permission denied") {
        return Some("let the hypervisor's user read the file, and its folders");
    }
    Some(match class {
        Class::ConnectionLost => "check that the host and its libvirtd are up",
        Class::Denied => "use an account that may manage this connection",
        Class::Unsupported if code == number::NO_SUPPORT => {
            "this hypervisor driver lacks the function"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_what_libvirt_was_seen_to_say() {
        let table: &[(i32, i32, &str, Class)] = &[
            (
                1,
                7,
                "internal error: connection closed due to keepalive timeout",
                Class::ConnectionLost,
            ),
            (1, 7, "internal error: client socket is closed", Class::ConnectionLost),
            (38, 7, "Cannot recv data: Connection reset by peer", Class::ConnectionLost),
            (
                38,
                7,
                "Failed to connect socket to '/run/libvirt/libvirt-sock'",
                Class::ConnectionLost,
            ),
            (1, 10, "internal error: process exited while connecting to monitor", Class::Failed),
            (38, 10, "unable to open /x: No such file or directory", Class::Failed),
            (42, 10, "Domain not found", Class::NotFound),
            (9, 20, "operation failed: domain 'a' already exists with uuid b", Class::Conflict),
            (68, 10, "Timed out during operation: cannot acquire state change lock", Class::Busy),
            (
                86,
                10,
                "Guest agent is not responding: QEMU guest agent is not connected",
                Class::Retryable,
            ),
            (3, 12, "this function is not supported by the connection driver", Class::Unsupported),
            (29, 7, "operation virDomainDefineXML forbidden for read only access", Class::Denied),
            (27, 20, "XML error: missing name", Class::Invalid),
        ];
        for &(code, domain, message, class) in table {
            assert_eq!(classify(code, domain, message), class, "{message}");
        }
    }

    #[test]
    fn says_what_where_why_and_what_to_do() {
        let error = Error::from_libvirt(
            "connect to",
            38,
            7,
            "Failed to connect socket to '/run/libvirt/libvirt-sock': No such file or directory",
        )
        .about("qemu:///system");
        assert_eq!(
            error.to_string(),
            "connect to \"qemu:///system\": Failed to connect socket to '/run/libvirt/libvirt-sock': \
             No such file or directory (libvirt error 38)"
        );
        assert_eq!(error.remedy(), Some("start libvirtd, or name the right connection URI"));
        assert!(error.is_transient());
    }
}
