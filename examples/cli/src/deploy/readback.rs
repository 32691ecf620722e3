//! Asking a running guest, through its agent, what it has.

use std::{collections::BTreeMap, time::Duration};

use quantix_core::VmId;
use quantix_libvirt::{Agent, Error, Host};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::{
    asked::Asked,
    report::{Guest, Interface, User},
};

/// Where cloud-init writes how the first boot ended, once it has.
const RESULT: &str = "/run/cloud-init/result.json";
/// How long one question to the guest may take.
const QUESTION: Duration = Duration::from_secs(60);
/// How long to wait between looks at [`RESULT`].
const PAUSE: Duration = Duration::from_secs(2);

/// Waits until the guest's first boot has ended and answers how: `done`, or its errors.
pub(super) async fn first_boot(host: &Host, id: VmId, limit: Duration) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Outcome {
        v1: Version1,
    }
    #[derive(Deserialize)]
    struct Version1 {
        #[serde(default)]
        errors: Vec<String>,
    }

    let until = Instant::now() + limit;
    let host = host.within(QUESTION);
    let agent = host.agent(id);
    agent.wait(limit).await?;
    loop {
        match agent.read_file(RESULT).await {
            Ok(bytes) => match serde_json::from_slice::<Outcome>(&bytes) {
                Ok(outcome) if outcome.v1.errors.is_empty() => return Ok("done".to_owned()),
                Ok(outcome) => return Ok(format!("errors: {}", outcome.v1.errors.join("; "))),
                // The file is being written: look again.
                Err(_) if Instant::now() < until => {}
                Err(error) => return Ok(format!("unreadable result: {error}")),
            },
            Err(error) if Instant::now() >= until => return Err(error),
            // Not there yet, or the agent is busy with the boot; unless the machine itself is gone.
            Err(_) if host.state(id).await?.is_active() => {}
            Err(error) => return Err(error),
        }
        sleep(PAUSE).await;
    }
}

/// What the guest has of what was asked for.
pub(super) async fn guest(host: &Host, id: VmId, asked: &Asked) -> Result<Guest, Error> {
    let host = host.within(QUESTION);
    let agent = host.agent(id);
    let mut got = Guest {
        hostname: Some(agent.host_name().await?),
        fqdn: ask(&agent, "/usr/bin/hostname", &["--fqdn"]).await.ok().flatten(),
        timezone: timezone(&agent).await?,
        interfaces: interfaces(&agent).await?,
        ..Guest::default()
    };
    for name in asked.guest.users.keys() {
        if let Some(user) = user(&agent, name, asked.hashes.get(name).map(|h| h.expose())).await? {
            got.users.insert(name.clone(), user);
        }
    }
    for name in asked.guest.packages.keys() {
        got.packages.insert(name.clone(), package(&agent, name).await?);
    }
    Ok(got)
}

/// Standard output of a command that succeeded, trimmed.
async fn ask(agent: &Agent<'_>, program: &str, args: &[&str]) -> Result<Option<String>, Error> {
    let exit = agent.exec(program, args, QUESTION).await?;
    Ok((exit.code == Some(0)).then(|| exit.stdout_text().trim().to_owned()))
}

async fn timezone(agent: &Agent<'_>) -> Result<Option<String>, Error> {
    let target = ask(agent, "/usr/bin/readlink", &["-f", "/etc/localtime"]).await?;
    Ok(target.and_then(|path| Some(path.split_once("/zoneinfo/")?.1.to_owned())))
}

async fn user(
    agent: &Agent<'_>,
    name: &str,
    asked_hash: Option<&str>,
) -> Result<Option<User>, Error> {
    let Some(entry) = ask(agent, "/usr/bin/getent", &["passwd", name]).await? else {
        return Ok(None);
    };
    let home = entry.split(':').nth(5).unwrap_or("/").to_owned();
    let shadow = ask(agent, "/usr/bin/getent", &["shadow", name]).await?.unwrap_or_default();
    let password = match (shadow.split(':').nth(1).unwrap_or_default(), asked_hash) {
        (hash, Some(asked)) if hash == asked => "set",
        ("" | "*" | "!" | "!!" | "!*", _) => "locked",
        (hash, _) if hash.starts_with('!') => "locked",
        (_, None) => "set",
        _ => "other",
    };
    let keys = agent.read_file(&format!("{home}/.ssh/authorized_keys")).await.unwrap_or_default();
    let ssh_keys = key_list(&String::from_utf8_lossy(&keys));
    Ok(Some(User { password: Some(password.to_owned()), ssh_keys }))
}

/// Type and blob of each key in an `authorized_keys` file, sorted; options and comments dropped.
pub(super) fn key_list(text: &str) -> Vec<String> {
    let mut keys: Vec<String> = text.lines().filter_map(key_identity).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// `type blob` of one public key line.
pub(super) fn key_identity(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| {
        ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|kind| word.starts_with(kind))
    })?;
    Some(format!("{} {}", words.get(at)?, words.get(at + 1)?))
}

async fn package(agent: &Agent<'_>, name: &str) -> Result<String, Error> {
    let format = "--showformat=${db:Status-Status}";
    let dpkg = ask(agent, "/usr/bin/dpkg-query", &["--show", format, name]).await;
    match dpkg {
        Ok(Some(state)) => Ok(state),
        Ok(None) => Ok("absent".to_owned()),
        // No dpkg in this guest: an RPM one.
        Err(_) => {
            let rpm = ask(agent, "/usr/bin/rpm", &["-q", name]).await?;
            Ok(if rpm.is_some() { "installed" } else { "absent" }.to_owned())
        }
    }
}

async fn interfaces(agent: &Agent<'_>) -> Result<BTreeMap<String, Interface>, Error> {
    let mut found = BTreeMap::new();
    for interface in agent.interfaces().await? {
        let Some(mac) = interface.mac else { continue };
        let addresses = interface
            .addresses
            .iter()
            .filter(|held| !is_link_local(&held.address))
            .map(|held| format!("{}/{}", held.address, held.prefix))
            .collect();
        let state = Interface { name: Some(interface.name), addresses };
        found.insert(mac.to_ascii_lowercase(), state);
    }
    Ok(found)
}

fn is_link_local(address: &std::net::IpAddr) -> bool {
    match address {
        std::net::IpAddr::V4(v4) => v4.is_link_local(),
        std::net::IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_compared_by_type_and_blob() {
        let text = "# cloud-init\nno-pty,command=\"x y\" ssh-ed25519 AAAA me@x\necdsa-sha2-nistp256 BBBB\n\nssh-ed25519 AAAA\n";
        assert_eq!(key_list(text), ["ecdsa-sha2-nistp256 BBBB", "ssh-ed25519 AAAA"]);
    }
}
