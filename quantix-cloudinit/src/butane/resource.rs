//! What is fetched or carried: `source`, `inline` or `local`.

use std::io::Write as _;

use serde_json::{Map, Value as Json};

use super::{
    fields::RESOURCE,
    translate::{Job, text_of},
};
use crate::{ignition::data_url, yaml::Node};

/// What Butane's compressed data are longer by than ours: it ends them with an empty block.
const EMPTY_BLOCK_BYTES: usize = 5;

impl<'a> Job<'a> {
    pub(super) fn resource(&mut self, node: &'a Node, path: &str) -> Option<Json> {
        let mut out = self.object(node, path, RESOURCE)?;
        let given = |key: &str| node.entry(key).map(|entry| &entry.value);
        let sources: Vec<(&str, &Node)> = ["source", "inline", "local"]
            .into_iter()
            .filter_map(|key| Some((key, given(key)?)))
            .collect();
        if let [_, .., (key, last)] = sources[..] {
            let message = "only one of source, inline and local can be set";
            self.error(&format!("{path}.{key}"), last, "too-many-sources", message);
            return None;
        }
        let bytes = match sources.first() {
            Some(("inline", node)) => text_of(node)?.into_bytes(),
            Some(("local", node)) => self.local(node, &format!("{path}.local"))?,
            _ => return Some(Json::Object(out)),
        };
        put(&mut out, &bytes, self.may_compress());
        Some(Json::Object(out))
    }

    /// The bytes of a file that the document names.
    pub(super) fn local(&mut self, node: &Node, path: &str) -> Option<Vec<u8>> {
        let name = self.text(node, path)?;
        let file = self.options.files.get(name.trim_start_matches("./"));
        if file.is_none() {
            let message = if self.options.files.is_empty() {
                format!("{name:?} is a local file, and no folder of files was given")
            } else {
                format!("there is no local file {name:?}")
            };
            self.error(path, node, "no-such-file", message);
        }
        file.map(|file| file.bytes.clone())
    }

    /// OpenShift's operator unpacks nothing.
    pub(super) fn may_compress(&self) -> bool {
        self.dialect.variant != super::version::Variant::OpenShift
    }
}

/// Puts contents into a resource, in the shortest form: escaped, in base64, or compressed.
pub(super) fn put(out: &mut Map<String, Json>, bytes: &[u8], may_compress: bool) {
    let plain = data_url(bytes);
    let is_packed =
        out.get("compression").and_then(Json::as_str).is_some_and(|kind| !kind.is_empty());
    if is_packed {
        out.insert("source".into(), plain.into());
        return;
    }
    let packed = may_compress.then(|| gzip(bytes)).flatten();
    let length =
        |packed: &[u8]| "data:;base64,".len() + (packed.len() + EMPTY_BLOCK_BYTES).div_ceil(3) * 4;
    match packed.filter(|packed| length(packed) + "gzip".len() < plain.len()) {
        Some(packed) => {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(packed);
            out.insert("source".into(), format!("data:;base64,{text}").into());
            out.insert("compression".into(), "gzip".into());
        }
        None => {
            out.insert("source".into(), plain.into());
            out.insert("compression".into(), "".into());
        }
    }
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}
