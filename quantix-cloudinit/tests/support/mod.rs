//! What the tests of this crate share: the corpus, and PyYAML as a judge.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic and print")]

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use quantix_cloudinit::yaml::Value;
use serde_json::{Value as Json, json};

/// The folder of the corpus, unless this clone has none.
pub fn corpus() -> Option<PathBuf> {
    let default = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    let path = std::env::var_os("QUANTIX_CORPUS").map_or(default, PathBuf::from).join("cloudinit");
    path.is_dir().then_some(path)
}

/// Says how much of the corpus a test has read.
pub fn report(files: usize) {
    match files {
        0 => println!("corpus: absent"),
        files => println!("corpus: {files} files"),
    }
}

/// How many random inputs a test tries; `QUANTIX_CASES` asks for more.
pub fn cases() -> usize {
    std::env::var("QUANTIX_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

pub mod sample;

const JUDGE: &str = r#"
import base64, datetime, json, struct, sys, yaml

def plain(value):
    if value is None or isinstance(value, (bool, str)):
        return {"s": value} if isinstance(value, str) else value
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, float):
        return {"f": "nan" if value != value else struct.pack(">d", value).hex()}
    if isinstance(value, bytes):
        return {"b": base64.b64encode(value).decode()}
    if isinstance(value, (datetime.date, datetime.datetime)):
        return {"t": True}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, set):
        return {"m": [[plain(item), None] for item in value]}
    if isinstance(value, dict):
        return {"m": [[plain(k), plain(v)] for k, v in value.items()]}
    raise TypeError(type(value))

for line in sys.stdin:
    text = json.loads(line)
    try:
        answer = {"value": plain(yaml.load(text, Loader=yaml.SafeLoader))}
    except Exception as error:
        answer = {"error": type(error).__name__ + ": " + " ".join(str(error).split())}
    print(json.dumps(answer), flush=True)
"#;

/// PyYAML in one process that answers line by line.
pub struct PyYaml {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl PyYaml {
    pub fn start() -> Self {
        let mut child = Command::new("/usr/bin/python3")
            .args(["-c", JUDGE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("/usr/bin/python3 runs; install the Debian packages python3 and python3-yaml");
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout }
    }

    /// What `yaml.safe_load` builds, in the form of [`plain`], or why it refuses.
    pub fn load(&mut self, text: &str) -> Result<Json, String> {
        writeln!(self.stdin, "{}", json!(text)).unwrap();
        self.stdin.flush().unwrap();
        let mut line = String::new();
        let bytes = self.stdout.read_line(&mut line).unwrap();
        assert!(bytes > 0, "the judge ended; install the Debian package python3-yaml");
        let mut answer: Json = serde_json::from_str(&line).unwrap();
        match answer.get_mut("value") {
            Some(value) => Ok(value.take()),
            None => Err(answer["error"].as_str().unwrap().to_owned()),
        }
    }
}

impl Drop for PyYaml {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A value in the judge's form.
pub fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!({ "i": number.to_string() }),
        Value::Float(number) if number.is_nan() => json!({ "f": "nan" }),
        Value::Float(number) => json!({ "f": format!("{:016x}", number.to_bits()) }),
        Value::String(text) => json!({ "s": text }),
        Value::Timestamp(_) => json!({ "t": true }),
        Value::Binary(bytes) => {
            use base64::Engine as _;
            json!({ "b": base64::engine::general_purpose::STANDARD.encode(bytes) })
        }
        Value::Seq(items) => items.iter().map(plain).collect(),
        Value::Map(map) => {
            let entries: Json = map.iter().map(|(k, v)| json!([plain(k), plain(v)])).collect();
            json!({ "m": entries })
        }
    }
}
