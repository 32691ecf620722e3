//! What an answer file must satisfy.

use quantix_core::{Finding, Secret};

use super::{COMMAND_CHARS_MAX, Identifier, Membership, Unattend};
use crate::hostname::{Hostname, NameRules};

pub(super) fn faults(unattend: &Unattend) -> Vec<Finding> {
    let mut faults = Vec::new();
    let mut fault = |path: &str, code: &'static str, message: String| {
        faults.push(Finding::error(code, message).at(path));
    };
    if let Err(error) = Hostname::new(&unattend.computer_name, NameRules::NetBios) {
        fault("computer_name", "invalid-hostname", error.to_string());
    }
    for (path, text) in texts(unattend) {
        // Setup fails on characters that XML cannot carry, and every value is one line.
        if text.is_empty() || text.chars().any(char::is_control) {
            fault(path, "invalid-text", "empty, or with control characters".to_owned());
        }
    }
    for (index, command) in unattend.first_logon_commands.iter().enumerate() {
        let path = format!("first_logon_commands[{index}]");
        let chars = command.chars().count();
        if chars > COMMAND_CHARS_MAX {
            let message =
                format!("{chars} characters, at most {COMMAND_CHARS_MAX}: put it in a script");
            fault(&path, "too-long", message);
        } else if command.trim().is_empty() || command.chars().any(char::is_control) {
            fault(&path, "invalid-text", "empty, or with control characters".to_owned());
        }
    }
    if unattend.auto_logon_count > 0 && unattend.administrator_password.is_none() {
        let message = "automatic logon needs the administrator's password in plain text".to_owned();
        fault("auto_logon_count", "missing-password", message);
    }
    for (index, interface) in unattend.interfaces.iter().enumerate() {
        let path = format!("interfaces[{index}]");
        if let Identifier::Name(name) = &interface.identifier
            && (name.is_empty() || name.chars().any(char::is_control))
        {
            fault(&path, "invalid-text", "the name is empty or has control characters".to_owned());
        }
    }
    faults
}

fn texts<'a>(unattend: &'a Unattend) -> Vec<(&'static str, &'a str)> {
    let secret = |secret: &'a Option<Secret>| secret.as_ref().map(Secret::expose);
    let optional = [
        ("time_zone", unattend.time_zone.as_deref()),
        ("organization", unattend.organization.as_deref()),
        ("owner", unattend.owner.as_deref()),
        ("locale", unattend.locale.as_deref()),
        ("input_locale", unattend.input_locale.as_deref()),
        ("product_key", secret(&unattend.product_key)),
        ("administrator_password", secret(&unattend.administrator_password)),
    ];
    let mut out: Vec<_> =
        optional.into_iter().filter_map(|(path, text)| Some((path, text?))).collect();
    match &unattend.membership {
        Membership::Unchanged => {}
        Membership::Workgroup(name) => out.push(("membership.workgroup", name)),
        Membership::Domain { domain, user, user_domain, password, ou } => {
            out.push(("membership.domain", domain));
            out.push(("membership.user", user));
            out.push(("membership.user_domain", user_domain));
            out.push(("membership.password", password.expose()));
            out.extend(ou.as_deref().map(|ou| ("membership.ou", ou)));
        }
    }
    out
}
