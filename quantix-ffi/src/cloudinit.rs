//! Guest customization.

use std::{ffi::c_char, path::Path};

use quantix_cloudinit::{
    seed::{ImageFormat, SeedDocuments, SeedError, SeedImage, SeedSource},
    spec::{Entropy, RenderOptions, Target, render},
    vsphere,
};
use quantix_core::{CustomizationSpec, SpecVm};

use crate::{
    boundary::{answer, document, optional_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// Renders a customization spec for one machine and writes its files into a directory.
///
/// `spec_json` and `vm_json` are the documents of `quantix spec render`; `target` is NULL for
/// `nocloud`; `directory` is NULL to write nothing. `seed` is NULL, or a number that makes random
/// names and salts repeat. On success `*answer_out` is the document of `quantix spec render
/// --json`, owned by the caller and freed with `qtx_string_free`. Faults of the spec are the
/// findings of the error. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `seed` is NULL or readable; `answer_out` is writable; `error` is NULL
/// or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_spec_render(
    spec_json: *const c_char,
    vm_json: *const c_char,
    target: *const c_char,
    directory: *const c_char,
    seed: *const u64,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (spec, vm, target, directory) = unsafe {
            (
                text(spec_json, "spec_json")?,
                text(vm_json, "vm_json")?,
                optional_text(target, "target")?,
                optional_text(directory, "directory")?,
            )
        };
        let spec: CustomizationSpec = document(spec, "spec_json")?;
        let vm: SpecVm = document(vm, "vm_json")?;
        let target: Target =
            target.unwrap_or("nocloud").parse().map_err(|error| Fault::input(&error))?;
        // SAFETY: by contract NULL or readable.
        let seed = unsafe { seed.as_ref() }.copied();
        let mut entropy = match seed {
            Some(seed) => Entropy::from_seed(seed),
            None => Entropy::from_os().map_err(|error| Fault::environment(&error))?,
        };
        let options = RenderOptions { target, ..RenderOptions::default() };
        let rendered = render(&spec, &vm, options, &mut entropy)
            .map_err(|error| Fault::input(&error).with_findings(error.faults().to_vec()))?;
        let report = match directory {
            None => rendered.report(),
            Some(dir) => {
                rendered.write_to(Path::new(dir)).map_err(|error| Fault::environment(&error))?
            }
        };
        Ok(report)
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// Makes a seed image and writes it to a file in one step, for its owner only.
///
/// `meta_data`, `network_config` and `vendor_data` may be NULL; `source` is NULL for `nocloud`, or
/// `configdrive`; `image` is NULL for `iso`, or `vfat`. The same input gives the same bytes. On
/// success `*answer_out` is the document of `quantix seed build --json`, owned by the caller and
/// freed with `qtx_string_free`. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_seed_build(
    user_data: *const c_char,
    meta_data: *const c_char,
    network_config: *const c_char,
    vendor_data: *const c_char,
    source: *const c_char,
    image: *const c_char,
    path: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let optional = |pointer, name| unsafe { optional_text(pointer, name) };
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        // SAFETY: as above.
        let (user_data, path) = unsafe { (text(user_data, "user_data")?, text(path, "path")?) };
        let documents = SeedDocuments {
            user_data: user_data.into(),
            meta_data: bytes(optional(meta_data, "meta_data")?),
            vendor_data: bytes(optional(vendor_data, "vendor_data")?),
            network_config: bytes(optional(network_config, "network_config")?),
        };
        let source: SeedSource =
            optional(source, "source")?.unwrap_or("nocloud").parse().map_err(|e| fault(&e))?;
        let format: ImageFormat =
            optional(image, "image")?.unwrap_or("iso").parse().map_err(|e| fault(&e))?;
        let report = documents
            .files(source)
            .and_then(|files| SeedImage::build(&files, source.label(), format))
            .and_then(|image| image.write_to(Path::new(path)))
            .map_err(|error| fault(&error))?;
        Ok(report)
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// Reads a customization spec of vSphere: the client's XML, SOAP, or the REST API's JSON.
///
/// On success `*answer_out` is `{"spec","findings"}`, owned by the caller and freed with
/// `qtx_string_free`. The spec holds the passwords that could be read, so treat it as a secret.
/// May be called from any thread.
///
/// # Safety
/// `document` is NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_spec_import(
    document: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let document = unsafe { text(document, "document")? };
        let imported = vsphere::import(document).map_err(|error| Fault::input(&error))?;
        let answer = serde_json::json!({
            "spec": imported.spec.to_value_with_secrets(),
            "findings": imported.findings,
        });
        Ok(answer)
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

/// Writes a spec for vSphere, as XML for its client or as JSON for the REST API.
///
/// `format` is NULL for `xml`, or `json`. On success `*answer_out` is `{"text","findings"}`, owned
/// by the caller and freed with `qtx_string_free`; the findings tell what vSphere's specs cannot
/// say. May be called from any thread.
///
/// # Safety
/// Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_spec_export(
    spec_json: *const c_char,
    format: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || -> Result<_, Fault> {
        // SAFETY: by contract NULL or NUL-terminated.
        let (spec, format) =
            unsafe { (text(spec_json, "spec_json")?, optional_text(format, "format")?) };
        let spec: CustomizationSpec = document(spec, "spec_json")?;
        let format: vsphere::Format =
            format.unwrap_or("xml").parse().map_err(|error| Fault::input(&error))?;
        let exported = vsphere::export(&spec, format).map_err(|error| Fault::input(&error))?;
        Ok(exported)
    };
    // SAFETY: by contract `answer_out` and `error` are NULL or writable.
    unsafe { answer(answer_out, "answer_out", error, body) }
}

fn fault(error: &SeedError) -> Fault {
    if error.is_io() { Fault::environment(error) } else { Fault::input(error) }
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::{CStr, CString},
        ptr,
    };

    use super::*;
    use crate::{qtx_error_findings, qtx_error_free, qtx_string_free};

    /// The answer, or the status and the findings.
    fn outcome(
        call: impl FnOnce(*mut *mut c_char, *mut *mut qtx_error) -> qtx_status,
    ) -> Result<String, (qtx_status, String)> {
        let (mut answer, mut error) = (ptr::null_mut(), ptr::null_mut());
        let status = call(&raw mut answer, &raw mut error);
        // SAFETY: what the call returned is valid until it is freed here, once.
        unsafe {
            if status == qtx_status::Ok {
                let text = CStr::from_ptr(answer).to_str().unwrap().to_owned();
                qtx_string_free(answer);
                return Ok(text);
            }
            let findings = CStr::from_ptr(qtx_error_findings(error)).to_str().unwrap().to_owned();
            qtx_error_free(error);
            assert!(answer.is_null(), "written only on success");
            Err((status, findings))
        }
    }

    fn render(spec: &str) -> Result<String, (qtx_status, String)> {
        let spec = CString::new(spec).unwrap();
        let vm = c"{\"name\": \"web\", \"id\": \"i-1\"}";
        let (none, seed) = (ptr::null(), 1u64);
        // SAFETY: texts are NUL-terminated and the out-pointers are ours.
        outcome(|answer, error| unsafe {
            qtx_spec_render(spec.as_ptr(), vm.as_ptr(), none, none, &raw const seed, answer, error)
        })
    }

    #[test]
    fn renders_and_reports_faults() {
        let spec = r#"{"name": "x", "os_family": "Linux", "hostname": "{{.VMName}}-{{.Random}}"}"#;
        let answer = render(spec).unwrap();
        assert_eq!(
            answer,
            r#"{"files":["meta-data","user-data"],"hostname":"web-bcdjps","faults":[]}"#
        );
        let (status, findings) =
            render(r#"{"name": "x", "os_family": "Linux", "timezone": "x"}"#).unwrap_err();
        assert_eq!(status, qtx_status::InvalidInput);
        assert!(findings.contains("unknown-timezone"), "{findings}");
    }

    #[test]
    fn exports_and_imports() {
        let spec = c"{\"name\": \"x\", \"os_family\": \"Linux\", \"timezone\": \"UTC\"}";
        // SAFETY: texts are NUL-terminated and the out-pointers are ours.
        let exported = outcome(|answer, error| unsafe {
            qtx_spec_export(spec.as_ptr(), ptr::null(), answer, error)
        });
        let exported: serde_json::Value = serde_json::from_str(&exported.unwrap()).unwrap();
        let xml = CString::new(exported["text"].as_str().unwrap()).unwrap();
        // SAFETY: as above.
        let imported =
            outcome(|answer, error| unsafe { qtx_spec_import(xml.as_ptr(), answer, error) });
        assert!(imported.unwrap().contains(r#""timezone":"UTC""#));
    }

    #[test]
    fn builds_an_image() {
        let dir = tempfile::tempdir().unwrap();
        let build = |path: &Path| {
            let path = CString::new(path.to_str().unwrap()).unwrap();
            let none = ptr::null();
            let user_data = c"#cloud-config\n".as_ptr();
            // SAFETY: texts are NUL-terminated and the out-pointers are ours.
            outcome(|answer, error| unsafe {
                qtx_seed_build(
                    user_data,
                    none,
                    none,
                    none,
                    none,
                    none,
                    path.as_ptr(),
                    answer,
                    error,
                )
            })
        };
        let answer = build(&dir.path().join("seed.iso")).unwrap();
        assert!(answer.contains(r#""label":"cidata""#), "{answer}");
        let (status, _) = build(&dir.path().join("missing/seed.iso")).unwrap_err();
        assert_eq!(status, qtx_status::Environment);
    }
}
