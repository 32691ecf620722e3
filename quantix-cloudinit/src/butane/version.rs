//! Variants and versions of Butane, and the version of Ignition that each is translated to.

/// What a document is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    Fcos,
    Flatcar,
    OpenShift,
    R4e,
    Fiot,
}

/// A variant in one of its versions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) variant: Variant,
    /// The minor version of the variant: 7 of fcos 1.7.0, 14 of openshift 4.14.0.
    pub(super) minor: u8,
    /// The version of Ignition's config.
    pub(super) ignition: &'static str,
    /// Its minor version.
    pub(super) spec: u8,
}

const IGNITION: [&str; 8] =
    ["3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0", "3.6.0", "3.7.0-experimental"];

/// Minor version of the variant, whether it is experimental, and minor version of Ignition's config.
const FCOS: &[(u8, bool, u8)] = &[
    (0, false, 0),
    (1, false, 1),
    (2, false, 2),
    (3, false, 2),
    (4, false, 3),
    (5, false, 4),
    (6, false, 5),
    (7, false, 6),
    (8, true, 7),
];
const FLATCAR: &[(u8, bool, u8)] = &[(0, false, 3), (1, false, 4), (2, true, 7)];
const R4E: &[(u8, bool, u8)] = &[(0, false, 3), (1, false, 4), (2, true, 7)];
const FIOT: &[(u8, bool, u8)] = &[(0, false, 4), (1, true, 7)];
const OPENSHIFT: &[(u8, bool, u8)] = &[
    (8, false, 2),
    (9, false, 2),
    (10, false, 2),
    (11, false, 2),
    (12, false, 2),
    (13, false, 2),
    (14, false, 4),
    (15, false, 4),
    (16, false, 4),
    (17, false, 4),
    (18, false, 4),
    (19, false, 5),
    (20, false, 5),
    (21, true, 7),
];

impl Dialect {
    /// The dialect of a document that names these, or what is wrong with them.
    pub(super) fn find(variant: &str, version: &str) -> Result<Self, String> {
        let (kind, major, table) = match variant {
            "fcos" => (Variant::Fcos, "1", FCOS),
            "flatcar" => (Variant::Flatcar, "1", FLATCAR),
            "openshift" => (Variant::OpenShift, "4", OPENSHIFT),
            "r4e" => (Variant::R4e, "1", R4E),
            "fiot" => (Variant::Fiot, "1", FIOT),
            other => {
                return Err(format!(
                    "no variant is called {other:?}: expected fcos, flatcar, openshift, r4e or fiot"
                ));
            }
        };
        let name = |row: &(u8, bool, u8)| {
            format!("{major}.{}.0{}", row.0, if row.1 { "-experimental" } else { "" })
        };
        match table.iter().find(|row| name(row) == version) {
            Some(&(minor, _, spec)) => {
                let ignition = IGNITION[usize::from(spec)];
                Ok(Self { variant: kind, minor, ignition, spec })
            }
            None => {
                let known: Vec<String> = table.iter().map(name).collect();
                Err(format!("{variant} has no version {version:?}: there are {}", known.join(", ")))
            }
        }
    }

    /// Whether the variant knows `boot_device`.
    pub(super) fn has_boot_device(self) -> bool {
        match self.variant {
            Variant::Fcos => self.minor >= 3,
            Variant::OpenShift => true,
            _ => false,
        }
    }

    /// Whether the variant knows `grub`.
    pub(super) fn has_grub(self) -> bool {
        match self.variant {
            Variant::Fcos => self.minor >= 5,
            Variant::OpenShift => self.minor >= 14,
            _ => false,
        }
    }
}
