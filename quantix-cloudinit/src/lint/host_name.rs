//! Host names.

use quantix_core::Finding;

/// What is doubtful about a host name, if anything.
#[must_use]
pub fn check_host_name(name: &str) -> Option<Finding> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let problem = if name.contains("{{") {
        return None;
    } else if name.len() > 253 {
        "has more than 253 characters"
    } else if name.contains('_') {
        "has an underscore, which is no letter of a host name; use a hyphen"
    } else if !name.split('.').all(is_label) {
        "is not made of labels of 1 to 63 letters, digits and inner hyphens"
    } else if name.split('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()))
    {
        "is a number, which many programs take for an address"
    } else {
        return None;
    };
    Some(Finding::warning("doubtful-hostname", format!("{name:?} {problem}")))
}
