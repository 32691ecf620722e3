//! Signatures, with `openssl` as the maker of keys and certificates and as the judge.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, num::NonZeroUsize, path::Path, process::Command, time::SystemTime};

use quantix_ova::{
    create::{Spec, create},
    manifest::{Algorithm, CertificateState, Verification, verify_trusting},
    package::Package,
    signature::{Signer, Trust, TrustState, sign},
    watch::Unwatched,
};

/// Tomorrow: certificates are made with dates that start now.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + 86_400
}

/// Runs a tool in a folder; what it prints.
fn tool(folder: &Path, name: &str, args: &[&str]) -> String {
    let output = match Command::new(name).args(args).current_dir(folder).output() {
        Ok(output) => output,
        Err(error) => panic!("{name}: {error}; install the Debian package {name}"),
    };
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn openssl(folder: &Path, args: &str) {
    let args: Vec<&str> = args.split_whitespace().collect();
    tool(folder, "openssl", &args);
}

/// A root, an intermediate, a signer below it, a signer that vouches for itself.
fn authority(folder: &Path) {
    let name = |name: &str| format!("-subj /CN={name} -nodes -newkey rsa:2048 -keyout {name}.key");
    let dates = "-days 7300";
    openssl(folder, &format!("req -x509 {} -out root.pem {dates}", name("root")));
    openssl(folder, &format!("req -x509 {} -out alone.pem {dates}", name("alone")));
    for (child, parent, extensions) in [
        ("middle", "root", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n"),
        ("signer", "middle", "extendedKeyUsage=codeSigning\n"),
        ("child", "signer", "extendedKeyUsage=codeSigning\n"),
    ] {
        fs::write(folder.join("ext"), extensions).unwrap();
        openssl(folder, &format!("req -new {} -out {child}.csr", name(child)));
        openssl(
            folder,
            &format!(
                "x509 -req -in {child}.csr -CA {parent}.pem -CAkey {parent}.key -CAcreateserial \
                 -days 7000 -extfile ext -out {child}.pem"
            ),
        );
    }
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

fn appliance(folder: &Path) -> Package {
    fs::write(folder.join("a.img"), vec![7; 1 << 20]).unwrap();
    let spec = r#"{"name":"web","cpus":1,"memory_mib":64,"disks":[{"path":"a.img"}]}"#;
    let spec: Spec = serde_json::from_str(spec).unwrap();
    let path = folder.join("web.ova");
    create(&spec, folder, &path, None, &Unwatched).unwrap();
    Package::open(&path).unwrap()
}

fn judge(package: &Package, trust: &Trust) -> Verification {
    verify_trusting(package, trust, NonZeroUsize::MIN, &Unwatched).unwrap()
}

fn codes(answer: &Verification) -> Vec<&str> {
    answer.findings.iter().map(|finding| &*finding.code).collect()
}

#[test]
fn a_signature_is_made_and_judged() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path();
    authority(folder);
    let package = appliance(folder);
    let chain = [read(&folder.join("signer.pem")), read(&folder.join("middle.pem"))].concat();
    let trust = |name: &str| Trust::default().with_roots(&read(&folder.join(name))).unwrap();
    for (algorithm, dgst) in [(Algorithm::Sha256, "sha256"), (Algorithm::Sha512, "sha512")] {
        let signer = Signer::from_pem(&read(&folder.join("signer.key")), &chain, algorithm);
        let to = folder.join(format!("{dgst}.ova"));
        let signed = sign(&package, &signer.unwrap(), &to, &Unwatched).unwrap();
        assert_eq!(signed.certificate, "web.cert");
        let members = tool(folder, "tar", &["tf", to.to_str().unwrap()]);
        assert_eq!(members.lines().take(3).collect::<Vec<_>>(), ["web.ovf", "web.mf", "web.cert"]);
        let package = Package::open(&to).unwrap();

        // What openssl says of the same signature.
        tool(folder, "tar", &["xf", to.to_str().unwrap(), "web.mf", "web.cert"]);
        let cert = fs::read_to_string(folder.join("web.cert")).unwrap();
        let hex = cert.lines().next().unwrap().rsplit(' ').next().unwrap();
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
            .collect();
        fs::write(folder.join("sig"), bytes).unwrap();
        openssl(folder, "x509 -in web.cert -pubkey -noout -out public.pem");
        openssl(folder, &format!("dgst -{dgst} -verify public.pem -signature sig web.mf"));

        let answer = judge(&package, &Trust::default());
        assert_eq!((answer.ok, answer.certificate), (true, CertificateState::Untrusted));
        let report = answer.signature.as_ref().unwrap();
        assert!(report.matches && report.subject.contains("signer"), "{report:?}");
        assert_eq!(report.trust, TrustState::UnknownIssuer);
        let answer = judge(&package, &trust("root.pem").at(now()));
        assert_eq!((answer.ok, answer.certificate), (true, CertificateState::Valid), "{answer:?}");
        assert_eq!(answer.signature.unwrap().chain.len(), 3);
        for name in ["middle.pem", "signer.pem"] {
            assert_eq!(judge(&package, &trust(name)).certificate, CertificateState::Valid);
        }
        let answer = judge(&package, &trust("alone.pem").at(now()));
        assert_eq!((answer.ok, answer.certificate), (false, CertificateState::Untrusted));
        assert!(codes(&answer).contains(&"certificate-untrusted"));
        for (at, word) in [(9_999_999_999, "has expired"), (0, "is not good yet")] {
            let answer = judge(&package, &trust("root.pem").at(at));
            assert_eq!((answer.ok, answer.certificate), (false, CertificateState::Expired));
            assert!(answer.findings.iter().any(|f| f.message.contains(word)), "{answer:?}");
        }
        assert!(
            !judge(&package_without(folder), &trust("root.pem")).ok,
            "unsigned, but roots given"
        );
    }
}

fn package_without(folder: &Path) -> Package {
    Package::open(&folder.join("web.ova")).unwrap()
}

#[test]
fn signatures_that_do_not_hold_are_told_apart() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path();
    authority(folder);
    let package = appliance(folder);
    let pem = |names: &[&str]| {
        names.iter().flat_map(|name| read(&folder.join(name))).collect::<Vec<u8>>()
    };
    let roots = Trust::default().with_roots(&pem(&["root.pem"])).unwrap().at(now());
    let signed = |to: &str, key: &str, certificates: &[&str]| {
        let signer = Signer::from_pem(&pem(&[key]), &pem(certificates), Algorithm::Sha256).unwrap();
        let to = folder.join(to);
        sign(&package, &signer, &to, &Unwatched).unwrap();
        to
    };
    let state = |path: &Path| {
        let answer = judge(&Package::open(path).unwrap(), &roots);
        let trust = answer.signature.as_ref().map(|report| report.trust);
        (answer.ok, answer.certificate, trust)
    };
    let alone = signed("alone.ova", "alone.key", &["alone.pem"]);
    let untrusted = CertificateState::Untrusted;
    assert_eq!(state(&alone), (false, untrusted, Some(TrustState::SelfSigned)));
    // `signer` may sign, but not issue: what it issued leads nowhere.
    let child = signed("child.ova", "child.key", &["child.pem", "signer.pem", "middle.pem"]);
    assert_eq!(state(&child), (false, untrusted, Some(TrustState::UnknownIssuer)));

    // The manifest changed after it was signed: one digit of a digest, and its file with it.
    let bytes = read(&alone);
    let at = bytes.windows(8).position(|w| w == b"SHA256(w").unwrap();
    for (index, what) in [(at + 20, "the manifest"), (bytes.len() - 1, "nothing that counts")] {
        let mut changed = bytes.clone();
        changed[index] = if changed[index] == b'0' { b'1' } else { b'0' };
        let path = folder.join(format!("changed-{index}.ova"));
        fs::write(&path, changed).unwrap();
        let answer = judge(&Package::open(&path).unwrap(), &Trust::default());
        assert_eq!(answer.certificate == CertificateState::Invalid, index == at + 20, "{what}");
    }

    // Signed by hand with SHA-1, as old tools do.
    tool(folder, "tar", &["xf", "web.ova"]);
    openssl(folder, "dgst -sha1 -sign signer.key -out sig web.mf");
    let hex: String = read(&folder.join("sig")).iter().map(|b| format!("{b:02X}")).collect();
    let mut cert = format!("SHA1(web.mf)={hex}\r\n").into_bytes();
    cert.extend(pem(&["signer.pem", "middle.pem"]));
    fs::write(folder.join("web.cert"), &cert).unwrap();
    fs::create_dir(folder.join("by-hand")).unwrap();
    for name in ["web.ovf", "web.mf", "web.cert", "web-disk1.vmdk"] {
        fs::rename(folder.join(name), folder.join("by-hand").join(name)).unwrap();
    }
    let by_hand = Package::open(&folder.join("by-hand")).unwrap();
    assert_eq!(judge(&by_hand, &roots).certificate, untrusted);
    let answer = judge(&by_hand, &roots.clone().allowing_sha1());
    assert_eq!((answer.ok, answer.certificate), (true, CertificateState::Valid), "{answer:?}");

    // Nothing that can be read.
    for (content, code) in [
        (&b""[..], "certificate-invalid"),
        (b"hello", "certificate-malformed"),
        (
            b"SHA256(web.mf)= 00\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "certificate-malformed",
        ),
    ] {
        fs::write(folder.join("by-hand/web.cert"), content).unwrap();
        let answer = judge(&Package::open(&folder.join("by-hand")).unwrap(), &Trust::default());
        assert_eq!((answer.ok, answer.certificate), (false, CertificateState::Invalid));
        assert!(codes(&answer).contains(&code), "{:?}", answer.findings);
    }
    fs::remove_file(folder.join("by-hand/web.mf")).unwrap();
    fs::write(folder.join("by-hand/web.cert"), cert).unwrap();
    let answer = judge(&Package::open(&folder.join("by-hand")).unwrap(), &Trust::default());
    assert_eq!(answer.certificate, CertificateState::Invalid);
}

#[test]
fn keys_and_packages_that_do_not_do_are_refused() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path();
    authority(folder);
    openssl(folder, "ecparam -name prime256v1 -genkey -noout -out ec.key");
    openssl(folder, "rsa -in signer.key -aes128 -passout pass:x -out encrypted.key");
    let from = |key: &str, cert: &str, algorithm| {
        Signer::from_pem(&read(&folder.join(key)), &read(&folder.join(cert)), algorithm)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    for (key, cert, algorithm, part) in [
        ("root.key", "signer.pem", Algorithm::Sha256, "not that of the private key"),
        ("ec.key", "signer.pem", Algorithm::Sha256, "not an RSA key"),
        ("encrypted.key", "signer.pem", Algorithm::Sha256, "encrypted"),
        ("signer.pem", "signer.pem", Algorithm::Sha256, "no PRIVATE KEY"),
        ("signer.key", "signer.key", Algorithm::Sha256, "no CERTIFICATE"),
        ("signer.key", "signer.pem", Algorithm::Sha1, "SHA-1"),
    ] {
        let error = from(key, cert, algorithm).unwrap_err();
        assert!(error.contains(part), "{key} {cert}: {error}");
    }
    let signer = Signer::from_pem(
        &read(&folder.join("signer.key")),
        &read(&folder.join("signer.pem")),
        Algorithm::Sha256,
    )
    .unwrap();
    let mut bytes = read(appliance(folder).path());
    let at = bytes.windows(4).rposition(|w| w == b"KDMV").unwrap();
    bytes[at + 24] ^= 1;
    fs::write(folder.join("damaged.ova"), bytes).unwrap();
    let damaged = Package::open(&folder.join("damaged.ova")).unwrap();
    let error = sign(&damaged, &signer, &folder.join("no.ova"), &Unwatched).unwrap_err();
    assert!(error.findings().iter().any(|finding| finding.code == "digest-mismatch"));
    let there = folder.join("web.ova");
    let error = sign(&package_without(folder), &signer, &there, &Unwatched).unwrap_err();
    assert!(error.to_string().contains("exists already"));
    assert!(!folder.join("no.ova").exists());
}
