//! The usual tools, on the same files.

use std::{error::Error, fs, path::Path, process::Command, time::Duration};

use quantix_cloudinit::seed::SeedFile;

use crate::median;

/// How often a process is started; its start is most of its time.
const RUNS: usize = 30;

/// In one process: the median of 300 images.
const PYCDLIB: &str = r"
import io, sys, time, pycdlib
files = [(name, open(sys.argv[1] + '/' + name, 'rb').read()) for name in sys.argv[2:]]
times = []
for _ in range(300):
    start = time.perf_counter()
    iso = pycdlib.PyCdlib()
    iso.new(joliet=3, rock_ridge='1.09', vol_ident='cidata')
    for number, (name, data) in enumerate(files):
        iso.add_fp(io.BytesIO(data), len(data), '/F%d.;1' % number, rr_name=name,
                   joliet_path='/' + name)
    out = io.BytesIO()
    iso.write_fp(out)
    iso.close()
    times.append(time.perf_counter() - start)
print(sorted(times)[len(times) // 2])
";

/// In one process, the schema read once: the median of 200 verdicts on the parsed document, and of
/// as many that start from the text.
const VALIDATOR: &str = r"
import sys, time, yaml
from cloudinit import version
from cloudinit.config.schema import get_schema, validate_cloudconfig_schema
schema, text = get_schema(), open(sys.argv[1]).read()
config = yaml.safe_load(text)
def median(work):
    times = []
    for _ in range(200):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]
validate = lambda config: validate_cloudconfig_schema(config, schema, strict=True)
print(version.version_string(), median(lambda: validate(config)), median(lambda: validate(yaml.safe_load(text))))
";

/// The official validator: its version, and its median times for a parsed document and for a text.
pub(crate) struct Validator {
    pub(crate) version: String,
    pub(crate) parsed: Duration,
    pub(crate) text: Duration,
}

/// cloud-init's own validator in one process, on a document that it has to accept.
pub(crate) fn validator(text: &str) -> Result<Validator, Box<dyn Error>> {
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), text)?;
    let output = Command::new("/usr/bin/python3")
        .args(["-I", "-W", "ignore", "-c", VALIDATOR])
        .arg(file.path())
        .output()?;
    let said = String::from_utf8(output.stdout)?;
    let mut words = said.split_whitespace();
    let (Some(version), Some(parsed), Some(text)) = (words.next(), words.next(), words.next())
    else {
        return Err("cloud-init's validator failed; install the Debian package cloud-init".into());
    };
    let seconds = |word: &str| word.parse().map(Duration::from_secs_f64);
    Ok(Validator { version: version.to_owned(), parsed: seconds(parsed)?, text: seconds(text)? })
}

/// Name and median time of each tool; one that is not installed is an error that names its package.
pub(crate) fn measure(seed: &[SeedFile]) -> Result<Vec<(String, Duration)>, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let dir = dir.path();
    for file in seed {
        fs::write(dir.join(&file.name), &file.bytes)?;
    }
    let mut rows = Vec::new();
    let time = process(
        dir,
        "cloud-image-utils",
        "cloud-localds",
        &["-N", "network-config", "out.iso", "user-data", "meta-data"],
    )?;
    rows.push(("cloud-localds".to_owned(), time));
    let time = process(
        dir,
        "genisoimage",
        "genisoimage",
        &[
            "-quiet",
            "-o",
            "out.iso",
            "-V",
            "cidata",
            "-J",
            "-r",
            "user-data",
            "meta-data",
            "network-config",
        ],
    )?;
    rows.push(("genisoimage".to_owned(), time));
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-I", "-c", PYCDLIB]).arg(dir).args(seed.iter().map(|file| &file.name));
    let output = python.output()?;
    if !output.status.success() {
        return Err("pycdlib failed; install the Debian package python3-pycdlib".into());
    }
    let seconds: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    rows.push(("pycdlib, in process".to_owned(), Duration::from_secs_f64(seconds)));
    Ok(rows)
}

fn process(
    dir: &Path,
    package: &str,
    program: &str,
    args: &[&str],
) -> Result<Duration, Box<dyn Error>> {
    median(RUNS, || {
        let output =
            Command::new(program).args(args).current_dir(dir).output().map_err(|error| {
                format!("cannot run {program}: {error}; install the Debian package {package}")
            })?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)).into())
        }
    })
}
