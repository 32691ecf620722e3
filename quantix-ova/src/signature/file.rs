//! Reading a `.cert` file: the signature of the manifest, then certificates in PEM.
//!
//! DSP0243, section "Integrity and authenticity": `ALGORITHM(NAME.mf)= HEX`, then an X.509
//! certificate in PEM. VirtualBox may add a block of CMS, which is told and not read.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use quantix_core::Finding;

use crate::manifest::Manifest;

/// The most certificates that are read from one file.
pub const CERTIFICATES_MAX: usize = 32;

/// A `.cert` file that was read.
#[derive(Debug, Default)]
pub(super) struct SignatureFile {
    /// The line with the signature: whose, how, and its bytes.
    pub(super) signature: Option<(String, crate::manifest::Algorithm, Vec<u8>)>,
    /// Certificates in DER, in the order of the file.
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) findings: Vec<Finding>,
}

impl SignatureFile {
    /// Reads a file; what cannot be understood is a finding.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut file = Self::default();
        let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        let mut block: Option<(u32, String, String)> = None;
        for (number, line) in (1u32..).zip(text.split(['\n', '\r'])) {
            let line = line.trim();
            match &mut block {
                None if line.is_empty() => {}
                None => match label(line, "BEGIN") {
                    Some(label) => block = Some((number, label.to_owned(), String::new())),
                    None => file.signature_line(line, number),
                },
                Some((start, name, body)) => match label(line, "END") {
                    Some(_) => {
                        let (start, name, body) =
                            (*start, std::mem::take(name), std::mem::take(body));
                        block = None;
                        file.block(start, &name, &body);
                    }
                    None => body.push_str(line),
                },
            }
        }
        if let Some((number, name, _)) = block {
            file.error(number, format!("the block {name:?} does not end; fetch the file again"));
        }
        file
    }

    fn error(&mut self, line: u32, text: String) {
        self.findings.push(Finding::error("certificate-malformed", text).at_position(line, 1));
    }

    fn signature_line(&mut self, line: &str, number: u32) {
        if self.signature.is_some() {
            let text = "text after the signature; it is not used";
            self.findings.push(Finding::warning("certificate-extra", text).at_position(number, 1));
            return;
        }
        // The grammar of manifests, with a signature in the place of the digest.
        match Manifest::signature_line(line) {
            Ok(signature) => self.signature = Some(signature),
            Err((column, text)) => {
                let finding = Finding::error("certificate-malformed", text);
                self.findings.push(finding.at_position(number, column));
            }
        }
    }

    fn block(&mut self, number: u32, name: &str, body: &str) {
        match name {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                if self.certificates.len() == CERTIFICATES_MAX {
                    return self
                        .error(number, format!("more than {CERTIFICATES_MAX} certificates"));
                }
                match STANDARD.decode(body) {
                    Ok(der) => self.certificates.push(der),
                    Err(_) => self.error(number, "the certificate is not base64".to_owned()),
                }
            }
            "CMS" | "PKCS7" => {
                let text = "a second signature in CMS; it is not checked";
                let finding = Finding::info("certificate-cms", text);
                self.findings.push(finding.at_position(number, 1));
            }
            _ => {
                let name: String = name.chars().take(64).collect();
                let text = format!("a block {name:?}; expected CERTIFICATE, and it is not used");
                let finding = Finding::warning("certificate-extra", text);
                self.findings.push(finding.at_position(number, 1));
            }
        }
    }
}

/// Certificates of a PEM file that has nothing else of interest.
pub(super) fn certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    blocks(pem, "CERTIFICATE").into_iter().map(|(_, der)| der).collect()
}

/// The first block of a PEM file whose label ends like this, such as `PRIVATE KEY`.
pub(super) fn first_block(pem: &[u8], ending: &str) -> Option<(String, Vec<u8>)> {
    blocks(pem, ending).into_iter().next()
}

fn blocks(pem: &[u8], ending: &str) -> Vec<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(pem);
    let (mut found, mut block) = (Vec::new(), None::<(String, String)>);
    for line in text.lines().map(str::trim) {
        if let Some(name) = label(line, "BEGIN") {
            block = Some((name.to_owned(), String::new()));
        } else if label(line, "END").is_some() {
            let decoded = block.take().filter(|(name, _)| name.ends_with(ending));
            let decoded =
                decoded.and_then(|(name, body)| Some((name, STANDARD.decode(body).ok()?)));
            found.extend(decoded.filter(|_| found.len() < 4096));
        } else if let Some((_, body)) = &mut block {
            body.push_str(line);
        }
    }
    found
}

/// The label of a line that begins or ends a block.
fn label<'l>(line: &'l str, edge: &str) -> Option<&'l str> {
    line.strip_prefix("-----")?.strip_prefix(edge)?.strip_prefix(' ')?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_files_are_read_and_oddities_told() {
        let pem = "-----BEGIN CERTIFICATE-----\r\nAQI\r\nD\r\n-----END CERTIFICATE-----\r\n";
        let file = SignatureFile::parse(format!("SHA1(a.mf)= 0aFF\r\n{pem}{pem}").as_bytes());
        assert_eq!(file.certificates, [[1, 2, 3], [1, 2, 3]]);
        let (name, _, signature) = file.signature.unwrap();
        assert_eq!((name.as_str(), signature), ("a.mf", vec![0x0a, 0xff]));
        assert_eq!(file.findings, []);
        for (text, code, line) in [
            ("SHA1(a.mf)= 0a\nSHA1(a.mf)= 0b", "certificate-extra", 2),
            ("MD5(a.mf)= 0a", "certificate-malformed", 1),
            ("SHA1(a.mf)= xy", "certificate-malformed", 1),
            ("\n-----BEGIN CERTIFICATE-----\nAA", "certificate-malformed", 2),
            (
                "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----",
                "certificate-malformed",
                1,
            ),
            ("-----BEGIN CMS-----\nAA==\n-----END CMS-----", "certificate-cms", 1),
            ("-----BEGIN KEY-----\nAA==\n-----END KEY-----", "certificate-extra", 1),
        ] {
            let file = SignatureFile::parse(text.as_bytes());
            let found = &file.findings[0];
            assert_eq!((&*found.code, found.line), (code, Some(line)), "{text:?}");
        }
        let many = pem.repeat(CERTIFICATES_MAX + 1);
        let file = SignatureFile::parse(many.as_bytes());
        assert_eq!(file.certificates.len(), CERTIFICATES_MAX);
        assert!(file.findings[0].message.contains("more than 32"));
    }
}
