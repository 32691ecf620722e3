//! The variables of a template: what it reads, and what of that no guest has.

use minijinja::Environment;
use quantix_core::Finding;

use super::nearest;

/// The longest template whose variables are looked up.
pub const TEMPLATE_BYTES_MAX: usize = 256 << 10;
/// The most variables that one finding lists.
const LISTED_MAX: usize = 20;

/// What cloud-init gives every template at the top, besides the keys of `v1`.
const ROOTS: [&str; 12] = [
    "v1",
    "ds",
    "base64_encoded_keys",
    "sensitive_keys",
    "merged_cfg",
    "merged_system_cfg",
    "combined_cloud_config",
    "sys_info",
    "system_info",
    "userdata",
    "vendordata",
    "vendordata2",
];
/// The keys of `v1`, each of which is at the top as well.
const STANDARD: [&str; 19] = [
    "_beta_keys",
    "availability_zone",
    "cloud_id",
    "cloud_name",
    "distro",
    "distro_release",
    "distro_version",
    "instance_id",
    "kernel_release",
    "local_hostname",
    "machine",
    "platform",
    "public_ssh_keys",
    "python_version",
    "region",
    "subplatform",
    "system_platform",
    "user",
    "variant",
];
/// Jinja's own names, and methods of mappings.
const BUILT_IN: [&str; 7] = ["range", "dict", "lipsum", "cycler", "joiner", "namespace", "loop"];
const METHODS: [&str; 4] = ["get", "items", "keys", "values"];

/// Adds what the template reads, what of that is not there, and whether it is a template at all.
pub(super) fn check(text: &str, lint: &mut Vec<Finding>) {
    if text.len() > TEMPLATE_BYTES_MAX {
        let message =
            format!("{} bytes: variables are looked up to {TEMPLATE_BYTES_MAX}", text.len());
        return lint.push(Finding::info("template-too-long", message).at_position(1, 1));
    }
    let environment = Environment::empty();
    let template = match environment.template_from_str(text) {
        Ok(template) => template,
        Err(error) => {
            let line = error.line().and_then(|line| u32::try_from(line).ok()).unwrap_or(1);
            let what = error.detail().unwrap_or("no template").to_owned();
            let message = format!("the template cannot be read: {what}");
            return lint.push(Finding::warning("template-syntax", message).at_position(line, 1));
        }
    };
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.retain(|name| !BUILT_IN.contains(&root_of(name)));
    names.sort_unstable();
    let listed: Vec<&str> = names.iter().take(LISTED_MAX).map(String::as_str).collect();
    if !listed.is_empty() {
        let more = match names.len() - listed.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("the template reads {}{more}", listed.join(", "));
        lint.push(Finding::info("template-variables", message).at_position(1, 1));
    }
    lint.extend(names.iter().filter_map(|name| missing(name, text)));
}

fn root_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// A variable that cloud-init does not set; the guest gets a text that says so in its place.
fn missing(name: &str, text: &str) -> Option<Finding> {
    let mut steps = name.split('.');
    let (root, next) = (steps.next()?, steps.next());
    let meant = if root == "v1" {
        let key = next.filter(|key| !STANDARD.contains(key) && !METHODS.contains(key))?;
        nearest(key, STANDARD.into_iter()).map(|meant| format!("v1.{meant}"))
    } else if ROOTS.contains(&root) || STANDARD.contains(&root) {
        return None;
    } else {
        nearest(root, ROOTS.into_iter().chain(STANDARD)).map(str::to_owned)
    };
    let (line, column, source) = place(name, text);
    if ["is defined", "is not defined", "default"].iter().any(|guard| source.contains(guard)) {
        return None;
    }
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    let message = format!(
        "no guest sets {name}: the text CI_MISSING_JINJA_VAR/{name} takes its place{meant}"
    );
    Some(Finding::warning("undefined-variable", message).at_position(line, column))
}

/// Where a name stands first, as a word of its own, and its line.
fn place<'a>(name: &str, text: &'a str) -> (u32, u32, &'a str) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (number, line) in (1u32..).zip(text.lines()) {
        for (at, _) in line.match_indices(name) {
            let before = line[..at].chars().next_back().is_some_and(|c| is_word(c) || c == '.');
            let after = line[at + name.len()..].chars().next().is_some_and(is_word);
            if !before && !after {
                let column = u32::try_from(line[..at].chars().count() + 1).unwrap_or(u32::MAX);
                return (number, column, line);
            }
        }
    }
    (1, 1, "")
}
