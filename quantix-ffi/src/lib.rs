//! The C API: `libquantix` and `quantix.h`.
//!
//! Translates and decides nothing: text and JSON in, library crates called, JSON out. The rules
//! that every function keeps stand at the top of the header. `examples/c` holds a whole program:
//!
//! ```c
//! char *report = NULL;
//! qtx_error *error = NULL;
//! if (qtx_ova_inspect("appliance.ova", &report, &error) != QTX_STATUS_OK) {
//!   fprintf(stderr, "%s\n", qtx_error_message(error));
//!   qtx_error_free(error);
//! }
//! ```
//!
//! How a function is made: `#[unsafe(no_mangle)] pub unsafe extern "C" fn qtx_…`, its whole body
//! in `boundary::call`, inputs read by `boundary::text` and the like, outputs written by
//! `boundary::put_json` as its last step. One module per library crate.
#![allow(non_camel_case_types, reason = "type names are the C names")]

mod boundary;
mod callbacks;
mod cloudinit;
mod core;
mod documents;
mod engine;
mod error;
mod libvirt;
mod ova;
mod ova_documents;
mod planning;
mod scheduler;
mod seed_documents;

pub use self::core::{
    qtx_document_check, qtx_document_schema, qtx_folder_path_names, qtx_folder_path_normalize,
    qtx_folder_tree, qtx_folder_tree_find, qtx_folder_tree_free, qtx_folder_tree_from_json,
    qtx_folder_tree_len, qtx_folder_tree_new, qtx_folder_tree_run, qtx_folder_tree_to_json,
    qtx_model_ask,
};
pub use boundary::qtx_string_free;
pub use callbacks::{
    qtx_candidate, qtx_engine_add_filter, qtx_engine_add_score, qtx_filter, qtx_score,
};
pub use cloudinit::{qtx_seed_build, qtx_spec_export, qtx_spec_import, qtx_spec_render};
pub use documents::{
    qtx_document, qtx_document_free, qtx_document_get, qtx_document_is_valid, qtx_document_parse,
    qtx_document_remove, qtx_document_report, qtx_document_set,
};
pub use engine::{
    QTX_NO_NODE, qtx_engine, qtx_engine_free, qtx_engine_new, qtx_engine_node_id, qtx_engine_place,
    qtx_engine_remove, qtx_engine_shape,
};
pub use error::{
    qtx_error, qtx_error_details, qtx_error_findings, qtx_error_free, qtx_error_message,
    qtx_error_status, qtx_status,
};
pub use libvirt::{
    qtx_events, qtx_events_free, qtx_events_next, qtx_host, qtx_host_connect, qtx_host_events,
    qtx_host_free, qtx_host_run, qtx_libvirt_validate,
};
pub use ova::{qtx_ova_convert, qtx_ova_inspect, qtx_ova_pull, qtx_ova_verify, qtx_progress};
pub use ova_documents::{
    qtx_ova_create, qtx_ova_diagnose, qtx_ova_diff, qtx_ova_edit, qtx_ova_explain, qtx_ova_repair,
    qtx_ova_sign,
};
pub use planning::{
    qtx_plan_admission, qtx_plan_balance, qtx_plan_capacity, qtx_plan_drain, qtx_plan_failover,
    qtx_plan_reassign, qtx_plan_whatif, qtx_plan_whatif_html, qtx_simulate_fleet,
    qtx_simulate_fleet_html,
};
pub use scheduler::{qtx_decide, qtx_place, qtx_replay};
pub use seed_documents::{
    qtx_cloudinit_ask, qtx_seed_check, qtx_seed_diff, qtx_seed_explain, qtx_seed_merge,
    qtx_yaml_emit,
};

/// The version of the library, such as `0.1.0`. Static; never freed.
#[unsafe(no_mangle)]
pub extern "C" fn qtx_version() -> *const std::ffi::c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
