//! `quantix spec hostname`, `timezone`, `ssh-key` and `password`: one part of a spec at a time.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use quantix_cloudinit::question::ask;
use serde_json::{Map, Value, json};

use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix spec hostname '{{.VMName}}-{{.Index:03}}' --vm-name web --index 7
  quantix spec hostname 'app-{{.Random}}' --taken app-k3v9x --windows --json

The name is always valid: RFC 1123, or NetBIOS (15 characters) with --windows. What the template
lacks, or a name that cannot be made valid, is told; the answer is then 1.")]
pub(crate) struct HostnameArgs {
    /// The template.
    template: String,
    /// The machine's name.
    #[arg(long, value_name = "NAME", default_value = "vm")]
    vm_name: String,
    /// The machine's number among those that are made together.
    #[arg(long, value_name = "N")]
    index: Option<u64>,
    /// The machine's folder.
    #[arg(long, value_name = "PATH")]
    folder: Option<String>,
    /// The machine's project.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// The day, such as 2026-12-01.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Keep to the rules of Windows.
    #[arg(long)]
    windows: bool,
    /// A name that another machine has; may be given again.
    #[arg(long, value_name = "NAME")]
    taken: Vec<String>,
    /// Make random parts repeat.
    #[arg(long, value_name = "N")]
    seed_random: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix spec timezone Europe/Berlin
  quantix spec timezone --windows 'W. Europe Standard Time' --json

An unknown zone is told with the nearest known one; the answer is then 1.")]
pub(crate) struct TimezoneArgs {
    /// The IANA name.
    #[arg(required_unless_present = "windows", conflicts_with = "windows")]
    name: Option<String>,
    /// The name in Windows.
    #[arg(long, value_name = "NAME")]
    windows: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix spec ssh-key ~/.ssh/id_ed25519.pub

Prints the fingerprint. A private key, or what is no line of authorized_keys, is refused: exit code 1.")]
pub(crate) struct SshKeyArgs {
    /// A file with one line as in authorized_keys; `-` reads standard input.
    file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Hashing {
    Yescrypt,
    Sha512Crypt,
    Bcrypt,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix spec password < password-file
  quantix spec password --hashing sha512-crypt < password-file

The password is the first line of standard input, so that it stands in no list of processes.")]
pub(crate) struct PasswordArgs {
    /// How it is hashed.
    #[arg(long, value_enum, default_value_t = Hashing::Yescrypt)]
    hashing: Hashing,
}

impl HostnameArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut vm = Map::new();
        vm.insert("name".into(), self.vm_name.into());
        let mut put = |key: &str, value: Option<Value>| {
            vm.extend(value.map(|value| (key.to_owned(), value)));
        };
        put("index", self.index.map(Value::from));
        put("folder", self.folder.map(Value::from));
        put("project_id", self.project.map(Value::from));
        put("date", self.date.map(Value::from));
        let question = json!({
            "op": "hostname", "template": self.template, "vm": vm, "windows": self.windows,
            "taken": self.taken, "seed": self.seed_random,
        });
        answer(ui, &question, |answer| shown(&answer["hostname"]))
    }
}

impl TimezoneArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let question = json!({ "op": "time_zone", "name": self.name, "windows": self.windows });
        answer(ui, &question, |answer| {
            let windows = answer["windows"].as_str().unwrap_or("no name in Windows");
            format!("{} ({windows})", shown(&answer["canonical"]))
        })
    }
}

impl SshKeyArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let text = String::from_utf8_lossy(&input::read(&self.file)?).into_owned();
        let question = json!({ "op": "ssh_key", "text": text.trim_end_matches(['\r', '\n']) });
        answer(ui, &question, |answer| {
            let parts = ["algorithm", "fingerprint", "comment"].map(|key| shown(&answer[key]));
            parts.join(" ").trim_end().to_owned()
        })
    }
}

impl PasswordArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let bytes = input::read("-".as_ref())?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::input("the password is not UTF-8 text"))?;
        let plain = text.lines().next().unwrap_or_default();
        if plain.is_empty() {
            let failure = Failure::input("there is no password on standard input");
            return Err(failure.hint("expected one line with the password"));
        }
        let hashing = match self.hashing {
            Hashing::Yescrypt => "yescrypt",
            Hashing::Sha512Crypt => "sha512",
            Hashing::Bcrypt => "bcrypt",
        };
        let question = json!({ "op": "password_hash", "plain": plain, "hashing": hashing });
        answer(ui, &question, |answer| shown(&answer["hash"]))
    }
}

fn shown(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The answer, or with `--json` `{"findings"}` where there is none.
fn answer(
    ui: &Ui,
    question: &Value,
    human: impl FnOnce(&Value) -> String,
) -> Result<Answer, Failure> {
    match ask(&question.to_string()) {
        Ok(answer) => {
            ui.answer(&answer, |answer| human(answer) + "\n")?;
            Ok(Answer::Yes)
        }
        Err(findings) => {
            ui.findings(&findings);
            if ui.json() {
                ui.answer(&json!({ "findings": findings }), |_| String::new())?;
            }
            Ok(Answer::No)
        }
    }
}
