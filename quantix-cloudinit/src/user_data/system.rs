//! Time, trust, disks and what happens at the end.

use std::num::NonZeroU64;

use crate::yaml::{Map, Value};

/// Time servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ntp {
    /// Names that stand for many servers.
    pub pools: Vec<String>,
    /// Single servers.
    pub servers: Vec<String>,
    /// The client to set up, such as `chrony`.
    pub ntp_client: Option<String>,
}

impl From<&Ntp> for Value {
    fn from(ntp: &Ntp) -> Self {
        let mut map = Map::new();
        map.insert("enabled", true);
        map.insert_list("pools", &ntp.pools);
        map.insert_list("servers", &ntp.servers);
        map.insert_some("ntp_client", ntp.ntp_client.as_ref());
        map.into()
    }
}

/// apt's own settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AptConfig {
    /// Whether `sources.list` of the image stays.
    pub preserve_sources_list: Option<bool>,
    /// The proxy for plain HTTP.
    pub proxy: Option<String>,
    /// Further sources.
    pub sources: Vec<AptSource>,
}

/// One source of apt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AptSource {
    /// The name of the file below `sources.list.d`, with or without `.list`.
    pub name: String,
    /// The line, such as `deb https://example.org/debian stable main`.
    pub source: String,
    /// The armoured public key of whoever signs it.
    pub key: Option<String>,
}

impl From<&AptConfig> for Value {
    fn from(apt: &AptConfig) -> Self {
        let mut map = Map::new();
        map.insert_some("preserve_sources_list", apt.preserve_sources_list);
        map.insert_some("http_proxy", apt.proxy.as_ref());
        let mut sources = Map::new();
        for source in &apt.sources {
            let mut entry = Map::new();
            entry.insert("source", &source.source);
            entry.insert_some("key", source.key.as_ref());
            sources.insert(&source.name, entry);
        }
        map.insert_some("sources", (!sources.is_empty()).then_some(sources));
        map.into()
    }
}

/// Certificate authorities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaCerts {
    /// Whether the authorities of the distribution are forgotten.
    pub remove_defaults: bool,
    /// PEM certificates to trust.
    pub trusted: Vec<String>,
}

impl From<&CaCerts> for Value {
    fn from(certs: &CaCerts) -> Self {
        let mut map = Map::new();
        map.insert("remove_defaults", certs.remove_defaults);
        map.insert_list("trusted", &certs.trusted);
        map.into()
    }
}

/// Growing of partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growpart {
    /// By which program.
    pub mode: GrowpartMode,
    /// Mount points or devices; empty means `/`.
    pub devices: Vec<String>,
}

/// By which program partitions grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GrowpartMode {
    /// Whatever the image has.
    #[default]
    Auto,
    /// `growpart`.
    Growpart,
    /// Not at all.
    Off,
}

impl From<&Growpart> for Value {
    fn from(growpart: &Growpart) -> Self {
        let mut map = Map::new();
        map.insert(
            "mode",
            match growpart.mode {
                GrowpartMode::Auto => "auto",
                GrowpartMode::Growpart => "growpart",
                GrowpartMode::Off => "off",
            },
        );
        map.insert_list("devices", &growpart.devices);
        map.into()
    }
}

/// A swap file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// Where, absolute.
    pub filename: String,
    /// How big.
    pub size: SwapSize,
}

/// The size of a swap file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwapSize {
    /// By the machine's memory, at most so many bytes where given.
    Auto {
        /// The upper bound in bytes.
        limit_bytes_max: Option<NonZeroU64>,
    },
    /// So many bytes.
    Bytes(NonZeroU64),
}

impl From<&Swap> for Value {
    fn from(swap: &Swap) -> Self {
        let mut map = Map::new();
        map.insert("filename", &swap.filename);
        match swap.size {
            SwapSize::Auto { limit_bytes_max } => {
                map.insert("size", "auto");
                map.insert_some("maxsize", limit_bytes_max.map(NonZeroU64::get));
            }
            SwapSize::Bytes(bytes) => {
                map.insert("size", bytes.get());
            }
        }
        map.into()
    }
}

/// A line of fstab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// The device, such as `LABEL=data`.
    pub device: String,
    /// The mount point, or `none`.
    pub mount_point: String,
    /// The file system type.
    pub fs_type: Option<String>,
    /// The mount options. Given only with a type.
    pub options: Option<String>,
}

impl From<&Mount> for Value {
    fn from(mount: &Mount) -> Self {
        let mut fields = vec![Value::from(&mount.device), Value::from(&mount.mount_point)];
        if mount.fs_type.is_some() || mount.options.is_some() {
            fields.push(mount.fs_type.as_deref().unwrap_or("auto").into());
        }
        fields.extend(mount.options.as_ref().map(Value::from));
        Self::Seq(fields)
    }
}

/// A report of the finished first boot, sent by HTTP POST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneHome {
    /// Where to. `$INSTANCE_ID` is replaced by cloud-init.
    pub url: String,
    /// What is sent; empty means everything.
    pub post: Vec<String>,
    /// How often it is tried; cloud-init's default is 10.
    pub tries: Option<u32>,
}

impl From<&PhoneHome> for Value {
    fn from(phone_home: &PhoneHome) -> Self {
        let mut map = Map::new();
        map.insert("url", &phone_home.url);
        map.insert_list("post", &phone_home.post);
        map.insert_some("tries", phone_home.tries);
        map.into()
    }
}

/// What the machine does when the first boot is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerState {
    /// What.
    pub mode: PowerMode,
    /// Minutes to wait after cloud-init has finished.
    pub delay_minutes: u32,
    /// What logged-in users are told.
    pub message: Option<String>,
    /// A command that must succeed first.
    pub condition: Option<Vec<String>>,
}

/// How a machine goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerMode {
    /// Off.
    Poweroff,
    /// Restart.
    Reboot,
    /// Stop without switching off.
    Halt,
}

impl From<&PowerState> for Value {
    fn from(state: &PowerState) -> Self {
        let mut map = Map::new();
        map.insert(
            "mode",
            match state.mode {
                PowerMode::Poweroff => "poweroff",
                PowerMode::Reboot => "reboot",
                PowerMode::Halt => "halt",
            },
        );
        if state.delay_minutes == 0 {
            map.insert("delay", "now");
        } else {
            map.insert("delay", state.delay_minutes);
        }
        map.insert_some("message", state.message.as_ref());
        let condition = state.condition.as_ref();
        map.insert_some(
            "condition",
            condition.map(|words| words.iter().map(Value::from).collect::<Vec<_>>()),
        );
        map.into()
    }
}
