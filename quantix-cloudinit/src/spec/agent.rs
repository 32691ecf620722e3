//! Installation of the Quantix agent: fetched over TLS, proven by its digest, then enrolled.

use quantix_core::CustomizationSpec;

use crate::user_data::{Command, UserData, WriteFile};

/// The service that the agent's own `install` command sets up.
const SERVICE: &str = "quantix-agent";
const SCRIPT_PATH: &str = "/usr/local/sbin/quantix-agent-install";
const TOKEN_PATH: &str = "/etc/quantix/enrolment-token";
/// The script takes everything as arguments, so no value is ever pasted into shell text.
const SCRIPT: &str = include_str!("agent-install.sh");

/// Adds the script, the token and the command. The spec's own checks have made sure that the
/// control plane and the digests are there; without them nothing is added.
pub(super) fn add(spec: &CustomizationSpec, out: &mut UserData) {
    let (Some(control_plane), Some(agent)) = (&spec.control_plane_url, &spec.agent) else { return };
    let control_plane = control_plane.trim_end_matches('/');
    let url = match &agent.url {
        Some(url) => url.clone(),
        None => format!("{control_plane}/api/agent/linux-{{arch}}"),
    };
    out.write_files.push(WriteFile::text(SCRIPT_PATH, SCRIPT).mode(0o700));
    let mut token_path = "";
    if let Some(token) = &agent.enrolment_token {
        out.write_files.push(WriteFile::text(TOKEN_PATH, token.expose()).mode(0o600));
        token_path = TOKEN_PATH;
    }
    let mut words =
        [SCRIPT_PATH, SERVICE, control_plane, &url, token_path].map(String::from).to_vec();
    for (arch, digest) in &agent.sha256 {
        words.push(format!("{arch}={}", digest.to_ascii_lowercase()));
    }
    out.runcmd.push(Command::Args(words));
}
