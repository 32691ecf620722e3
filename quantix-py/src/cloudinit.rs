//! `quantix.cloudinit`: specs rendered, seed images made.

use std::path::PathBuf;

use pyo3::{prelude::*, types::PyBytes};
use quantix_cloudinit::{
    seed::{ImageFormat, SeedDocuments, SeedError, SeedImage, SeedSource},
    spec::{Entropy, RenderOptions, Rendered, Target},
    vsphere,
};
use quantix_core::{CustomizationSpec, SpecVm};

use crate::convert::{detached, document, environment_failure, input_error, to_python};

/// Renders a customization spec for one machine.
///
/// `spec` and `vm` are the documents of `quantix spec render`, as dictionaries or as JSON text; the
/// answer is that of `quantix spec render --json`. With `to` the files are written into that
/// directory, for their owner only. `seed` makes random names and salts repeat. Raises
/// `InputError` with every fault in its `findings`.
#[pyfunction]
#[pyo3(signature = (spec, vm, *, to=None, target="nocloud", seed=None))]
pub(crate) fn render_spec<'py>(
    py: Python<'py>,
    spec: &Bound<'py, PyAny>,
    vm: &Bound<'py, PyAny>,
    to: Option<PathBuf>,
    target: &str,
    seed: Option<u64>,
) -> PyResult<Bound<'py, PyAny>> {
    let rendered = render(py, spec, vm, target, seed)?;
    let report = match to {
        None => rendered.report(),
        Some(dir) => {
            detached(py, || rendered.write_to(&dir)).map_err(|error| environment_failure(&error))?
        }
    };
    to_python(py, &report)
}

/// Renders a customization spec and returns its files, as a list of `(name, content)`.
///
/// Arguments and faults are those of `render_spec`.
#[pyfunction]
#[pyo3(signature = (spec, vm, *, target="nocloud", seed=None))]
pub(crate) fn render_files<'py>(
    py: Python<'py>,
    spec: &Bound<'py, PyAny>,
    vm: &Bound<'py, PyAny>,
    target: &str,
    seed: Option<u64>,
) -> PyResult<Vec<(String, Bound<'py, PyBytes>)>> {
    let rendered = render(py, spec, vm, target, seed)?;
    let files = rendered.files().iter();
    Ok(files.map(|file| (file.name.clone(), PyBytes::new(py, &file.bytes))).collect())
}

fn render(
    py: Python<'_>,
    spec: &Bound<'_, PyAny>,
    vm: &Bound<'_, PyAny>,
    target: &str,
    seed: Option<u64>,
) -> PyResult<Rendered> {
    let spec: CustomizationSpec = document(spec, "spec")?;
    let vm: SpecVm = document(vm, "vm")?;
    let target: Target = target.parse().map_err(|error| input_error(&error, &[]))?;
    let mut entropy = match seed {
        Some(seed) => Entropy::from_seed(seed),
        None => Entropy::from_os().map_err(|error| environment_failure(&error))?,
    };
    detached(py, || {
        let options = RenderOptions { target, ..RenderOptions::default() };
        quantix_cloudinit::spec::render(&spec, &vm, options, &mut entropy)
    })
    .map_err(|error| input_error(&error, error.faults()))
}

/// Makes a seed image of user-data and its companions, and returns its bytes.
///
/// `source` is `"nocloud"` or `"configdrive"`, `image` is `"iso"` or `"vfat"`. Documents are bytes.
/// The same input gives the same bytes.
#[pyfunction]
#[pyo3(signature = (user_data, meta_data=None, network_config=None, vendor_data=None, *,
                    source="nocloud", image="iso"))]
pub(crate) fn seed_image<'py>(
    py: Python<'py>,
    user_data: Vec<u8>,
    meta_data: Option<Vec<u8>>,
    network_config: Option<Vec<u8>>,
    vendor_data: Option<Vec<u8>>,
    source: &str,
    image: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let documents = SeedDocuments { user_data, meta_data, vendor_data, network_config };
    let build = || -> Result<SeedImage, SeedError> {
        let source: SeedSource = source.parse()?;
        let format: ImageFormat = image.parse()?;
        SeedImage::build(&documents.files(source)?, source.label(), format)
    };
    let image = detached(py, build).map_err(|error| input_error(&error, &[]))?;
    Ok(PyBytes::new(py, image.bytes()))
}

/// Makes a seed image and writes it to `path` in one step, for its owner only.
///
/// Arguments are those of `seed_image`; the answer is that of `quantix seed build --json`.
#[pyfunction]
#[pyo3(signature = (path, user_data, meta_data=None, network_config=None, vendor_data=None, *,
                    source="nocloud", image="iso"))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments in Python")]
pub(crate) fn build_seed<'py>(
    py: Python<'py>,
    path: PathBuf,
    user_data: Vec<u8>,
    meta_data: Option<Vec<u8>>,
    network_config: Option<Vec<u8>>,
    vendor_data: Option<Vec<u8>>,
    source: &str,
    image: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let documents = SeedDocuments { user_data, meta_data, vendor_data, network_config };
    let build = || {
        let source: SeedSource = source.parse()?;
        let format: ImageFormat = image.parse()?;
        SeedImage::build(&documents.files(source)?, source.label(), format)?.write_to(&path)
    };
    let report = detached(py, build).map_err(|error: SeedError| {
        if error.is_io() { environment_failure(&error) } else { input_error(&error, &[]) }
    })?;
    to_python(py, &report)
}

/// Reads a customization spec of vSphere: the client's XML, SOAP, or the REST API's JSON.
///
/// The answer is `{"spec", "findings"}`. The spec holds the passwords that could be read.
#[pyfunction]
pub(crate) fn import_spec<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let imported =
        detached(py, || vsphere::import(text)).map_err(|error| input_error(&error, &[]))?;
    let spec = imported.spec.to_value_with_secrets();
    to_python(py, &serde_json::json!({ "spec": spec, "findings": imported.findings }))
}

/// Writes a spec for vSphere, as XML for its client or as JSON for the REST API.
///
/// The answer is `{"text", "findings"}`; the findings tell what vSphere's specs cannot say.
#[pyfunction]
#[pyo3(signature = (spec, *, format="xml"))]
pub(crate) fn export_spec<'py>(
    py: Python<'py>,
    spec: &Bound<'py, PyAny>,
    format: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let spec: CustomizationSpec = document(spec, "spec")?;
    let format: vsphere::Format = format.parse().map_err(|error| input_error(&error, &[]))?;
    let exported = vsphere::export(&spec, format).map_err(|error| input_error(&error, &[]))?;
    to_python(py, &exported)
}
