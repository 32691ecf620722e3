//! The guest agent with types: what the guest says about itself, files, commands.

use std::{borrow::Cow, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use quantix_core::VmId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{Class, Error, Event, Host, Result};

/// The largest file that is read from a guest.
pub const AGENT_FILE_BYTES_MAX: usize = 16 << 20;
/// The most bytes of output that are taken from a command in a guest.
pub const AGENT_OUTPUT_BYTES_MAX: usize = 16 << 20;
/// How much of a file one request asks for.
const CHUNK_BYTES: usize = 48 << 10;
/// How long one try waits while the agent is not there yet.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a running command is looked at.
const POLL: Duration = Duration::from_millis(200);

/// The agent of one guest. Every call has the host's deadline, see [`Host::within`].
#[derive(Clone, Copy, Debug)]
pub struct Agent<'h> {
    host: &'h Host,
    id: VmId,
}

impl Host {
    /// The agent of a guest.
    #[must_use]
    pub fn agent(&self, id: VmId) -> Agent<'_> {
        Agent { host: self, id }
    }
}

/// A guest's time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestTimezone {
    /// Its name now, such as `CET`; some guests do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Seconds east of UTC.
    #[serde(rename = "offset")]
    pub offset_seconds: i32,
}

/// A guest's operating system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "kebab-case"))]
pub struct GuestOs {
    /// Such as `debian`.
    #[serde(default)]
    pub id: String,
    /// Such as `Debian GNU/Linux`.
    #[serde(default)]
    pub name: String,
    /// Such as `Debian GNU/Linux 12 (bookworm)`.
    #[serde(default)]
    pub pretty_name: String,
    /// Such as `12`.
    #[serde(default)]
    pub version_id: String,
    /// Such as `6.1.0-18-amd64`.
    #[serde(default)]
    pub kernel_release: String,
    /// Such as `x86_64`.
    #[serde(default)]
    pub machine: String,
}

/// One address of a guest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GuestAddress {
    /// The address.
    #[serde(rename(deserialize = "ip-address"))]
    pub address: std::net::IpAddr,
    /// The length of its network prefix.
    pub prefix: u8,
}

/// One network interface as the guest sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestInterface {
    /// Its name in the guest.
    pub name: String,
    /// Its hardware address, where it has one.
    #[serde(default, rename(deserialize = "hardware-address"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Its addresses.
    #[serde(default, rename(deserialize = "ip-addresses"))]
    pub addresses: Vec<GuestAddress>,
}

/// A user who is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestUser {
    /// The name.
    pub user: String,
    /// When they logged in, in seconds since 1970.
    #[serde(rename(deserialize = "login-time"))]
    pub login_time: Seconds,
}

/// Whole seconds; fractions are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Seconds(pub u64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        // Saturates: a time before 1970 or after the end of time is an agent's mistake.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        Ok(Self(seconds as u64))
    }
}

/// What a command in a guest did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestExit {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
    /// Whether the agent dropped some of the output.
    pub truncated: bool,
}

#[derive(Deserialize)]
struct HostName {
    #[serde(rename = "host-name")]
    host_name: String,
}

#[derive(Deserialize)]
struct Pid {
    pid: i64,
}

#[derive(Deserialize)]
struct ExecStatus {
    exited: bool,
    #[serde(default)]
    exitcode: Option<i32>,
    #[serde(default, rename = "out-data")]
    out_data: String,
    #[serde(default, rename = "err-data")]
    err_data: String,
    #[serde(default, rename = "out-truncated")]
    out_truncated: bool,
    #[serde(default, rename = "err-truncated")]
    err_truncated: bool,
}

#[derive(Deserialize)]
struct FileChunk {
    #[serde(rename = "buf-b64")]
    data: String,
    eof: bool,
}

const OPERATION: &str = "call agent of domain";

fn bad_reply(command: &str, why: impl ToString) -> Error {
    let text = ["the agent's reply to ", command, " is not what it should be: ", &why.to_string()];
    Error::new(Class::Failed, OPERATION, text.concat())
}

fn decode(command: &str, text: &str) -> Result<Vec<u8>> {
    BASE64.decode(text).map_err(|error| bad_reply(command, error))
}

impl Agent<'_> {
    /// Any command: its name and arguments, and the value it returns.
    ///
    /// # Errors
    /// [`Class::Retryable`] while the agent does not answer, [`Class::Unsupported`] where it does
    /// not know the command.
    pub async fn call<T: DeserializeOwned>(&self, command: &str, arguments: Value) -> Result<T> {
        let mut request = json!({ "execute": command });
        if !arguments.is_null() {
            request["arguments"] = arguments;
        }
        let reply = self.host.agent_command(self.id, &request.to_string()).await?;
        let mut reply: Value = serde_json::from_str(&reply)
            .map_err(|error| bad_reply(command, error).about(self.id))?;
        serde_json::from_value(reply["return"].take())
            .map_err(|error| bad_reply(command, error).about(self.id))
    }

    /// Whether the agent answers.
    ///
    /// # Errors
    /// As [`Agent::call`].
    pub async fn ping(&self) -> Result<()> {
        self.call::<Value>("guest-ping", Value::Null).await.map(drop)
    }

    /// Waits until the agent answers.
    ///
    /// # Errors
    /// [`Class::Deadline`] where it has not by the end of `limit`; at once for a domain that has no
    /// channel, is off, or goes off.
    pub async fn wait(&self, limit: Duration) -> Result<()> {
        let until = Instant::now() + limit;
        // Events only make it quicker; without them the polling below suffices.
        let mut events = self.host.events().await.ok();
        loop {
            let patience = PATIENCE.min(until.saturating_duration_since(Instant::now()));
            let outcome = self.host.within(patience).agent(self.id).ping().await;
            match outcome {
                Err(error) if error.is_transient() => {
                    if !self.host.state(self.id).await?.is_active() {
                        let text = "the domain went off before its agent answered";
                        return Err(Error::new(Class::Conflict, OPERATION, text).about(self.id));
                    }
                    if Instant::now() >= until {
                        let text = "the agent did not answer";
                        return Err(Error::deadline(OPERATION, limit, text).about(self.id).with_remedy(
                            "look at the guest's console; check that qemu-guest-agent is installed",
                        ));
                    }
                }
                outcome => return outcome,
            }
            let pause = until.min(Instant::now() + Duration::from_secs(1));
            let sign = async {
                match &mut events {
                    Some(events) => wait_for_sign(events, self.id).await,
                    None => std::future::pending().await,
                }
            };
            // Either a sign of life or the end of the pause: both mean to try again.
            drop(timeout_at(pause, sign).await);
        }
    }

    /// The guest's host name.
    ///
    /// # Errors
    /// As [`Agent::call`].
    pub async fn host_name(&self) -> Result<String> {
        let reply: HostName = self.call("guest-get-host-name", Value::Null).await?;
        Ok(reply.host_name)
    }

    /// The guest's time zone.
    ///
    /// # Errors
    /// As [`Agent::call`].
    pub async fn timezone(&self) -> Result<GuestTimezone> {
        self.call("guest-get-timezone", Value::Null).await
    }

    /// The guest's operating system.
    ///
    /// # Errors
    /// As [`Agent::call`].
    pub async fn os(&self) -> Result<GuestOs> {
        self.call("guest-get-osinfo", Value::Null).await
    }

    /// The guest's network interfaces.
    ///
    /// # Errors
    /// As [`Agent::call`].
    pub async fn interfaces(&self) -> Result<Vec<GuestInterface>> {
        self.call("guest-network-get-interfaces", Value::Null).await
    }

    /// Who is logged in.
    ///
    /// # Errors
    /// As [`Agent::call`].
    pub async fn users(&self) -> Result<Vec<GuestUser>> {
        self.call("guest-get-users", Value::Null).await
    }

    /// Reads a file of the guest.
    ///
    /// # Errors
    /// As [`Agent::call`], and [`Class::Invalid`] for a file above [`AGENT_FILE_BYTES_MAX`].
    pub async fn read_file(&self, path: &str) -> Result<Vec<u8>> {
        let open = json!({ "path": path, "mode": "r" });
        let handle: i64 = self.call("guest-file-open", open).await?;
        let content = self.read_open_file(handle, path).await;
        let closed = self.close_file(handle).await;
        let content = content?;
        closed.map(|()| content)
    }

    async fn read_open_file(&self, handle: i64, path: &str) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        loop {
            let request = json!({ "handle": handle, "count": CHUNK_BYTES });
            let chunk: FileChunk = self.call("guest-file-read", request).await?;
            content.extend(decode("guest-file-read", &chunk.data)?);
            if content.len() > AGENT_FILE_BYTES_MAX {
                let text = "the file is larger than 16 MiB";
                return Err(Error::new(Class::Invalid, "read file of guest", text).about(path));
            }
            if chunk.eof {
                return Ok(content);
            }
        }
    }

    /// Writes a file of the guest, which is created or replaced.
    ///
    /// # Errors
    /// As [`Agent::call`].
    pub async fn write_file(&self, path: &str, content: &[u8]) -> Result<()> {
        let open = json!({ "path": path, "mode": "w" });
        let handle: i64 = self.call("guest-file-open", open).await?;
        let mut written = Ok(());
        for chunk in content.chunks(CHUNK_BYTES) {
            let request = json!({ "handle": handle, "buf-b64": BASE64.encode(chunk) });
            written = self.call::<Value>("guest-file-write", request).await.map(drop);
            if written.is_err() {
                break;
            }
        }
        let closed = self.close_file(handle).await;
        written.and(closed)
    }

    async fn close_file(&self, handle: i64) -> Result<()> {
        self.call::<Value>("guest-file-close", json!({ "handle": handle })).await.map(drop)
    }

    /// Runs a command in the guest, without a shell, and waits for its end at most `limit`.
    ///
    /// # Errors
    /// As [`Agent::call`], and [`Class::Deadline`] for a command that has not ended; it goes on.
    pub async fn exec(&self, program: &str, args: &[&str], limit: Duration) -> Result<GuestExit> {
        const COMMAND: &str = "guest-exec-status";
        let until = Instant::now() + limit;
        let request = json!({ "path": program, "arg": args, "capture-output": true });
        let Pid { pid } = self.call("guest-exec", request).await?;
        loop {
            let status: ExecStatus = self.call(COMMAND, json!({ "pid": pid })).await?;
            if status.exited {
                let (stdout, stderr) =
                    (decode(COMMAND, &status.out_data)?, decode(COMMAND, &status.err_data)?);
                if stdout.len() + stderr.len() > AGENT_OUTPUT_BYTES_MAX {
                    return Err(bad_reply(COMMAND, "more than 16 MiB of output").about(self.id));
                }
                let truncated = status.out_truncated || status.err_truncated;
                return Ok(GuestExit { code: status.exitcode, stdout, stderr, truncated });
            }
            if Instant::now() >= until {
                return Err(Error::deadline("run command in guest", limit, "it has not ended")
                    .about(program));
            }
            sleep(POLL).await;
        }
    }
}

impl GuestExit {
    /// The standard output as text.
    #[must_use]
    pub fn stdout_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }
}

/// Waits for an event that makes another try worth while.
async fn wait_for_sign(events: &mut crate::EventStream, id: VmId) {
    loop {
        match events.next().await {
            Some(Event::Agent { domain, connected: true }) if domain.id == id => return,
            Some(Event::Lifecycle { domain, .. }) if domain.id == id => return,
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}
