//! The devices of a domain, by family.

mod bus;
mod chip;
mod disk;
mod link;
mod memory;
mod screen;

pub use self::bus::{
    Certificate, CertificateEdit, Controller, ControllerEdit, Hostdev, HostdevEdit, Hub, HubEdit,
    RedirDevice, RedirDeviceEdit, RedirRule, RedirRuleEdit, SmartCard, SmartCardEdit,
};
pub use self::chip::{
    Crypto, CryptoEdit, Iommu, IommuEdit, Panic, PanicEdit, Rng, RngEdit, Tpm, TpmEdit, Watchdog,
    WatchdogEdit,
};
pub use self::disk::{Disk, DiskEdit, Filesystem, FilesystemEdit, Lease, LeaseEdit};
pub use self::link::{CharDevice, CharDeviceEdit, Interface, InterfaceEdit, Vsock, VsockEdit};
pub use self::memory::{
    Balloon, BalloonEdit, MemoryDevice, MemoryDeviceEdit, Nvram, NvramEdit, Pstore, PstoreEdit,
    SharedMemory, SharedMemoryEdit,
};
pub use self::screen::{
    Audio, AudioEdit, Codec, CodecEdit, Input, InputEdit, Screen, ScreenEdit, Sound, SoundEdit,
    Video, VideoEdit,
};
