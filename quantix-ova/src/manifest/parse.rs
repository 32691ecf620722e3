//! Reading a manifest as all vendors write it.

use std::collections::BTreeMap;

use quantix_core::Finding;

use super::{Algorithm, Digest};

/// The most lines that a manifest may have; those beyond are not read.
pub const LINES_MAX: usize = 20_000;
/// The most bytes that a line of a manifest may have.
pub const LINE_BYTES_MAX: usize = 8192;

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file it speaks of, as written.
    pub name: String,
    /// How the digest was computed.
    pub algorithm: Algorithm,
    /// The digest that the file had.
    pub digest: Digest,
    /// 1-based line in the manifest.
    pub line: u32,
}

/// A manifest that was read.
///
/// The grammar is `ALGORITHM(NAME)= HEX` with white space, case, hyphens and line ends as any
/// vendor puts them. Every line that is not understood is a finding with its line number; of two
/// digests for one file and algorithm the first counts, and a second that differs is a finding of
/// severity error.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    entries: Vec<Entry>,
    findings: Vec<Finding>,
}

impl Manifest {
    /// Reads a manifest; problems become findings.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut manifest = Self::default();
        let mut seen: BTreeMap<(String, Algorithm), usize> = BTreeMap::new();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for (number, line) in (1u32..).zip(lines(bytes)) {
            if number as usize > LINES_MAX {
                let text = format!("more than {LINES_MAX} lines; the rest was not read");
                manifest.note(number, 1, Finding::error("manifest-limit", text));
                break;
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            match entry(line, number) {
                Ok(entry) => manifest.add(entry, &mut seen),
                Err((column, text)) => {
                    manifest.note(number, column, Finding::error("manifest-malformed", text));
                }
            }
        }
        if manifest.entries.is_empty() && manifest.findings.is_empty() {
            let text = "the manifest is empty; expected lines such as SHA256(disk.vmdk)= 5d41…";
            manifest.note(1, 1, Finding::error("manifest-malformed", text));
        }
        manifest
    }

    fn add(&mut self, entry: Entry, seen: &mut BTreeMap<(String, Algorithm), usize>) {
        let key = (entry.name.clone(), entry.algorithm);
        let Some(&first) = seen.get(&key) else {
            seen.insert(key, self.entries.len());
            self.entries.push(entry);
            return;
        };
        let first = &self.entries[first];
        let (line, same) = (first.line, first.digest == entry.digest);
        let text =
            |what| format!("{what} digest for {:?}; the first is in line {line}", entry.name);
        let finding = match same {
            true => Finding::warning("manifest-duplicate", text("the same")),
            false => Finding::error("manifest-conflict", text("a second, different")),
        };
        self.note(entry.line, 1, finding);
    }

    fn note(&mut self, line: u32, column: u32, finding: Finding) {
        self.findings.push(finding.at_position(line, column));
    }

    /// The lines that were understood, in their order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What was not understood or doubtful.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The entry with the strongest algorithm for the file of exactly this name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        let own = self.entries.iter().filter(|entry| plain(&entry.name) == plain(name));
        own.max_by_key(|entry| entry.algorithm)
    }
}

/// The name without a leading `./`.
pub(super) fn plain(name: &str) -> &str {
    name.strip_prefix("./").unwrap_or(name)
}

/// Lines ended by LF, CRLF or (old Mac) CR.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&b| b == b'\n').flat_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.split(|&b| b == b'\r')
    })
}

impl Manifest {
    /// Reads the line of a certificate file: name, algorithm and the bytes of a signature.
    pub(crate) fn signature_line(
        line: &str,
    ) -> Result<(String, Algorithm, Vec<u8>), (u32, String)> {
        let (name, algorithm, value, _) = fields(line.as_bytes())?;
        Ok((name, algorithm, value.as_bytes().to_vec()))
    }
}

/// Reads one line, or says at which column it goes wrong and why.
fn entry(line: &[u8], number: u32) -> Result<Entry, (u32, String)> {
    let (name, algorithm, digest, column) = fields(line)?;
    if digest.as_bytes().len() != algorithm.digest_bytes() {
        let (found, digits) = (digest.as_bytes().len() * 2, algorithm.digest_bytes() * 2);
        let text = format!("{found} digits where {} has {digits}; {EXAMPLE}", algorithm.name());
        return Err((column, text));
    }
    Ok(Entry { name, algorithm, digest, line: number })
}

const EXAMPLE: &str = "expected a line such as SHA256(disk.vmdk)= 5d41…";

/// Name, algorithm and value of a line, and the column where the value starts.
fn fields(line: &[u8]) -> Result<(String, Algorithm, Digest, u32), (u32, String)> {
    let fail = |at: usize, text: &str| {
        let column = u32::try_from(at + 1).unwrap_or(u32::MAX);
        (column, format!("{text}; {EXAMPLE}"))
    };
    if line.len() > LINE_BYTES_MAX {
        return Err(fail(LINE_BYTES_MAX, "longer than 8192 bytes"));
    }
    let line = std::str::from_utf8(line).map_err(|e| fail(e.valid_up_to(), "not UTF-8"))?;
    let open = line.find('(').ok_or_else(|| fail(0, "no opening parenthesis"))?;
    // The name itself may hold parentheses and equals signs; the digest cannot.
    let equals = line.rfind('=').ok_or_else(|| fail(line.len(), "no equals sign"))?;
    let close = line[..equals].rfind(')').ok_or_else(|| fail(equals, "no closing parenthesis"))?;
    if close < open {
        return Err(fail(close, "parentheses in the wrong order"));
    }
    if !line[close + 1..equals].trim().is_empty() {
        return Err(fail(close + 1, "text between the file name and the equals sign"));
    }
    let name = line[open + 1..close].trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(fail(open + 1, "no usable file name"));
    }
    let algorithm = Algorithm::from_name(&line[..open]).ok_or_else(|| {
        let found: String = line[..open].trim().chars().take(32).collect();
        fail(0, &format!("unknown algorithm {found:?}"))
    })?;
    let hex: String = line[equals + 1..].split_whitespace().collect();
    let digest =
        Digest::from_hex(&hex).ok_or_else(|| fail(equals + 1, "the digest is not hexadecimal"))?;
    let column = u32::try_from(equals + 2).unwrap_or(u32::MAX);
    Ok((name.to_owned(), algorithm, digest, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";

    #[test]
    fn every_vendors_spelling_is_read() {
        for line in [
            format!("SHA1(a.ovf)= {ABC}"),
            format!("SHA1 (a.ovf) = {ABC}\r"),
            format!("  sha-1( a.ovf )={}  ", ABC.to_uppercase()),
            format!("\u{feff}SHA1(a.ovf)= {ABC}"),
        ] {
            let manifest = Manifest::parse(line.as_bytes());
            assert!(manifest.findings().is_empty(), "{line:?} {:?}", manifest.findings());
            let entry = &manifest.entries()[0];
            assert_eq!((entry.name.as_str(), entry.algorithm), ("a.ovf", Algorithm::Sha1));
            assert_eq!(entry.digest.to_string(), ABC);
        }
        let odd = Manifest::parse(format!("SHA1(disk (1)=x.vmdk)= {ABC}").as_bytes());
        assert_eq!(odd.entries()[0].name, "disk (1)=x.vmdk");
        let two = Manifest::parse(format!("SHA1(a)= {ABC}\rSHA1(b)= {ABC}\r\n\n").as_bytes());
        assert_eq!(two.entries().len(), 2);
    }

    #[test]
    fn broken_lines_are_told_with_their_place() {
        for (line, column, part) in [
            ("hello".to_owned(), 1, "no opening"),
            (format!("MD5(a)= {ABC}"), 1, "unknown algorithm \"MD5\""),
            ("SHA1(a)".to_owned(), 8, "no equals"),
            (format!("SHA256(a)= {ABC}"), 11, "40 digits where SHA256 has 64"),
            ("SHA1(a)= xyz".to_owned(), 9, "not hexadecimal"),
            (format!("SHA1()= {ABC}"), 6, "no usable file name"),
            (format!("SHA1(a) or so = {ABC}"), 8, "text between"),
        ] {
            let manifest = Manifest::parse(format!("\n{line}").as_bytes());
            let finding = &manifest.findings()[0];
            assert_eq!((finding.line, finding.column), (Some(2), Some(column)), "{line}");
            assert!(finding.message.contains(part), "{line}: {}", finding.message);
        }
    }

    #[test]
    fn of_two_digests_the_first_counts_and_the_stronger_algorithm_wins() {
        let other = ABC.replace('a', "b");
        let long = "0".repeat(64);
        let text = format!("SHA1(a)= {ABC}\nSHA1(a)= {ABC}\nSHA1(a)= {other}\nSHA256(a)= {long}");
        let manifest = Manifest::parse(text.as_bytes());
        let codes: Vec<_> = manifest.findings().iter().map(|f| (&*f.code, f.line)).collect();
        assert_eq!(codes, [("manifest-duplicate", Some(2)), ("manifest-conflict", Some(3))]);
        assert_eq!(manifest.entry("./a").unwrap().algorithm, Algorithm::Sha256);
    }

    #[test]
    fn limits_hold() {
        let manifest = Manifest::parse(&[b'x'; LINE_BYTES_MAX + 1]);
        assert!(manifest.findings()[0].message.contains("longer than 8192"));
        let manifest = Manifest::parse(&vec![b'\n'; LINES_MAX + 1]);
        assert_eq!(manifest.findings()[0].code, "manifest-limit");
        assert_eq!(Manifest::parse(b" \n").findings()[0].code, "manifest-malformed");
    }
}
