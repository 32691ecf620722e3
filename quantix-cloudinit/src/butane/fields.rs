//! The fields of Butane documents: their names in Ignition, their types, and since when they exist.

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Int,
    Bool,
    Texts,
    Object(&'static [Field]),
    Objects(&'static [Field]),
    /// Something that is fetched or carried: `source`, `inline` or `local`.
    Resource,
    Resources,
    /// Read by what makes several fields of it, not copied.
    Sugar(&'static [Field]),
    SugarList(&'static [Field]),
    SugarText,
    SugarBool,
    SugarTexts,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    /// The name in Ignition, where it is not the same word in camel case.
    pub(super) renamed: &'static str,
    pub(super) kind: Kind,
    /// The minor version of Ignition's config that has it first.
    pub(super) since: u8,
}

const fn f(name: &'static str, kind: Kind) -> Field {
    Field { name, renamed: "", kind, since: 0 }
}

const fn since(since: u8, field: Field) -> Field {
    Field { since, ..field }
}

const fn renamed(renamed: &'static str, field: Field) -> Field {
    Field { renamed, ..field }
}

use Kind::{
    Bool, Int, Object, Objects, Resource, Resources, Sugar, SugarBool, SugarList, SugarText,
    SugarTexts, Text, Texts,
};

impl Field {
    /// The name in Ignition.
    pub(super) fn target(&self) -> String {
        if !self.renamed.is_empty() {
            return self.renamed.to_owned();
        }
        let mut words = self.name.split('_');
        let mut out = words.next().unwrap_or_default().to_owned();
        for word in words {
            let (first, rest) = word.split_at(word.len().min(1));
            out.push_str(&first.to_ascii_uppercase());
            out.push_str(rest);
        }
        out
    }
}

/// A document of variant `fcos`, and what all others share.
pub(super) const ROOT: &[Field] = &[
    f("variant", SugarText),
    f("version", SugarText),
    f("ignition", Object(IGNITION)),
    since(3, f("kernel_arguments", Object(KERNEL_ARGUMENTS))),
    f("passwd", Object(PASSWD)),
    f("storage", Object(STORAGE)),
    f("systemd", Object(SYSTEMD)),
    f("boot_device", Sugar(BOOT_DEVICE)),
    f("grub", Sugar(GRUB)),
    f("metadata", Sugar(METADATA)),
    f("openshift", Sugar(OPENSHIFT)),
];
const IGNITION: &[Field] = &[
    f("config", Object(&[f("merge", Resources), f("replace", Resource)])),
    since(1, f("proxy", Object(PROXY))),
    f("security", Object(&[f("tls", Object(&[f("certificate_authorities", Resources)]))])),
    f("timeouts", Object(&[f("http_response_headers", Int), f("http_total", Int)])),
];
const PROXY: &[Field] = &[f("http_proxy", Text), f("https_proxy", Text), f("no_proxy", Texts)];
const KERNEL_ARGUMENTS: &[Field] = &[f("should_exist", Texts), f("should_not_exist", Texts)];
const PASSWD: &[Field] = &[f("users", Objects(USER)), f("groups", Objects(GROUP))];
const USER: &[Field] = &[
    f("name", Text),
    f("password_hash", Text),
    renamed("sshAuthorizedKeys", f("ssh_authorized_keys", Texts)),
    since(4, f("ssh_authorized_keys_local", SugarTexts)),
    f("uid", Int),
    f("gecos", Text),
    f("home_dir", Text),
    f("no_create_home", Bool),
    f("primary_group", Text),
    f("groups", Texts),
    f("no_user_group", Bool),
    f("no_log_init", Bool),
    f("shell", Text),
    since(2, f("should_exist", Bool)),
    f("system", Bool),
];
const GROUP: &[Field] = &[
    f("name", Text),
    f("gid", Int),
    f("password_hash", Text),
    since(2, f("should_exist", Bool)),
    f("system", Bool),
];
const STORAGE: &[Field] = &[
    f("disks", Objects(DISK)),
    f("raid", Objects(RAID)),
    f("filesystems", Objects(FILESYSTEM)),
    f("files", Objects(FILE)),
    f("directories", Objects(DIRECTORY)),
    f("links", Objects(LINK)),
    since(2, f("luks", Objects(LUKS))),
    since(1, f("trees", SugarList(TREE))),
];
const DISK: &[Field] =
    &[f("device", Text), f("wipe_table", Bool), f("partitions", Objects(PARTITION))];
const PARTITION: &[Field] = &[
    f("label", Text),
    f("number", Int),
    renamed("sizeMiB", f("size_mib", Int)),
    renamed("startMiB", f("start_mib", Int)),
    f("type_guid", Text),
    f("guid", Text),
    f("wipe_partition_entry", Bool),
    f("should_exist", Bool),
    since(2, f("resize", Bool)),
];
const RAID: &[Field] = &[
    f("name", Text),
    f("level", Text),
    f("devices", Texts),
    f("spares", Int),
    f("options", Texts),
];
const FILESYSTEM: &[Field] = &[
    f("device", Text),
    f("format", Text),
    f("path", Text),
    f("wipe_filesystem", Bool),
    f("label", Text),
    f("uuid", Text),
    f("options", Texts),
    since(1, f("mount_options", Texts)),
    since(1, f("with_mount_unit", SugarBool)),
];
const OWNER: &[Field] = &[f("id", Int), f("name", Text)];
const FILE: &[Field] = &[
    f("path", Text),
    f("overwrite", Bool),
    f("contents", Resource),
    f("append", Resources),
    f("mode", Int),
    f("user", Object(OWNER)),
    f("group", Object(OWNER)),
];
const DIRECTORY: &[Field] = &[
    f("path", Text),
    f("overwrite", Bool),
    f("mode", Int),
    f("user", Object(OWNER)),
    f("group", Object(OWNER)),
];
const LINK: &[Field] = &[
    f("path", Text),
    f("overwrite", Bool),
    f("target", Text),
    f("hard", Bool),
    f("user", Object(OWNER)),
    f("group", Object(OWNER)),
];
const TREE: &[Field] = &[f("local", SugarText), f("path", SugarText)];
const LUKS: &[Field] = &[
    f("name", Text),
    f("device", Text),
    f("label", Text),
    f("uuid", Text),
    f("options", Texts),
    since(4, f("discard", Bool)),
    since(4, f("open_options", Texts)),
    f("wipe_volume", Bool),
    f("key_file", Resource),
    f("clevis", Object(CLEVIS)),
    since(5, f("cex", Object(CEX))),
];
const CEX: &[Field] = &[f("enabled", Bool)];
const TANG: &[Field] = &[f("url", Text), f("thumbprint", Text), since(4, f("advertisement", Text))];
const CUSTOM: &[Field] = &[f("pin", Text), f("config", Text), f("needs_network", Bool)];
const CLEVIS: &[Field] =
    &[f("tang", Objects(TANG)), f("tpm2", Bool), f("threshold", Int), f("custom", Object(CUSTOM))];
const SYSTEMD: &[Field] = &[f("units", Objects(UNIT)), since(7, f("quadlets", SugarList(QUADLET)))];
const UNIT: &[Field] = &[
    f("name", Text),
    f("enabled", Bool),
    f("mask", Bool),
    f("contents", Text),
    since(4, f("contents_local", SugarText)),
    f("dropins", Objects(DROPIN)),
];
const DROPIN: &[Field] =
    &[f("name", Text), f("contents", Text), since(4, f("contents_local", SugarText))];
const QUADLET: &[Field] = &[
    f("name", SugarText),
    f("contents", SugarText),
    f("contents_local", SugarText),
    f("rootful", SugarBool),
    f("dropins", SugarList(DROPIN)),
];
const BOOT_DEVICE: &[Field] = &[
    f("layout", SugarText),
    f("luks", Sugar(BOOT_LUKS)),
    f("mirror", Sugar(&[f("devices", SugarTexts)])),
];
const BOOT_LUKS: &[Field] = &[
    since(5, f("device", SugarText)),
    f("tang", SugarList(TANG)),
    f("tpm2", SugarBool),
    f("threshold", Int),
    since(4, f("discard", SugarBool)),
    since(5, f("cex", Sugar(CEX))),
];
const GRUB: &[Field] =
    &[f("users", SugarList(&[f("name", SugarText), f("password_hash", SugarText)]))];
const METADATA: &[Field] = &[f("name", SugarText), f("labels", Kind::Sugar(&[]))];
const OPENSHIFT: &[Field] = &[
    f("kernel_type", SugarText),
    f("kernel_arguments", SugarTexts),
    f("extensions", SugarTexts),
    f("fips", SugarBool),
];

/// The fields of a [`Kind::Resource`].
pub(super) const RESOURCE: &[Field] = &[
    f("source", Text),
    f("inline", SugarText),
    since(1, f("local", SugarText)),
    f("compression", Text),
    since(1, renamed("httpHeaders", f("http_headers", Objects(HEADER)))),
    f("verification", Object(&[f("hash", Text)])),
];
const HEADER: &[Field] = &[f("name", Text), f("value", Text)];
