//! What runs inside a fake domain.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

use crate::{Class, Error, GuestInterface, Result};

/// A fake guest: what it listens to, and what its agent says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakeGuest {
    /// Whether the guest has stopped answering altogether.
    pub hung: bool,
    /// Whether its agent runs.
    pub agent: bool,
    /// Whether it shuts down when its power button is pressed.
    pub hears_button: bool,
    /// Whether it shuts down when its agent is asked to.
    pub obeys_agent: bool,
    /// Whether it lets devices go.
    pub releases_devices: bool,
    /// Its host name.
    pub host_name: String,
    /// Its files.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What commands print, by program.
    pub programs: BTreeMap<String, String>,
    /// Where its file systems are mounted.
    pub mounts: Vec<String>,
    /// What its console says when it is opened; it then echoes what is typed.
    pub console: String,
}

impl Default for FakeGuest {
    /// A guest in good order.
    fn default() -> Self {
        Self {
            hung: false,
            agent: true,
            hears_button: true,
            obeys_agent: true,
            releases_devices: true,
            host_name: "fake".to_owned(),
            files: BTreeMap::new(),
            programs: BTreeMap::new(),
            mounts: vec!["/".to_owned()],
            console: "fake login: ".to_owned(),
        }
    }
}

fn failed(text: &str) -> Error {
    Error::new(Class::Failed, "call agent of domain", text)
}

impl FakeGuest {
    /// The agent's reply to a command.
    pub(super) fn answer(&mut self, command: &str) -> Result<String> {
        let request: Value =
            serde_json::from_str(command).map_err(|error| failed(&error.to_string()))?;
        let arguments = &request["arguments"];
        let value = match request["execute"].as_str().unwrap_or_default() {
            "guest-ping" => json!({}),
            "guest-get-host-name" => json!({ "host-name": self.host_name }),
            "guest-get-timezone" => json!({ "zone": "UTC", "offset": 0 }),
            "guest-get-osinfo" => json!({ "id": "fake", "name": "Fake" }),
            "guest-get-users" => json!([{ "user": "root", "login-time": 1.5 }]),
            "guest-network-get-interfaces" => json!([{
                "name": "eth0",
                "hardware-address": "52:54:00:00:00:01",
                "ip-addresses": [
                    { "ip-address": "192.0.2.7", "ip-address-type": "ipv4", "prefix": 24 },
                ],
            }]),
            "guest-file-open" => self.open(arguments)?,
            "guest-file-read" => self.read(arguments)?,
            "guest-file-write" => self.write(arguments)?,
            "guest-file-close" => json!({}),
            "guest-exec" => self.exec(arguments)?,
            "guest-exec-status" => self.exec_status(arguments)?,
            unknown => {
                let text = ["The command ", unknown, " has not been found"].concat();
                return Err(Error::new(Class::Unsupported, "call agent of domain", text));
            }
        };
        Ok(json!({ "return": value }).to_string())
    }

    /// Its network interfaces, as its agent tells them.
    pub(super) fn interfaces(&mut self) -> Result<Vec<GuestInterface>> {
        let reply = self.answer(r#"{"execute":"guest-network-get-interfaces"}"#)?;
        let reply: Value = serde_json::from_str(&reply).map_err(|e| failed(&e.to_string()))?;
        serde_json::from_value(reply["return"].clone()).map_err(|e| failed(&e.to_string()))
    }

    /// A handle is the place of the file or program in its map; nothing else need be remembered.
    fn open(&mut self, arguments: &Value) -> Result<Value> {
        let path = arguments["path"].as_str().unwrap_or_default();
        if arguments["mode"] == "w" {
            self.files.insert(path.to_owned(), Vec::new());
        }
        let place = self.files.keys().position(|known| known == path);
        place.map(|place| json!(place)).ok_or_else(|| failed("failed to open file: no such file"))
    }

    fn file(&mut self, arguments: &Value) -> Result<&mut Vec<u8>> {
        let place = arguments["handle"].as_u64().and_then(|place| usize::try_from(place).ok());
        let file = place.and_then(|place| self.files.values_mut().nth(place));
        file.ok_or_else(|| failed("handle not found"))
    }

    fn read(&mut self, arguments: &Value) -> Result<Value> {
        let file = self.file(arguments)?;
        Ok(json!({ "count": file.len(), "buf-b64": BASE64.encode(&*file), "eof": true }))
    }

    fn write(&mut self, arguments: &Value) -> Result<Value> {
        let bytes = BASE64
            .decode(arguments["buf-b64"].as_str().unwrap_or_default())
            .map_err(|error| failed(&error.to_string()))?;
        self.file(arguments)?.extend(&bytes);
        Ok(json!({ "count": bytes.len(), "eof": false }))
    }

    fn exec(&self, arguments: &Value) -> Result<Value> {
        let path = arguments["path"].as_str().unwrap_or_default();
        let place = self.programs.keys().position(|known| known == path);
        place
            .map(|place| json!({ "pid": place }))
            .ok_or_else(|| failed("guest agent command failed: no such program"))
    }

    fn exec_status(&self, arguments: &Value) -> Result<Value> {
        let place = arguments["pid"].as_u64().and_then(|place| usize::try_from(place).ok());
        let output = place.and_then(|place| self.programs.values().nth(place));
        let output = output.ok_or_else(|| failed("PID does not exist"))?;
        Ok(json!({ "exited": true, "exitcode": 0, "out-data": BASE64.encode(output) }))
    }
}
