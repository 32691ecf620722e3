//! What kinds of objects a folder holds, and the folders that a platform begins with.

use super::{FolderError, FolderTree, NewFolder};
use crate::{FolderId, FolderName, Timestamp, word::words};

words! {
    /// What a folder holds. A folder is of its parent's kind, but for the folders in the root, which
    /// may be of any.
    #[derive(Default)]
    FolderKind "folder kind" {
        /// Machines and templates.
        #[default]
        Vm "vm",
        /// Hosts and clusters.
        Host "host",
        /// Storage pools.
        Datastore "datastore",
        /// Networks and switches.
        Network "network",
    }
}

impl FolderId {
    /// The folder `/Virtual Machines` of the default project.
    pub const VIRTUAL_MACHINES: Self = Self::from_u128(0x1000_0000_0000_0000_0000_0000_0000_0001);
    /// The folder `/Templates` of the default project.
    pub const TEMPLATES: Self = Self::from_u128(0x1000_0000_0000_0000_0000_0000_0000_0002);
    /// The folder `/Discovered VMs` of the default project, for machines found on nodes.
    pub const DISCOVERED_VMS: Self = Self::from_u128(0x1000_0000_0000_0000_0000_0000_0000_0003);
}

impl FolderTree {
    /// Creates the folders that a platform begins with, in the root: `Virtual Machines`, `Templates`
    /// and `Discovered VMs`. Those that exist are left as they are, wherever they are.
    ///
    /// # Errors
    /// When another folder has one of the names, or there are too many folders.
    pub fn create_standard_folders(&mut self, at: Timestamp) -> Result<(), FolderError> {
        for (id, name) in [
            (FolderId::VIRTUAL_MACHINES, "Virtual Machines"),
            (FolderId::TEMPLATES, "Templates"),
            (FolderId::DISCOVERED_VMS, "Discovered VMs"),
        ] {
            if self.get(id).is_none() {
                let name = FolderName::from_canonical_segment(name);
                let new = NewFolder { id, parent_id: self.root(), name, kind: None };
                self.create(&new, at)?;
            }
        }
        Ok(())
    }
}
