//! The envelope: references, disks, networks, deployment options, localised texts.

use quantix_xml::{Document, Element};

use super::{
    About, Capacity, DeploymentOption, Descriptor, DiskRef, FileRef, NetworkRef, OvfError, check,
    dialect, product,
    reader::{Reader, attr, is_true, section_name, shorten, trimmed},
    system,
    units::{self, Unit},
};

pub(super) fn read(document: Document) -> Result<Descriptor, OvfError> {
    let root = document.root();
    if root.local_name() != "Envelope" {
        let found = shorten(root.name()).into_owned();
        return Err(OvfError::NotOvf { found, at: root.position() });
    }
    let mut reader = Reader::default();
    reader.is_ovirt = dialect::is_ovirt(root);
    let mut parts = Parts::default();
    let version = dialect::version(&mut reader, root);
    read_strings(&mut reader, root);
    for element in root.elements() {
        read_part(&mut reader, element, &mut parts);
    }
    if parts.content.is_none() && !reader.has_unknown_content {
        let message = "no VirtualSystem and no VirtualSystemCollection: nothing to deploy";
        reader.error("no-content", root.position(), message);
    }
    let producer = dialect::producer(&document);
    let Parts { files, disks, networks, options, about, content, .. } = parts;
    let mut descriptor = Descriptor {
        version,
        producer,
        files,
        disks,
        networks,
        options,
        about,
        content,
        is_ovirt: reader.is_ovirt,
        findings: Vec::new(),
        document,
    };
    check::check(&mut reader, &descriptor);
    descriptor.findings = reader.into_findings();
    Ok(descriptor)
}

#[derive(Default)]
struct Parts {
    files: Vec<FileRef>,
    disks: Vec<DiskRef>,
    networks: Vec<NetworkRef>,
    options: Vec<DeploymentOption>,
    about: About,
    content: Option<super::Entity>,
}

fn read_part(reader: &mut Reader, element: Element<'_>, parts: &mut Parts) {
    match section_name(element).as_ref() {
        "References" => {
            parts.files.extend(element.elements_named("File").map(|e| read_file(reader, e)));
        }
        "DiskSection" => {
            check::expect_info(reader, element);
            for child in element.elements() {
                match child.local_name() {
                    "Disk" => parts.disks.push(read_disk(reader, child)),
                    "Info" => {}
                    _ => check::unknown_element(reader, child, "the disk section"),
                }
            }
        }
        "NetworkSection" => {
            check::expect_info(reader, element);
            for child in element.elements_named("Network") {
                parts.networks.push(read_network(reader, child));
            }
        }
        "DeploymentOptionSection" => {
            check::expect_info(reader, element);
            let options = element.elements_named("Configuration");
            parts.options.extend(options.map(|e| read_option(reader, e)));
        }
        "VirtualSystem" | "VirtualSystemCollection" => {
            if parts.content.is_some() {
                let message = "a second VirtualSystem or VirtualSystemCollection in the envelope: \
                               put both into one VirtualSystemCollection; this one is ignored";
                reader.error("second-content", element.position(), message);
                return;
            }
            parts.content = system::read_entity(reader, element, 1);
        }
        "Content" | "UnKnown" => unknown_content(reader, element),
        "Strings" => {}
        "VirtualHardwareSection" | "OperatingSystemSection" => {
            let name = section_name(element);
            let message = format!("{name} in the envelope: it belongs in a VirtualSystem");
            reader.error("misplaced-section", element.position(), message);
        }
        name if product::read_about(reader, element, name, &mut parts.about) => {}
        _ if element.local_name() == "Content" => unknown_content(reader, element),
        _ => check::unknown_element(reader, element, "the envelope"),
    }
}

/// A `Content` of OVF 0.9 whose type is neither a system nor a collection.
fn unknown_content(reader: &mut Reader, element: Element<'_>) {
    reader.has_unknown_content = true;
    let message = "content of an unknown type: expected `ovf:VirtualSystem_Type` or \
                   `ovf:VirtualSystemCollection_Type` as `xsi:type`";
    reader.error("unknown-content", element.position(), message);
}

fn read_file(reader: &mut Reader, element: Element<'_>) -> FileRef {
    let at = element.position();
    let id = attr(element, "id").unwrap_or_default();
    let href = attr(element, "href").unwrap_or_default();
    if id.is_empty() {
        reader.error("missing-id", at, "a File without `ovf:id` cannot be referred to");
    }
    if href.is_empty() {
        let message = format!("file `{}` has no `ovf:href`", shorten(&id));
        reader.error("missing-href", at, message);
    }
    let size = reader.number(element, "size");
    let compression = attr(element, "compression").map(|value| value.to_ascii_lowercase());
    let compression = compression.filter(|value| value != "identity");
    if let Some(name) = compression.as_deref().filter(|name| *name != "gzip") {
        let message =
            format!("compression {:?} is not read: expected `identity` or `gzip`", shorten(name));
        reader.error("unknown-compression", at, message);
    }
    let chunk_bytes = reader.number(element, "chunkSize");
    if chunk_bytes == Some(0) {
        reader.error("invalid-number", at, "`chunkSize` is 0: expected 1 or more");
    }
    let chunk_bytes = chunk_bytes.filter(|&bytes| bytes > 0);
    FileRef { id, href, size, compression, chunk_bytes, at }
}

fn read_disk(reader: &mut Reader, element: Element<'_>) -> DiskRef {
    let at = element.position();
    let id = attr(element, "diskId").unwrap_or_default();
    if id.is_empty() {
        reader.error("missing-id", at, "a Disk without `ovf:diskId` cannot be referred to");
    }
    let format = attr(element, "format");
    if format.is_none() {
        let message = format!("disk `{}` has no `ovf:format`", shorten(&id));
        if attr(element, "fileRef").is_some() {
            reader.error("missing-format", at, message);
        } else {
            reader.info("missing-format", at, message);
        }
    }
    let capacity = read_capacity(reader, element, &id);
    let populated_bytes = populated(reader, element);
    if let (Capacity::Bytes(capacity), Some(populated)) = (&capacity, populated_bytes)
        && populated > *capacity
    {
        let message = format!(
            "disk `{}` holds {populated} bytes but has a capacity of {capacity}",
            shorten(&id)
        );
        reader.error("populated-above-capacity", at, message);
    }
    let parent = attr(element, "parentRef");
    let is_bootable = ["boot", "isBootable"]
        .iter()
        .any(|name| attr(element, name).is_some_and(|value| is_true(&value)));
    DiskRef {
        id,
        file: attr(element, "fileRef"),
        capacity,
        populated_bytes,
        format,
        parent,
        interface: attr(element, "disk-interface"),
        is_bootable,
        at,
    }
}

fn populated(reader: &mut Reader, element: Element<'_>) -> Option<u64> {
    if element.attribute_local("actual_size").is_some() {
        // oVirt counts whole GiB here, rounded in either direction: no use as a number of bytes.
        return None;
    }
    reader.number(element, "populatedSize")
}

fn read_capacity(reader: &mut Reader, element: Element<'_>, id: &str) -> Capacity {
    let at = element.position();
    let unit = attr(element, "capacityAllocationUnits");
    let Some(capacity) = attr(element, "capacity") else {
        // oVirt gives whole GiB in `size`, and for LUNs in `device_size`.
        let gib = attr(element, "size").or_else(|| attr(element, "device_size"));
        if let Some(bytes) = gib.and_then(|gib| Unit::GIBIBYTE.apply(&gib).ok()) {
            return Capacity::Bytes(bytes);
        }
        let message = format!("disk `{}` has no `ovf:capacity`", shorten(id));
        let has_file = attr(element, "fileRef").is_some();
        let code = if has_file { "uncertain-capacity" } else { "missing-capacity" };
        reader.error(code, at, message);
        return Capacity::Unknown;
    };
    if let Some(key) = capacity.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        return Capacity::Property { key: key.trim().to_owned(), unit };
    }
    // VMware's first exporters wrote the bytes of a unit into `allocationUnits`.
    let legacy = attr(element, "allocationUnits").filter(|_| unit.is_none());
    let parsed = match legacy.as_deref().map(str::parse::<u64>) {
        Some(Ok(factor)) => Unit::BYTE.apply(&capacity).map(|units| units.saturating_mul(factor)),
        _ => units::bytes(&capacity, unit.as_deref().or(legacy.as_deref()), Unit::BYTE),
    };
    match parsed {
        Ok(0) => {
            let message = format!("disk `{}` has a capacity of 0", shorten(id));
            reader.error("zero-capacity", at, message);
            Capacity::Bytes(0)
        }
        Ok(bytes) => Capacity::Bytes(bytes),
        Err(error) => {
            let place =
                element.attribute_local("capacity").map_or(at, |found| found.value_position());
            let message = format!("capacity of disk `{}`: {error}", shorten(id));
            reader.error("invalid-capacity", place, message);
            Capacity::Unknown
        }
    }
}

fn read_network(reader: &mut Reader, element: Element<'_>) -> NetworkRef {
    let at = element.position();
    let name = element.attr_local("name").map(|name| name.into_owned()).unwrap_or_default();
    if name.trim().is_empty() {
        reader.error("missing-name", at, "a Network without `ovf:name` cannot be referred to");
    }
    NetworkRef { name, description: reader.child_text(element, "Description"), at }
}

fn read_option(reader: &mut Reader, element: Element<'_>) -> DeploymentOption {
    let at = element.position();
    let id = attr(element, "id").unwrap_or_default();
    if id.is_empty() {
        reader.error("missing-id", at, "a Configuration without `ovf:id` cannot be chosen");
    }
    DeploymentOption {
        id,
        label: reader.child_text(element, "Label"),
        description: reader.child_text(element, "Description"),
        is_default: attr(element, "default").is_some_and(|value| is_true(&value)),
        at,
    }
}

/// Reads the localised texts: English where there is some, else the first language.
fn read_strings(reader: &mut Reader, root: Element<'_>) {
    let bundles: Vec<_> = root.elements_named("Strings").collect();
    let language =
        |element: &Element<'_>| element.attr_local("lang").unwrap_or_default().to_ascii_lowercase();
    let own = root.attr("xml:lang").unwrap_or_default().to_ascii_lowercase();
    let chosen = bundles
        .iter()
        .find(|bundle| !own.is_empty() && language(bundle) == own)
        .or_else(|| bundles.iter().find(|bundle| language(bundle).starts_with("en")))
        .or(bundles.first());
    for bundle in &bundles {
        if let Some(file) = attr(*bundle, "fileRef") {
            let message = format!(
                "texts in language {:?} are in file `{}` and are not read",
                language(bundle),
                shorten(&file)
            );
            reader.info("external-strings", bundle.position(), message);
        }
    }
    let Some(chosen) = chosen else { return };
    for message in chosen.elements_named("Msg") {
        if let (Some(id), Some(text)) = (attr(message, "msgid"), trimmed(&message.text())) {
            reader.strings.entry(id).or_insert(text);
        }
    }
}
