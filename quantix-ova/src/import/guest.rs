//! Which family a guest belongs to, by what vendors call it and by CIM's number.

use quantix_core::model::GuestOs;

use crate::ovf::OperatingSystem;

/// The family of a guest: by the vendor's name, else by the description, else by number.
pub(super) fn family(os: Option<&OperatingSystem>) -> GuestOs {
    let Some(os) = os else { return GuestOs::Other };
    let texts = [os.vendor.as_deref(), os.description.as_deref()];
    let by_name = texts.into_iter().flatten().find_map(by_name);
    by_name.or_else(|| os.id.and_then(by_number)).unwrap_or_default()
}

/// Parts of names, the more specific first.
const NAMES: &[(&str, GuestOs)] = &[
    ("windows11", GuestOs::Windows11),
    ("windows2022srvnext", GuestOs::Windows11),
    ("windowsserver2025", GuestOs::Windows11),
    ("windows2025", GuestOs::Windows11),
    ("windows", GuestOs::Windows),
    ("winnet", GuestOs::Windows),
    ("winxp", GuestOs::Windows),
    ("win2000", GuestOs::Windows),
    ("winvista", GuestOs::Windows),
    ("winlonghorn", GuestOs::Windows),
    ("ubuntu", GuestOs::Ubuntu),
    ("debian", GuestOs::Debian),
    ("redhat", GuestOs::Rhel),
    ("rhel", GuestOs::Rhel),
    ("centos", GuestOs::Rhel),
    ("rocky", GuestOs::Rhel),
    ("alma", GuestOs::Rhel),
    ("oraclelinux", GuestOs::Rhel),
    ("fedora", GuestOs::Fedora),
    ("opensuse", GuestOs::Suse),
    ("suse", GuestOs::Suse),
    ("sles", GuestOs::Suse),
    ("archlinux", GuestOs::Arch),
    ("freebsd", GuestOs::Bsd),
    ("netbsd", GuestOs::Bsd),
    ("openbsd", GuestOs::Bsd),
    ("photon", GuestOs::Linux),
    ("coreos", GuestOs::Linux),
    ("flatcar", GuestOs::Linux),
    ("linux", GuestOs::Linux),
];

fn by_name(text: &str) -> Option<GuestOs> {
    let squeezed: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    NAMES.iter().find(|(part, _)| squeezed.contains(part)).map(|&(_, family)| family)
}

/// Values of `CIM_OperatingSystem.OSType`.
fn by_number(id: u16) -> Option<GuestOs> {
    Some(match id {
        16..=19 | 58 | 63 | 67 | 69..=77 | 103 | 105 | 111..=121 => GuestOs::Windows,
        42 | 43 | 65 | 78 => GuestOs::Bsd,
        79 | 80 | 106..=109 => GuestOs::Rhel,
        82..=85 => GuestOs::Suse,
        93 | 94 => GuestOs::Ubuntu,
        95 | 96 => GuestOs::Debian,
        36 | 86..=92 | 97..=101 => GuestOs::Linux,
        _ => return None,
    })
}

/// Whether a guest of the family starts from a virtio disk, though it was installed on another.
///
/// The initial RAM disks of Debian and Ubuntu hold the drivers of every disk; those of the other
/// families hold what the machine had when they were made.
pub(super) fn boots_from_virtio(family: GuestOs) -> bool {
    matches!(family, GuestOs::Debian | GuestOs::Ubuntu | GuestOs::Bsd)
}

/// Whether a guest of the family has a driver for a virtio network card once it runs.
pub(super) fn has_virtio_network(family: GuestOs) -> bool {
    !family.is_windows() && family != GuestOs::Other
}

#[cfg(test)]
mod tests {
    use quantix_xml::Position;

    use super::*;

    #[test]
    fn families_by_name_and_number() {
        let table = [
            (None, Some("debian12_64Guest"), None, GuestOs::Debian),
            (None, Some("Ubuntu_64"), None, GuestOs::Ubuntu),
            (None, Some("windows9Server64Guest"), None, GuestOs::Windows),
            (None, Some("windows11_64Guest"), None, GuestOs::Windows11),
            (None, Some("windows2022srvNext_64Guest"), None, GuestOs::Windows11),
            (None, Some("Windows11_64"), None, GuestOs::Windows11),
            (None, None, Some("Microsoft Windows Server 2025 (64-bit)"), GuestOs::Windows11),
            (None, Some("rhel9_64Guest"), None, GuestOs::Rhel),
            (None, Some("other5xLinux64Guest"), None, GuestOs::Linux),
            (None, Some("otherGuest64"), Some("Red Hat Enterprise Linux 9"), GuestOs::Rhel),
            (Some(96), None, None, GuestOs::Debian),
            (Some(69), None, Some("whatever"), GuestOs::Windows),
            (Some(1), None, None, GuestOs::Other),
            (None, None, None, GuestOs::Other),
        ];
        for (id, vendor, description, expected) in table {
            let os = OperatingSystem {
                id,
                version: None,
                vendor: vendor.map(str::to_owned),
                description: description.map(str::to_owned),
                at: Position { line: 1, column: 1 },
            };
            assert_eq!(family(Some(&os)), expected, "{os:?}");
        }
        assert_eq!(family(None), GuestOs::Other);
    }
}
