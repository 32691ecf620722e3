//! The Python package `quantix`: translates and decides nothing.
//!
//! The extension is the private, flat module `quantix._core`; what users import is Python in
//! `python/quantix`, which re-exports it by area. How a function is made: a `#[pyfunction]` with
//! a typed signature in the module of its crate, exported in `_core`; documents come in through
//! `convert::document`, the work runs in `convert::detached`, the answer leaves through
//! `convert::to_python`; errors become the exceptions of `quantix.exceptions`.

mod callbacks;
mod cloudinit;
mod convert;
mod core;
mod libvirt;
mod ova;
mod ova_documents;
mod planning;
mod scheduler;
mod seed_documents;

use pyo3::prelude::*;

/// The compiled half of `quantix`; import `quantix` instead.
#[pymodule]
mod _core {
    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use crate::ova::{ova_convert, ova_inspect, ova_pull, ova_verify};

    #[pymodule_export]
    use crate::ova_documents::{
        ova_create, ova_diagnose, ova_diff, ova_edit, ova_explain, ova_repair, ova_sign,
    };

    #[pymodule_export]
    use crate::core::{
        Bytes, Cidr, FolderId, FolderPath, FolderTree, ImageId, MacAddress, MemoryMib, Millicores,
        ProjectId, SpecId, Timestamp, VmId, ask, check_document, document_kinds, document_schema,
    };

    #[pymodule_export]
    use crate::cloudinit::{
        build_seed, export_spec, import_spec, render_files, render_spec, seed_image,
    };

    #[pymodule_export]
    use crate::seed_documents::{
        cloudinit_ask, mime_split, mime_write, seed_check, seed_diff, seed_explain, seed_merge,
        yaml_dump, yaml_load,
    };

    #[pymodule_export]
    use crate::libvirt::{LibvirtEvents, LibvirtHost, libvirt_validate};

    #[pymodule_export]
    use crate::callbacks::{Asked, Node};
    #[pymodule_export]
    use crate::scheduler::{Engine, decide, place, replay};

    #[pymodule_export]
    use crate::planning::{
        fleet_simulate, fleet_simulate_html, plan_admission, plan_balance, plan_capacity,
        plan_drain, plan_failover, plan_reassign, plan_whatif, plan_whatif_html,
    };
}
