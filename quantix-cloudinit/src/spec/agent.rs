//! Installation of the Quantix agent: fetched over TLS or carried on the seed, proven by its digest
//! or a signature, then enrolled.

use std::collections::BTreeMap;

use base64::Engine as _;
use quantix_core::{Finding, spec::AgentSpec};
use sha2::{Digest as _, Sha256};

use super::render::Job;
use crate::{
    seed::SeedFile,
    user_data::{Command, UserData, WriteFile},
};

/// The service that the agent's own `install` command sets up.
const SERVICE: &str = "quantix-agent";
const SCRIPT_PATH: &str = "/usr/local/sbin/quantix-agent-install";
const TOKEN_PATH: &str = "/etc/quantix/enrolment-token";
/// The folder of the binaries on the seed.
const SEED_FOLDER: &str = "quantix-agent";
/// The script takes everything as arguments, so no value is ever pasted into shell text.
const SCRIPT: &str = include_str!("agent-install.sh");
const VERIFY: &str = include_str!("agent-verify.py");
/// Bytes of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// A binary of the agent that a seed carries.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentFile {
    /// The architecture, as `uname -m` names it.
    pub arch: String,
    /// The binary.
    pub binary: Vec<u8>,
    /// The Ed25519 signature over it, 64 bytes; needed where the spec names a key.
    pub signature: Option<Vec<u8>>,
}

/// Shows the size only.
impl std::fmt::Debug for AgentFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AgentFile({}, {} bytes)", self.arch, self.binary.len())
    }
}

/// Adds the script, the token and the command. The spec's own checks have made sure that the
/// control plane is there; without it nothing is added.
pub(super) fn add(job: &mut Job<'_>, out: &mut UserData) {
    let spec = job.spec;
    let (Some(control_plane), Some(agent)) = (&spec.control_plane_url, &spec.agent) else { return };
    let control_plane = control_plane.trim_end_matches('/');
    let source = match (&agent.url, agent.on_seed) {
        (_, true) => format!("seed:{SEED_FOLDER}/{{arch}}"),
        (Some(url), false) => url.clone(),
        (None, false) => format!("{control_plane}/api/agent/linux-{{arch}}"),
    };
    let key = agent.ed25519.as_deref().and_then(|key| signing_key(job, key)).unwrap_or_default();
    let pins = pins(job, agent);
    out.write_files.push(WriteFile::text(SCRIPT_PATH, SCRIPT).mode(0o700));
    if !key.is_empty() {
        out.write_files.push(WriteFile::text(format!("{SCRIPT_PATH}-verify"), VERIFY).mode(0o600));
    }
    let mut token_path = "";
    if let Some(token) = &agent.enrolment_token {
        out.write_files.push(WriteFile::text(TOKEN_PATH, token.expose()).mode(0o600));
        token_path = TOKEN_PATH;
    }
    let mut words =
        [SCRIPT_PATH, SERVICE, control_plane, &source, token_path, &key].map(String::from).to_vec();
    words.extend(pins.iter().map(|(arch, digest)| format!("{arch}={digest}")));
    out.runcmd.push(Command::Args(words));
}

/// The digests that the guest holds the binary to.
fn pins(job: &mut Job<'_>, agent: &AgentSpec) -> BTreeMap<String, String> {
    let mut pins: BTreeMap<String, String> =
        agent.sha256.iter().map(|(arch, it)| (arch.clone(), it.to_ascii_lowercase())).collect();
    if !agent.on_seed {
        return pins;
    }
    if job.agent_files.is_empty() {
        let message = "the seed is to carry the agent, but no binary was given to render with";
        job.fault("agent.on_seed", "no-agent-file", message);
    }
    for file in job.agent_files {
        let digest = Sha256::digest(&file.binary);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = format!("agent.sha256.{}", file.arch);
        match pins.get(&file.arch) {
            Some(pinned) if *pinned != digest => {
                let message = format!("the binary that was given has the digest {digest}");
                job.fault(path, "wrong-digest", message);
            }
            _ => drop(pins.insert(file.arch.clone(), digest)),
        }
        let has_signature = file.signature.as_ref().is_some_and(|it| it.len() == SIGNATURE_BYTES);
        if agent.ed25519.is_some() && !has_signature {
            let message = format!("the binary for {} has no signature of 64 bytes", file.arch);
            job.fault("agent.ed25519", "no-signature", message);
        }
    }
    pins
}

/// The 32 bytes of a key, in base64.
fn signing_key(job: &mut Job<'_>, text: &str) -> Option<String> {
    let engine = base64::engine::general_purpose::STANDARD;
    let bytes = match text.trim().strip_prefix("ssh-ed25519 ") {
        // The blob holds the type and the key, each behind its length.
        Some(rest) => {
            rest.split_whitespace().next().and_then(|blob| engine.decode(blob).ok()).and_then(
                |blob| blob.strip_prefix(b"\0\0\0\x0bssh-ed25519\0\0\0\x20").map(<[u8]>::to_vec),
            )
        }
        None => engine.decode(text.trim()).ok(),
    };
    match bytes.filter(|bytes| bytes.len() == 32) {
        Some(bytes) => Some(engine.encode(bytes)),
        None => {
            let message = "expected the line of an OpenSSH public key (ssh-ed25519 AAAA…) or base64 \
                           of the 32 bytes of the key";
            job.fault("agent.ed25519", "invalid-key", message);
            None
        }
    }
}

/// The binaries as files of the seed.
pub(super) fn seed_files(job: &Job<'_>) -> Vec<SeedFile> {
    let is_carried = job.spec.install_agent && job.spec.agent.as_ref().is_some_and(|it| it.on_seed);
    if !is_carried {
        return Vec::new();
    }
    let files = job.agent_files.iter().flat_map(|file| {
        let name = format!("{SEED_FOLDER}/{}", file.arch);
        let signature =
            file.signature.as_ref().map(|it| SeedFile::new(format!("{name}.sig"), it.clone()));
        [SeedFile::new(name, file.binary.clone())].into_iter().chain(signature)
    });
    files.collect()
}

/// Where the seed is read by something that cannot reach it again, the agent cannot lie on it.
pub(super) fn refuse_on_seed(job: &mut Job<'_>) {
    if job.spec.install_agent && job.spec.agent.as_ref().is_some_and(|agent| agent.on_seed) {
        let message = "this target has no seed that the guest could take the agent from";
        job.findings.push(Finding::error("unsupported-by-target", message).at("agent.on_seed"));
    }
}
