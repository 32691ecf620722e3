//! Checks of a spec that need neither tables nor parsers; all faults at once.

mod guest;
mod network;

use super::{AgentSpec, CustomizationSpec, OsFamily, Password};
use crate::Finding;

/// The most bytes that the name of a spec may have.
pub const SPEC_NAME_BYTES_MAX: usize = 255;
/// The most labels that a spec may have.
pub const LABELS_MAX: usize = 64;
/// The most bytes that a label's key may have.
pub const LABEL_KEY_BYTES_MAX: usize = 63;
/// The most bytes that a label's value may have.
pub const LABEL_VALUE_BYTES_MAX: usize = 255;
/// The most entries that any list of a spec may have.
pub const SPEC_ITEMS_MAX: usize = 256;
/// The most bytes that a file, script or document inside a spec may have.
pub const SPEC_TEXT_BYTES_MAX: usize = 1 << 20;

impl CustomizationSpec {
    /// Every fault that can be found without a time-zone table or a document parser.
    ///
    /// Findings are in the order of the fields, each with the path of its field. None means that
    /// the structure is sound; `quantix-cloudinit` checks the rest when it renders.
    #[must_use]
    pub fn validate(&self) -> Vec<Finding> {
        let mut check = Check(Vec::new());
        check.identity(self);
        if let Some(url) = &self.control_plane_url {
            check.https("control_plane_url", url);
        }
        check.agent(self);
        check.len("ssh_keys", self.ssh_keys.len());
        check.password("admin_password", self.admin_password.as_ref());
        check.labels(self);
        for (path, time) in [("created_at", &self.created_at), ("updated_at", &self.updated_at)] {
            if let Some(time) = time.as_deref().filter(|time| !is_rfc3339(time)) {
                check.fault(
                    path,
                    "invalid-time",
                    format!("{} is not an RFC 3339 time such as 2026-11-21T01:00:00Z", show(time)),
                );
            }
        }
        check.family(self);
        if let Some(linux) = &self.linux {
            check.linux(linux);
        }
        if let Some(windows) = &self.windows {
            check.windows(windows);
        }
        if let Some(network) = &self.network {
            if self.network_config.is_some() {
                check.fault(
                    "network",
                    "conflicting-fields",
                    "`network` and `network_config` are both given: remove one",
                );
            }
            check.network(network);
        }
        check.0
    }
}

/// At most 64 characters of a text, quoted, for a message.
fn show(text: &str) -> String {
    let short: String = text.chars().take(64).collect();
    if short.len() < text.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

/// What was found so far.
struct Check(Vec<Finding>);

impl Check {
    fn fault(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Finding::error(code, message).at(path));
    }

    fn len(&mut self, path: &str, found: usize) {
        if found > SPEC_ITEMS_MAX {
            self.fault(path, "too-many", format!("{found} entries, at most {SPEC_ITEMS_MAX}"));
        }
    }

    fn text_len(&mut self, path: &str, text: &str) {
        if text.len() > SPEC_TEXT_BYTES_MAX {
            let message = format!("{} bytes, at most {SPEC_TEXT_BYTES_MAX}", text.len());
            self.fault(path, "too-long", message);
        }
    }

    fn identity(&mut self, spec: &CustomizationSpec) {
        let name = &spec.name;
        let problem = if name.trim().is_empty() {
            "the name is empty"
        } else if name.len() > SPEC_NAME_BYTES_MAX {
            "the name is longer than 255 bytes"
        } else if name.chars().any(char::is_control) {
            "the name has control characters"
        } else if name.trim() != name {
            "the name has white space at an end"
        } else {
            ""
        };
        if !problem.is_empty() {
            self.fault("name", "invalid-name", problem);
        }
        self.text_len("description", &spec.description);
    }

    fn https(&mut self, path: &str, url: &str) {
        let host = url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"));
        let plain =
            |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '`' | '<' | '>');
        let problem = if host.is_none() {
            "is not an https URL: the agent would be fetched unprotected"
        } else if !url.chars().all(plain) {
            "has characters that a URL must percent-encode"
        } else if url[8..].split(['/', '?', '#']).next().is_none_or(str::is_empty) {
            "has no host"
        } else if url[8..].split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')) {
            "carries a user name or password: use enrolment_token"
        } else {
            return;
        };
        self.fault(path, "invalid-url", format!("{} {problem}", show(url)));
    }

    fn agent(&mut self, spec: &CustomizationSpec) {
        if spec.install_agent && spec.control_plane_url.is_none() {
            self.fault(
                "control_plane_url",
                "agent-incomplete",
                "install_agent needs the https URL of the control plane",
            );
        }
        match &spec.agent {
            None if spec.install_agent => self.fault(
                "agent",
                "agent-incomplete",
                "install_agent needs agent.sha256 or agent.ed25519, so that the guest can prove the \
                 binary",
            ),
            None => {}
            Some(agent) => self.agent_source(agent),
        }
    }

    fn agent_source(&mut self, agent: &AgentSpec) {
        if agent.sha256.is_empty() && agent.ed25519.is_none() && !agent.on_seed {
            self.fault(
                "agent.sha256",
                "agent-incomplete",
                "no digest: give the SHA-256 of the binary for each architecture, such as x86_64, \
                 or the key that it is signed with",
            );
        }
        if agent.on_seed && agent.url.is_some() {
            self.fault("agent.url", "conflicting-fields", "the binary lies on the seed already");
        }
        for (arch, digest) in &agent.sha256 {
            let path = format!("agent.sha256.{arch}");
            let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            if arch.is_empty() || arch.len() > 16 || !arch.bytes().all(word) {
                self.fault(
                    path.clone(),
                    "invalid-architecture",
                    "expected what `uname -m` prints, such as x86_64 or aarch64",
                );
            }
            if digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
                self.fault(path, "invalid-digest", "expected 64 hexadecimal digits");
            }
        }
        if let Some(url) = &agent.url {
            self.https("agent.url", &url.replace("{arch}", "arch"));
        }
    }

    fn password(&mut self, path: &str, password: Option<&Password>) {
        if let Some(problem) = password.and_then(Password::problem) {
            self.fault(path, "invalid-password", problem);
        }
    }

    fn labels(&mut self, spec: &CustomizationSpec) {
        if spec.labels.len() > LABELS_MAX {
            let message = format!("{} labels, at most {LABELS_MAX}", spec.labels.len());
            self.fault("labels", "too-many", message);
        }
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/');
        for (key, value) in &spec.labels {
            if key.is_empty() || key.len() > LABEL_KEY_BYTES_MAX || !key.bytes().all(word) {
                self.fault(
                    format!("labels.{}", show(key)),
                    "invalid-label",
                    "a key is 1 to 63 of the characters a-z A-Z 0-9 . _ - /",
                );
            }
            if value.len() > LABEL_VALUE_BYTES_MAX || value.chars().any(char::is_control) {
                self.fault(
                    format!("labels.{key}"),
                    "invalid-label",
                    "a value is at most 255 bytes without control characters",
                );
            }
        }
    }

    fn family(&mut self, spec: &CustomizationSpec) {
        let (other, given) = match spec.os_family {
            OsFamily::Linux => ("windows", spec.windows.is_some()),
            OsFamily::Windows => ("linux", spec.linux.is_some()),
        };
        if given {
            let message = format!("`{other}` is given in a spec for {}", spec.os_family);
            self.fault(other, "wrong-os-family", message);
        }
    }
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

/// The shape of RFC 3339, without calendar arithmetic.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = |pattern: &[u8], bytes: &[u8]| {
        pattern.len() == bytes.len()
            && pattern.iter().zip(bytes).all(|(p, b)| match p {
                b'0' => b.is_ascii_digit(),
                _ => p.eq_ignore_ascii_case(b),
            })
    };
    let Some((date, rest)) = bytes.split_at_checked(19) else { return false };
    let fraction = match rest {
        [b'.', digits @ ..] => 1 + digits.iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let zone = &rest[fraction..];
    shape(b"0000-00-00T00:00:00", date)
        && fraction != 1
        && [&b"Z"[..], b"+00:00", b"-00:00"].into_iter().any(|pattern| shape(pattern, zone))
}
