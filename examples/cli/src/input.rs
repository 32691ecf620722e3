//! Reading what the user names: bounded, with one clear message when it is not what it should be.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The largest document (cluster file, spec, user-data) that a command reads.
pub(crate) const DOCUMENT_BYTES_MAX: u64 = 256 << 20;

/// Reads a whole file; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let result = if path == Path::new("-") {
        io::stdin().lock().take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| {
            if file.metadata()?.is_dir() {
                return Err(io::Error::from(io::ErrorKind::IsADirectory));
            }
            file.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes)
        })
    };
    match result {
        Err(error) => Err(unreadable(path, error)),
        Ok(_) if bytes.len() as u64 > DOCUMENT_BYTES_MAX => Err(Failure::input(format!(
            "{} is larger than {} MiB, the most that a document may have",
            path.display(),
            DOCUMENT_BYTES_MAX >> 20
        ))),
        Ok(_) => Ok(bytes),
    }
}

/// The failure for a path that cannot be read, with what to do.
pub(crate) fn unreadable(path: &Path, error: io::Error) -> Failure {
    let failure = match error.kind() {
        io::ErrorKind::NotFound => {
            return Failure::input(format!("{} does not exist", path.display()))
                .hint("check the path");
        }
        io::ErrorKind::IsADirectory => {
            return Failure::input(format!("{} is a directory, expected a file", path.display()));
        }
        io::ErrorKind::PermissionDenied => {
            Failure::input(format!("cannot read {}", path.display()))
                .hint("check its permissions, or run as a user who may read it")
        }
        _ => Failure::environment(format!("cannot read {}", path.display())),
    };
    failure.because(error)
}

/// Reads a JSON or YAML document into its type; the message names the line and the column.
pub(crate) fn document<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, Failure> {
    parse(&read(path)?, &path.display().to_string(), what)
}

/// Parses a JSON or YAML document that was read from `name`.
pub(crate) fn parse<T: DeserializeOwned>(
    bytes: &[u8],
    name: &str,
    what: &str,
) -> Result<T, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Failure::input(format!("{name} is not a {what}: not UTF-8 text"))
            .because(error)
            .hint("expected a JSON or YAML document")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Failure::input(format!("{name} is empty, expected a {what}")));
    }
    if text.trim_start().starts_with(['{', '[']) {
        return serde_json::from_str(text).map_err(|error| {
            Failure::input(format!("{name} is not a valid {what}")).because(error)
        });
    }
    serde_saphyr::from_str(text)
        .map_err(|error| Failure::input(format!("{name} is not a valid {what}")).because(error))
}
