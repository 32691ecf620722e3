//! Packages on a web server, read in place by ranges (RFC 9110, section 14).
//!
//! [`HttpSource`] asks for the parts that are read and no others: telling what an appliance is
//! takes a few small requests however large it is, and a conversion fetches each byte about once.
//! A server that does not serve ranges is read from start to end into a nameless file first, and
//! a finding says so.
//!
//! ```no_run
//! use quantix_ova::{ovf::inspect, package::Package, remote};
//! let package = remote::open("https://example.org/appliance.ova")?;
//! println!("{}", inspect(&package).systems[0].name);
//! # Ok::<(), quantix_ova::package::PackageError>(())
//! ```
//!
//! It follows at most [`REDIRECTS_MAX`] redirections and none from HTTPS to HTTP, gives up on a
//! file that changes while it is read, believes no size beyond [`STREAM_BYTES_MAX`], and shows
//! neither passwords nor query strings of an address in its messages.

mod cache;

use std::{
    io::{self, Read as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use quantix_core::Finding;
use ureq::{Agent, Body, http::Response};

pub use self::cache::CACHE_BYTES_MAX;
use self::cache::{Cache, FIRST_BYTES};
use crate::package::{Package, PackageError, ReadAt, STREAM_BYTES_MAX, Spooled};

/// The most redirections that are followed.
pub const REDIRECTS_MAX: u32 = 5;
/// How often a request is made that the network, not the server's answer, made fail.
pub const ATTEMPTS_MAX: u32 = 4;
/// How long a server may take to accept a connection, and to begin its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a part may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(300);

/// Whether this names a file on a web server.
#[must_use]
pub fn is_url(place: &Path) -> bool {
    let has = |text: &str, scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    place.to_str().is_some_and(|text| has(text, "http://") || has(text, "https://"))
}

/// Opens a package at an address, or at a path.
///
/// # Errors
/// As [`open`] and [`Package::open`].
pub fn open_place(place: &Path) -> Result<Package, PackageError> {
    match place.to_str().filter(|_| is_url(place)) {
        Some(url) => open(url),
        None => Package::open(place),
    }
}

/// Opens an OVA on a web server.
///
/// # Errors
/// When the server cannot be reached or refuses, or the file is no package; the message names the
/// address without password and query.
pub fn open(url: &str) -> Result<Package, PackageError> {
    let shown = shown(url);
    let named = |error: io::Error| PackageError::read(error).of_path(&shown);
    match HttpSource::open(url).map_err(named)? {
        Opened::Ranges(source) => Package::from_source(Arc::new(source), Path::new(&shown)),
        Opened::Whole(file) => {
            let text = format!(
                "the server does not serve ranges; all {} bytes were downloaded first",
                file.bytes()
            );
            let mut package = Package::from_source(Arc::new(file), Path::new(&shown))?;
            package.note(Finding::info("no-ranges", text));
            Ok(package)
        }
    }
}

/// The address without what may be secret.
fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = plain.split_once("://") else { return plain.to_owned() };
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit('@').next().unwrap_or_default();
    [scheme, "://", host, path].concat()
}

/// A file on a server that serves ranges.
#[derive(Debug)]
pub struct HttpSource {
    agent: Agent,
    url: String,
    bytes: u64,
    /// What tells one content of the file from another.
    version: Option<String>,
    cache: Cache,
}

/// What a server offers.
#[derive(Debug)]
enum Opened {
    Ranges(HttpSource),
    Whole(Spooled),
}

impl HttpSource {
    fn open(url: &str) -> io::Result<Opened> {
        let https = url.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("https:"));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(https)
            .max_redirects(REDIRECTS_MAX)
            .max_redirects_will_error(true)
            .accept_encoding("identity")
            .user_agent(concat!("quantix/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .build();
        let agent = Agent::new_with_config(config);
        let mut response = request(&agent, url, 0, FIRST_BYTES)?;
        match response.status().as_u16() {
            200 => {
                let mut reader = response.body_mut().with_config().limit(STREAM_BYTES_MAX).reader();
                Ok(Opened::Whole(Spooled::read(&mut reader, STREAM_BYTES_MAX)?))
            }
            206 => {
                let (start, end, bytes) = range_of(&response)?;
                if start != 0 || end > FIRST_BYTES || bytes > STREAM_BYTES_MAX {
                    return Err(io::Error::other("the server sent another part than asked for"));
                }
                let version = version_of(&response);
                let first = body(&mut response, end)?;
                let (url, cache) = (url.to_owned(), Cache::default());
                cache.put(0, first);
                Ok(Opened::Ranges(Self { agent, url, bytes, version, cache }))
            }
            416 => Ok(Opened::Whole(Spooled::read(&mut io::empty(), 0)?)),
            status => Err(io::Error::other(refusal(status))),
        }
    }

    /// Fetches a part; what the network loses is asked for again.
    fn fetch(&self, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        let mut attempt = 1;
        loop {
            match self.fetch_once(at, bytes) {
                Err(Fetch::Network(_)) if attempt < ATTEMPTS_MAX => attempt += 1,
                Err(Fetch::Network(error)) => return Err(error),
                Err(Fetch::Answer(text)) => return Err(io::Error::other(text)),
                Ok(content) => return Ok(content),
            }
        }
    }

    fn fetch_once(&self, at: u64, bytes: u64) -> Result<Vec<u8>, Fetch> {
        let mut response = request(&self.agent, &self.url, at, bytes).map_err(Fetch::Network)?;
        match response.status().as_u16() {
            206 => {}
            200 => return Err(Fetch::Answer("the server stopped serving ranges".to_owned())),
            502..=504 => {
                let status = response.status().as_u16();
                return Err(Fetch::Network(io::Error::other(refusal(status))));
            }
            status => return Err(Fetch::Answer(refusal(status))),
        }
        let (start, end, total) =
            range_of(&response).map_err(|error| Fetch::Answer(error.to_string()))?;
        if total != self.bytes || version_of(&response) != self.version {
            let text = "the file changed on the server while it was read; start again";
            return Err(Fetch::Answer(text.to_owned()));
        }
        if (start, end) != (at, at + bytes) {
            return Err(Fetch::Answer("the server sent another part than asked for".to_owned()));
        }
        body(&mut response, bytes).map_err(Fetch::Network)
    }
}

/// Why a part did not come.
enum Fetch {
    Network(io::Error),
    Answer(String),
}

fn request(agent: &Agent, url: &str, at: u64, bytes: u64) -> io::Result<Response<Body>> {
    let range = format!("bytes={at}-{}", at + bytes - 1);
    let request = agent.get(url).config().timeout_recv_body(Some(BODY_PATIENCE)).build();
    request.header("Range", range).call().map_err(|error| match error {
        ureq::Error::Io(error) => error,
        // Their texts hold the whole address, and with it what may be secret.
        ureq::Error::BadUri(_) => io::Error::other("this is no address of a file on a web server"),
        ureq::Error::RequireHttpsOnly(_) => {
            io::Error::other("the server redirects from https to http, which is not followed")
        }
        error => io::Error::other(error.to_string()),
    })
}

fn refusal(status: u16) -> String {
    let meaning = match status {
        401 | 403 => " (not allowed)",
        404 | 410 => " (no such file)",
        _ => "",
    };
    format!("the server answered {status}{meaning}; expected 206 or 200")
}

/// Start, end and total of `Content-Range: bytes START-LAST/TOTAL`.
fn range_of(response: &Response<Body>) -> io::Result<(u64, u64, u64)> {
    let text = response.headers().get("content-range").and_then(|value| value.to_str().ok());
    let parsed = text.and_then(|text| {
        let (range, total) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
        let (start, last) = range.split_once('-')?;
        let (start, last, total) =
            (start.parse::<u64>().ok()?, last.parse::<u64>().ok()?, total.parse::<u64>().ok()?);
        (start <= last && last < total).then_some((start, last + 1, total))
    });
    parsed.ok_or_else(|| io::Error::other("the server does not tell which part it sends"))
}

/// The strongest mark of the content that the server gives.
fn version_of(response: &Response<Body>) -> Option<String> {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    header("etag").or_else(|| header("last-modified")).map(str::to_owned)
}

/// The body, which must have exactly so many bytes.
fn body(response: &mut Response<Body>, bytes: u64) -> io::Result<Vec<u8>> {
    let room = usize::try_from(bytes).map_err(io::Error::other)?;
    let mut content = vec![0; room];
    response.body_mut().with_config().limit(bytes).reader().read_exact(&mut content)?;
    Ok(content)
}

impl ReadAt for HttpSource {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn identity(&self) -> Option<String> {
        let version = self.version.as_ref()?;
        Some(format!("url {} {} {version}", self.url, self.bytes))
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.cache.read(offset, buffer, self.bytes, &|at, bytes| self.fetch(at, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_known_and_shown_without_secrets() {
        for (text, is) in
            [("https://a/b", true), ("HTTP://a", true), ("a.ova", false), ("/http", false)]
        {
            assert_eq!(is_url(Path::new(text)), is, "{text}");
        }
        for (url, expected) in [
            ("https://me:pw@host:8443/a.ova?token=1#x", "https://host:8443/a.ova"),
            ("http://host", "http://host"),
            ("http://a@b@host/p@th", "http://host/p@th"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
