//! The answers.

use std::collections::BTreeMap;

use base64::Engine as _;
use quantix_core::{CustomizationSpec, Finding, Secret, SpecVm, spec::PasswordHashing};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{AgentDocument, Edit, FileDocument, How, ITEMS_MAX, NamedText, PartDocument, Question};
use crate::{
    butane::{ButaneOptions, LocalFile, translate},
    check::{CheckOptions, check_config, check_document},
    edit::Document,
    explain::{SeedSet, compare, explain},
    hostname::{HostnameContext, HostnameTemplate, NameRules},
    merge::{Part, merge},
    mime::{PartKind, UserDataPart, split, write},
    network::network_data,
    password,
    seed::{ImageFormat, SeedDocuments, SeedImage, SeedSource},
    spec::{AgentFile, Entropy, RenderOptions, Target, render},
    ssh_key::AuthorizedKey,
    timezone::TimeZone,
    yaml::{Value, emit_with_header, parse_value},
};

type Answer = Result<Json, Vec<Finding>>;

impl Question {
    /// The answer.
    ///
    /// # Errors
    /// As [`ask`](super::ask).
    pub fn answer(self) -> Answer {
        match self {
            Self::Check { text, base64, config, how } => check(text, base64, config, how),
            Self::Explain { text, kind } => {
                let options = How { kind, ..How::default() }.options()?;
                told(&explain(text.as_bytes(), &options))
            }
            Self::Diff { before, after } => {
                told(&compare(&seed_set(before, "before")?, &seed_set(after, "after")?))
            }
            Self::Merge { documents } => merged(documents),
            Self::Edit { text, edits } => edited(text, edits),
            Self::YamlLoad { text } => match parse_value(&text) {
                Ok(value) => Ok(json!({ "value": value })),
                Err(error) => Err(vec![error.to_finding()]),
            },
            Self::YamlDump { value, header } => match emit_with_header(&header, &value) {
                Ok(text) => Ok(json!({ "text": text })),
                Err(error) => Err(bad("value", &error)),
            },
            Self::MimeWrite { parts } => mime_written(parts),
            Self::MimeSplit { base64 } => mime_split(&base64),
            Self::Render { spec, vm, target, seed, agent_files } => {
                rendered(&spec, &vm, target.as_deref(), seed, agent_files)
            }
            Self::SeedImage { documents, source, image } => seed_image(documents, source, image),
            Self::NetworkData { config } => network_data_of(&config),
            Self::Butane { text, strict, files } => butane(&text, strict, files),
            Self::Hostname { template, vm, windows, seed, taken } => {
                hostname(&template, &vm, windows, seed, &taken)
            }
            Self::TimeZone { name, windows } => time_zone(name, windows),
            Self::SshKey { text } => ssh_key(&text),
            Self::PasswordHash { plain, hashing, seed } => password_hash(&plain, hashing, seed),
        }
    }
}

impl How {
    /// The same as the options of the checks.
    fn options(&self) -> Result<CheckOptions, Vec<Finding>> {
        let Self { kind, cloud_init, renderer, distro, platform } = self;
        CheckOptions::named(kind.as_deref(), cloud_init.as_deref(), renderer.as_deref())
            .and_then(|options| options.on(distro.as_deref()))
            .and_then(|options| options.through(platform.as_deref()))
            .map_err(|error| bad(error.field(), &error))
    }
}

fn bad(field: &'static str, error: &dyn std::fmt::Display) -> Vec<Finding> {
    vec![Finding::error("bad-value", error.to_string()).at(field)]
}

fn told(report: &impl Serialize) -> Answer {
    serde_json::to_value(report).map_err(|error| bad("answer", &error))
}

fn bytes_of(base64: &str, field: &'static str) -> Result<Vec<u8>, Vec<Finding>> {
    base64::engine::general_purpose::STANDARD.decode(base64).map_err(|error| bad(field, &error))
}

fn base64_of(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn few(count: usize, field: &'static str) -> Result<(), Vec<Finding>> {
    if count <= ITEMS_MAX {
        return Ok(());
    }
    let message = format!("{count}: expected at most {ITEMS_MAX}");
    Err(vec![Finding::error("too-many", message).at(field)])
}

fn drawn(seed: Option<u64>) -> Result<Entropy, Vec<Finding>> {
    match seed {
        Some(seed) => Ok(Entropy::from_seed(seed)),
        None => Entropy::from_os()
            .map_err(|error| vec![Finding::error("no-randomness", error.to_string())]),
    }
}

fn check(text: Option<String>, base64: Option<String>, config: Option<Value>, how: How) -> Answer {
    let options = how.options()?;
    match (text, base64, config) {
        (Some(text), None, None) => told(&check_document(text.as_bytes(), &options)),
        (None, Some(base64), None) => {
            told(&check_document(&bytes_of(&base64, "base64")?, &options))
        }
        (None, None, Some(config)) => told(&check_config(&config, &options)),
        _ => Err(bad("text", &"expected one of text, base64 and config")),
    }
}

fn seed_set(
    documents: BTreeMap<String, String>,
    field: &'static str,
) -> Result<SeedSet, Vec<Finding>> {
    let mut seed = SeedSet::default();
    for (name, text) in documents {
        let kind = name.parse().map_err(|error| bad(field, &error))?;
        seed.put(kind, text.into_bytes());
    }
    Ok(seed)
}

fn merged(documents: Vec<NamedText>) -> Answer {
    few(documents.len(), "documents")?;
    let parts = documents.iter().map(|it| Part::parse(&it.name, it.text.as_bytes()));
    let parts: Vec<Part> =
        parts.collect::<Result<_, _>>().map_err(|error| vec![error.to_finding()])?;
    told(&merge(&parts))
}

fn edited(text: String, edits: Vec<Edit>) -> Answer {
    few(edits.len(), "edits")?;
    let mut document = Document::parse(text).map_err(|error| bad("text", &error))?;
    for edit in edits {
        let done = match &edit {
            Edit::Set { path, value } => document.set(&words(path), value),
            Edit::Remove { path } => document.remove(&words(path)),
        };
        done.map_err(|error| bad("edits", &error))?;
    }
    Ok(json!({ "text": document.text(), "value": document.value() }))
}

fn words(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

fn mime_written(parts: Vec<PartDocument>) -> Answer {
    few(parts.len(), "parts")?;
    let part = |part: PartDocument| {
        Ok(UserDataPart {
            filename: part.filename,
            kind: PartKind::of_content_type(&part.content_type),
            merge_type: part.merge_type,
            content: bytes_of(&part.base64, "parts")?,
        })
    };
    let parts = parts.into_iter().map(part).collect::<Result<Vec<_>, Vec<Finding>>>()?;
    let text = write(&parts).map_err(|error| vec![error.to_finding()])?;
    Ok(json!({ "text": text }))
}

fn mime_split(base64: &str) -> Answer {
    let parts = split(&bytes_of(base64, "base64")?).map_err(|error| vec![error.to_finding()])?;
    let part = |part: &UserDataPart| {
        json!({
            "filename": part.filename,
            "content_type": part.kind.content_type(),
            "merge_type": part.merge_type,
            "base64": base64_of(&part.content),
        })
    };
    let told: Vec<Json> = parts.parts.iter().map(part).collect();
    Ok(json!({ "parts": told, "includes": parts.includes, "findings": parts.findings }))
}

fn rendered(
    spec: &CustomizationSpec,
    vm: &SpecVm,
    target: Option<&str>,
    seed: Option<u64>,
    agent_files: Vec<AgentDocument>,
) -> Answer {
    few(agent_files.len(), "agent_files")?;
    let target: Target =
        target.unwrap_or("nocloud").parse().map_err(|error| bad("target", &error))?;
    let file = |file: AgentDocument| {
        let signature = file.signature.map(|text| bytes_of(&text, "agent_files")).transpose()?;
        Ok(AgentFile { arch: file.arch, binary: bytes_of(&file.base64, "agent_files")?, signature })
    };
    let agent_files =
        agent_files.into_iter().map(file).collect::<Result<Vec<_>, Vec<Finding>>>()?;
    let options = RenderOptions { target, agent_files: &agent_files, ..RenderOptions::default() };
    let rendered =
        render(spec, vm, options, &mut drawn(seed)?).map_err(|error| error.faults().to_vec())?;
    let files: BTreeMap<&str, String> =
        rendered.files().iter().map(|it| (it.name.as_str(), base64_of(&it.bytes))).collect();
    Ok(json!({
        "hostname": rendered.hostname(),
        "files": files,
        "faults": rendered.findings(),
    }))
}

fn seed_image(
    documents: BTreeMap<String, String>,
    source: Option<String>,
    image: Option<String>,
) -> Answer {
    let seed = seed_set(documents, "documents")?;
    let documents = SeedDocuments {
        user_data: seed.user_data.unwrap_or_default(),
        meta_data: seed.meta_data,
        vendor_data: seed.vendor_data,
        network_config: seed.network_config,
    };
    let build = || {
        let source: SeedSource = source.as_deref().unwrap_or("nocloud").parse()?;
        let format: ImageFormat = image.as_deref().unwrap_or("iso").parse()?;
        SeedImage::build(&documents.files(source)?, source.label(), format)
    };
    let image = build().map_err(|error: crate::seed::SeedError| bad("documents", &error))?;
    Ok(json!({
        "base64": base64_of(image.bytes()),
        "bytes": image.bytes().len(),
        "label": image.label().as_str(),
        "sha256": image.sha256(),
    }))
}

fn butane(text: &str, strict: bool, files: BTreeMap<String, FileDocument>) -> Answer {
    few(files.len(), "files")?;
    let mut local = BTreeMap::new();
    for (name, file) in files {
        let bytes = bytes_of(&file.base64, "files")?;
        local.insert(name, LocalFile { bytes, is_executable: file.is_executable });
    }
    told(&translate(text, &ButaneOptions { strict, files: local }))
}

fn network_data_of(config: &Value) -> Answer {
    let config = serde_json::to_value(config).map_err(|error| bad("config", &error))?;
    let data = network_data(&config).map_err(|error| bad("config", &error))?;
    Ok(json!({ "network_data": data.document, "findings": data.findings }))
}

fn hostname(
    template: &str,
    vm: &SpecVm,
    windows: bool,
    seed: Option<u64>,
    taken: &[String],
) -> Answer {
    few(taken.len(), "taken")?;
    let template: HostnameTemplate = template.parse().map_err(|error| bad("template", &error))?;
    let project = vm.project_id.as_ref().map(ToString::to_string);
    let folder = vm.folder.as_ref().map(ToString::to_string);
    let context = HostnameContext {
        vm_name: &vm.name,
        project_id: project.as_deref(),
        folder: folder.as_deref(),
        index: vm.index,
        date: vm.date.as_deref(),
    };
    let rules = if windows { NameRules::NetBios } else { NameRules::Rfc1123 };
    let is_taken = |name: &str| taken.iter().any(|it| it.eq_ignore_ascii_case(name));
    let name = template
        .render(&context, rules, &mut drawn(seed)?, &is_taken)
        .map_err(|error| bad("template", &error))?;
    Ok(json!({ "hostname": name.as_str() }))
}

fn time_zone(name: Option<String>, windows: Option<String>) -> Answer {
    let zone = match (name, windows) {
        (Some(name), None) => name.parse().map_err(|error| bad("name", &error))?,
        (None, Some(windows)) => TimeZone::from_windows(&windows)
            .ok_or_else(|| bad("windows", &"no time zone of Windows has this name"))?,
        _ => return Err(bad("name", &"expected either name or windows")),
    };
    Ok(json!({
        "name": zone.name(),
        "canonical": zone.canonical().name(),
        "windows": zone.windows(),
        "deprecated": zone.is_deprecated(),
    }))
}

fn ssh_key(text: &str) -> Answer {
    let key: AuthorizedKey = text
        .parse()
        .map_err(|error| vec![Finding::error("invalid-key", format!("{error}")).at("text")])?;
    Ok(json!({
        "line": key.line(),
        "algorithm": key.algorithm(),
        "comment": key.comment(),
        "fingerprint": key.fingerprint(),
    }))
}

fn password_hash(plain: &Secret, hashing: PasswordHashing, seed: Option<u64>) -> Answer {
    let hash = password::hash(plain.expose(), hashing, &mut drawn(seed)?)
        .map_err(|error| bad("plain", &error))?;
    Ok(json!({ "hash": hash.expose() }))
}
