//! `quantix seed edit` and `quantix seed network-data`.

use std::path::PathBuf;

use clap::{ArgMatches, Args, FromArgMatches, error::ErrorKind};
use quantix_cloudinit::{
    edit::Document,
    network::network_data,
    yaml::{Value, parse_value},
};
use quantix_core::Finding;
use serde_json::json;

use crate::{
    failure::Failure,
    input, simulate,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix seed edit user-data --set hostname=web-2 --remove users.0.passwd
  quantix seed edit user-data --set 'packages=[vim, curl]' -o user-data

Comments, order and everything else stay as they are. PATH is the keys and list indexes that lead to
the place, with dots between them (or JSON pointer, `/write_files/0/path`, where keys hold dots); VALUE
is YAML, so that 'zone=\"0123\"' is text. Edits are made in their order. Without -o the document is
printed. A place that cannot be edited alone (an alias, a merge key) is refused: exit code 1.")]
pub(crate) struct EditArgs {
    /// The document; `-` reads standard input.
    file: PathBuf,
    #[command(flatten)]
    edits: Edits,
    /// Where to write the result, whole or not at all; may be FILE itself.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// `--set` and `--remove`, in the order in which they were given.
#[derive(Debug)]
struct Edits(Vec<Edit>);

#[derive(Debug)]
enum Edit {
    Set(String),
    Remove(String),
}

impl Args for Edits {
    fn augment_args(command: clap::Command) -> clap::Command {
        let set = clap::Arg::new("set")
            .long("set")
            .value_name("PATH=VALUE")
            .action(clap::ArgAction::Append)
            .help("Set a value, adding what leads to it");
        let remove = clap::Arg::new("remove")
            .long("remove")
            .value_name("PATH")
            .action(clap::ArgAction::Append)
            .help("Remove a value");
        command.arg(set).arg(remove)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Edits {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut all: Vec<(usize, Edit)> = Vec::new();
        for (name, make) in [("set", Edit::Set as fn(String) -> Edit), ("remove", Edit::Remove)] {
            let places = matches.indices_of(name).into_iter().flatten();
            let values = matches.get_many::<String>(name).into_iter().flatten();
            all.extend(places.zip(values.map(|value| make(value.clone()))));
        }
        if all.is_empty() {
            let message = "nothing to edit: give --set PATH=VALUE or --remove PATH\n";
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, message));
        }
        all.sort_by_key(|(place, _)| *place);
        Ok(Self(all.into_iter().map(|(_, edit)| edit).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The keys of `a.b.0`, or of `/a/b/0`.
fn words(path: &str) -> Vec<String> {
    match path.strip_prefix('/') {
        Some(pointer) => {
            pointer.split('/').map(|word| word.replace("~1", "/").replace("~0", "~")).collect()
        }
        None => path.split('.').map(str::to_owned).collect(),
    }
}

fn value(text: &str) -> Result<Value, Failure> {
    let read = parse_value(text).map_err(|error| {
        Failure::input(format!("{text:?} is not a YAML value"))
            .with_findings(vec![error.to_finding()])
            .hint("put text with `: `, `#`, quotes or brackets in quotes")
    })?;
    Ok(read.unwrap_or(Value::Null))
}

impl EditArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let name = self.file.display();
        let text = text(&self.file)?;
        let mut document = Document::parse(text).map_err(|error| {
            Failure::input(format!("{name} is not YAML as cloud-init reads it")).because(error)
        })?;
        for edit in &self.edits.0 {
            let done = match edit {
                Edit::Set(setting) => {
                    let Some((path, text)) = setting.split_once('=') else {
                        let message = format!("--set {setting}: expected PATH=VALUE");
                        return Err(Failure::input(message));
                    };
                    let words = words(path);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    document.set(&words, &value(text)?)
                }
                Edit::Remove(path) => {
                    let words = words(path);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    document.remove(&words)
                }
            };
            if let Err(error) = done {
                let finding = Finding::error("edit-refused", error.to_string());
                ui.findings([&finding]);
                if ui.json() {
                    ui.answer(&json!({ "findings": [finding] }), |_| String::new())?;
                }
                return Ok(Answer::No);
            }
        }
        if let Some(output) = &self.output {
            simulate::write(output, document.text())?;
        }
        let answer = json!({ "text": document.text(), "value": document.value(), "findings": [] });
        ui.answer(&answer, |_| match &self.output {
            Some(_) => String::new(),
            None => document.text().to_owned(),
        })?;
        Ok(Answer::Yes)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix seed network-data network-config > openstack/latest/network_data.json
  quantix seed network-data network-config --json

Cards need `match: {macaddress: …}`. What a config drive cannot say is told with its place; the answer
is 1 where the guest would miss an interface that was asked for.")]
pub(crate) struct NetworkDataArgs {
    /// A network configuration of version 2; `-` reads standard input.
    file: PathBuf,
}

impl NetworkDataArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let name = self.file.display();
        let refused = |why: String| Failure::input(format!("{name} is no version 2: {why}"));
        let value = parse_value(&text(&self.file)?).map_err(|error| {
            Failure::input(format!("{name} is not YAML as cloud-init reads it"))
                .with_findings(vec![error.to_finding()])
        })?;
        let config = serde_json::to_value(value).map_err(|error| refused(error.to_string()))?;
        let data = network_data(&config).map_err(refused)?;
        ui.findings(&data.findings);
        let answer = json!({ "network_data": data.document, "findings": data.findings });
        ui.answer(&answer, |_| format!("{:#}\n", data.document))?;
        Ok(Answer::yes_if(!data.findings.iter().any(Finding::is_error)))
    }
}

fn text(file: &std::path::Path) -> Result<String, Failure> {
    String::from_utf8(input::read(file)?)
        .map_err(|error| Failure::input(format!("{} is not UTF-8", file.display())).because(error))
}
