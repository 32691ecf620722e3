//! Machines on a libvirt host.

use std::{ffi::c_char, path::Path, ptr, time::Duration};

use quantix_libvirt::{Class, RequestError, blocking};

use crate::{
    boundary::{call, check_out, optional_text, put_text, text},
    error::{Fault, qtx_error, qtx_status},
};

/// A libvirt host. Owned by the caller and freed with `qtx_host_free`; may be used by several
/// threads at once.
#[derive(Debug)]
pub struct qtx_host(blocking::Host);

/// The events of a host. Owned by the caller and freed with `qtx_events_free`; used by one thread
/// at a time. It outlives the host that it is of.
#[derive(Debug)]
pub struct qtx_events(blocking::EventStream);

/// No deadline of its own: the default of 30 seconds, or the one of the host.
const OWN_DEADLINE: u64 = 0;

fn limit(milliseconds: u64) -> Option<Duration> {
    (milliseconds != OWN_DEADLINE).then(|| Duration::from_millis(milliseconds))
}

fn fault(error: &RequestError) -> Fault {
    let status = match error.call().map(quantix_libvirt::Error::class) {
        None | Some(Class::Invalid | Class::NotFound | Class::Conflict) => qtx_status::InvalidInput,
        Some(_) => qtx_status::Environment,
    };
    let details = serde_json::to_string(&error.details()).unwrap_or_default();
    Fault::new(status, error.to_string())
        .with_findings(error.findings().to_vec())
        .with_details(details)
}

fn failed(error: quantix_libvirt::Error) -> Fault {
    fault(&RequestError::from(error))
}

/// Borrows a handle.
///
/// # Safety
/// `pointer` is NULL or a handle that lives for `'a`.
unsafe fn handle<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Fault> {
    // SAFETY: by contract NULL or valid.
    unsafe { pointer.as_ref() }.ok_or_else(|| {
        Fault::new(qtx_status::NullArgument, ["argument `", name, "` is NULL"].concat())
    })
}

/// Connects to a libvirt host, such as `qemu:///system`, `qemu+tcp://host/system` or
/// `test:///default`; `fake:///1` is a host in memory, for tests.
///
/// libvirt's client library is loaded by the first call for a host of libvirt; nothing else of
/// Quantix needs it. Every call on the host ends after `deadline_ms` milliseconds (0: 30 seconds),
/// with an answer or an error of the class `deadline`.
///
/// # Safety
/// `uri` is NUL-terminated; `host_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_host_connect(
    uri: *const c_char,
    deadline_ms: u64,
    host_out: *mut *mut qtx_host,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(host_out, "host_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let uri = unsafe { text(uri, "uri")? };
        let limit = limit(deadline_ms).unwrap_or(quantix_libvirt::CALL_DEADLINE);
        let host = blocking::Host::open(uri, limit).map_err(failed)?;
        // SAFETY: `host_out` is not NULL, and by contract writable.
        unsafe { host_out.write(Box::into_raw(Box::new(qtx_host(host)))) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Makes one call on a host, within `deadline_ms` milliseconds (0: those of the host).
///
/// The request is a document such as `{"op":"list"}`, `{"op":"show","vm":"web"}`,
/// `{"op":"create","spec":{"name","id","cpus","memory_mib",…},"start":true}`,
/// `{"op":"plan","vm","spec"}`, `{"op":"apply","vm","spec"}`,
/// `{"op":"stop","vm","mode":"graceful_then_destroy","budget_seconds":60}`,
/// `{"op":"attach","vm","xml","affect":"both"}`, `{"op":"migrate","vm","request":{"destination"}}`,
/// `{"op":"stats"}`, `{"op":"agent_exec","vm","program","args":[…]}`, `{"op":"screenshot","vm"}`;
/// a name that there is not is refused with the list of all. `vm` is a name or a UUID. On success
/// `*answer_out` is the document of `quantix vm … --json`, freed with `qtx_string_free`. Of an
/// error, `qtx_error_details` tells the class to decide on.
///
/// # Safety
/// `host` is NULL or unfreed; `request_json` is NUL-terminated; `answer_out` is writable; `error`
/// is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_host_run(
    host: *const qtx_host,
    request_json: *const c_char,
    deadline_ms: u64,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(answer_out, "answer_out")?;
        // SAFETY: by contract NULL or unfreed, and NULL or NUL-terminated.
        let (host, request) =
            unsafe { (handle(host, "host")?, text(request_json, "request_json")?) };
        let answer = match limit(deadline_ms) {
            Some(limit) => host.0.within(limit).answer(request),
            None => host.0.answer(request),
        };
        let answer = answer.map_err(|error| fault(&error))?;
        // SAFETY: `answer_out` is not NULL, and by contract writable.
        unsafe { put_text(answer_out, &answer) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Subscribes to the events of a host from now on.
///
/// # Safety
/// `host` is NULL or unfreed; `events_out` is writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_host_events(
    host: *const qtx_host,
    events_out: *mut *mut qtx_events,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(events_out, "events_out")?;
        // SAFETY: by contract NULL or unfreed.
        let host = unsafe { handle(host, "host")? };
        let events = host.0.events().map_err(failed)?;
        // SAFETY: `events_out` is not NULL, and by contract writable.
        unsafe { events_out.write(Box::into_raw(Box::new(qtx_events(events)))) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Waits at most `limit_ms` milliseconds for the next event. On success `*event_out` is a document
/// such as `{"event":"lifecycle","domain":{"name","id"},"what":"started",…}`, freed with
/// `qtx_string_free`, or NULL where none came in time. `{"event":"resync",…}` comes first and
/// wherever events may have been missed: read the state of the machines again.
///
/// # Safety
/// `events` is NULL or unfreed and used by no other thread; `event_out` is writable; `error` is
/// NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_events_next(
    events: *mut qtx_events,
    limit_ms: u64,
    event_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(event_out, "event_out")?;
        // SAFETY: by contract NULL or unfreed and ours alone.
        let events = unsafe { events.as_mut() };
        let events = events
            .ok_or_else(|| Fault::new(qtx_status::NullArgument, "argument `events` is NULL"))?;
        let event = events.0.next_within(Duration::from_millis(limit_ms));
        let json = event.map(|event| serde_json::to_string(&event)).transpose();
        let json = json.map_err(|error| Fault::input(&error))?;
        // SAFETY: `event_out` is not NULL, and by contract writable.
        unsafe {
            match json {
                Some(json) => put_text(event_out, &json),
                None => event_out.write(ptr::null_mut()),
            }
        }
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

/// Ends a subscription. NULL is accepted.
///
/// # Safety
/// `events` is NULL, or was set by `qtx_host_events` and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_events_free(events: *mut qtx_events) {
    if !events.is_null() {
        // SAFETY: by contract it came from Box::into_raw and is unfreed.
        drop(unsafe { Box::from_raw(events) });
    }
}

/// Closes a host; calls that run in other threads must have ended. NULL is accepted.
///
/// # Safety
/// `host` is NULL, or was set by `qtx_host_connect` and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_host_free(host: *mut qtx_host) {
    if !host.is_null() {
        // SAFETY: by contract it came from Box::into_raw and is unfreed.
        drop(unsafe { Box::from_raw(host) });
    }
}

/// Checks a document of libvirt against libvirt's own schemas, without a host.
///
/// `schema` is the name of one, such as `domain`, or NULL for the one of the outermost element;
/// `folder` holds the schemas, or NULL for those of this machine. On success `*answer_out` is
/// `{"valid","schema","findings":[{"code","message","path","line","column",…}]}`, freed with
/// `qtx_string_free`; a document that is not valid is a success too. May be called from any thread.
///
/// # Safety
/// `xml` is NUL-terminated; `schema` and `folder` are NULL or NUL-terminated; `answer_out` is
/// writable; `error` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtx_libvirt_validate(
    xml: *const c_char,
    schema: *const c_char,
    folder: *const c_char,
    answer_out: *mut *mut c_char,
    error: *mut *mut qtx_error,
) -> qtx_status {
    let body = || {
        check_out(answer_out, "answer_out")?;
        // SAFETY: by contract NULL or NUL-terminated.
        let (xml, schema, folder) = unsafe {
            (text(xml, "xml")?, optional_text(schema, "schema")?, optional_text(folder, "folder")?)
        };
        let report =
            quantix_libvirt::schema::validate(xml.as_bytes(), schema, folder.map(Path::new));
        let report = report.map_err(failed)?;
        let json = serde_json::to_string(&report).map_err(|error| Fault::input(&error))?;
        // SAFETY: `answer_out` is not NULL, and by contract writable.
        unsafe { put_text(answer_out, &json) };
        Ok(())
    };
    // SAFETY: by contract `error` is NULL or writable.
    unsafe { call(error, body) }
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, CString};

    use super::*;
    use crate::{qtx_error_details, qtx_error_free, qtx_string_free};

    fn run(host: *const qtx_host, request: &str) -> Result<String, (qtx_status, String)> {
        let request = CString::new(request).unwrap();
        let (mut answer, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the handle is unfreed, the text NUL-terminated, the out-pointers are ours.
        unsafe {
            let (answer_out, error_out) = (&raw mut answer, &raw mut error);
            let status = qtx_host_run(host, request.as_ptr(), 60_000, answer_out, error_out);
            if status == qtx_status::Ok {
                let text = CStr::from_ptr(answer).to_str().unwrap().to_owned();
                qtx_string_free(answer);
                return Ok(text);
            }
            let details = CStr::from_ptr(qtx_error_details(error)).to_str().unwrap().to_owned();
            qtx_error_free(error);
            Err((status, details))
        }
    }

    #[test]
    fn machines_events_and_errors() {
        let (mut host, mut events) = (ptr::null_mut(), ptr::null_mut());
        let mut event = ptr::null_mut();
        // SAFETY: texts are NUL-terminated, out-pointers ours, handles freed once at the end.
        unsafe {
            let status = qtx_host_connect(c"fake:///1".as_ptr(), 0, &raw mut host, ptr::null_mut());
            assert_eq!(status, qtx_status::Ok);
            assert_eq!(qtx_host_events(host, &raw mut events, ptr::null_mut()), qtx_status::Ok);
            let create = r#"{"op":"create","start":true,"spec":{"name":"web","domain_type":"qemu",
                "id":"00000000-0000-0000-0000-000000000007","cpus":1,"memory_mib":64}}"#;
            assert!(run(host, create).unwrap().contains(r#""active":true"#));
            for sign in ["resync", "defined", "started"] {
                let next = qtx_events_next(events, 60_000, &raw mut event, ptr::null_mut());
                assert_eq!(next, qtx_status::Ok);
                let text = CStr::from_ptr(event).to_str().unwrap().to_owned();
                assert!(text.contains(sign), "{text}");
                qtx_string_free(event);
            }
            let next = qtx_events_next(events, 1, &raw mut event, ptr::null_mut());
            assert_eq!((next, event.is_null()), (qtx_status::Ok, true));
            let (status, details) = run(host, r#"{"op":"start","vm":"x"}"#).unwrap_err();
            assert_eq!(status, qtx_status::InvalidInput);
            assert!(details.contains(r#""class":"not_found""#), "{details}");
            qtx_events_free(events);
            qtx_host_free(host);
        }
    }

    #[test]
    fn documents_are_checked_without_a_host() {
        let check = |xml: &std::ffi::CStr, folder: *const c_char| {
            let mut answer = ptr::null_mut();
            // SAFETY: the texts live through the call; the answer is freed once.
            unsafe {
                let error = ptr::null_mut();
                let answer_out = &raw mut answer;
                let status =
                    qtx_libvirt_validate(xml.as_ptr(), ptr::null(), folder, answer_out, error);
                if answer.is_null() {
                    return (status, serde_json::Value::Null);
                }
                let json = serde_json::from_slice(CStr::from_ptr(answer).to_bytes()).unwrap();
                crate::boundary::qtx_string_free(answer);
                (status, json)
            }
        };
        let (status, report) = check(c"<network><name>a</name><x/></network>", ptr::null());
        assert_eq!(status, qtx_status::Ok);
        assert_eq!(report["findings"][0]["code"], "unexpected-element");
        assert_eq!(report["findings"][0]["column"], 24);
        let (status, _) = check(c"<network/>", c"/nonexistent".as_ptr());
        assert_eq!(status, qtx_status::InvalidInput);
    }
}
