//! `quantix vm console` and `screenshot`.

use std::{
    io::{IsTerminal, Read, Write},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use rustix::termios::{self, OptionalActions, Termios};
use tokio::sync::mpsc;

use super::{One, failure};
use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

/// Ctrl-], as in telnet and virsh.
const ESCAPE: u8 = 0x1d;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm console web
  quantix vm console web --limit 60 > boot.log    # read only, for a minute

Ctrl-] leaves the console.")]
pub(crate) struct ConsoleArgs {
    #[command(flatten)]
    one: One,
    /// The alias of the device; the first serial port when left out.
    #[arg(long)]
    device: Option<String>,
    /// Take the console from who has it open.
    #[arg(long)]
    force: bool,
    /// End after this many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = super::seconds())]
    limit: Option<u64>,
}

/// A terminal without line editing; as it was when dropped.
struct RawTerminal(Option<Termios>);

impl RawTerminal {
    fn new() -> Self {
        let stdin = std::io::stdin();
        let saved = stdin.is_terminal().then(|| termios::tcgetattr(&stdin).ok()).flatten();
        if let Some(mut raw) = saved.clone() {
            raw.make_raw();
            // A terminal that cannot be raw is used as it is.
            let _ = termios::tcsetattr(&stdin, OptionalActions::Now, &raw);
        }
        Self(saved)
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        if let Some(saved) = &self.0 {
            // There is nobody left to tell.
            let _ = termios::tcsetattr(std::io::stdin(), OptionalActions::Now, saved);
        }
    }
}

/// What is typed, until the escape or the end of input; read on a thread, as a terminal blocks.
fn typed() -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut chunk = [0u8; 1024];
        while let Ok(count @ 1..) = std::io::stdin().lock().read(&mut chunk) {
            if sender.blocking_send(chunk[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

impl ConsoleArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let limit = self.limit.map_or(Duration::MAX, Duration::from_secs);
        let device = self.device.as_deref();
        let open = host.as_async().console(domain.id, device, self.force);
        let mut console = host.wait(open).map_err(failure)?;
        ui.note(format!("console of {domain}; Ctrl-] leaves it"));
        let terminal = RawTerminal::new();
        let talk = async {
            let mut keys = typed();
            let mut is_open = true;
            loop {
                tokio::select! {
                    output = console.read() => match output {
                        None => return Ok(()),
                        Some(bytes) => print(&bytes)?,
                    },
                    input = keys.recv(), if is_open => match input {
                        // Without a terminal, the end of input only ends the writing.
                        None => is_open = false,
                        Some(bytes) => {
                            let end = bytes.iter().position(|byte| *byte == ESCAPE);
                            let bytes = &bytes[..end.unwrap_or(bytes.len())];
                            console.write(bytes).await.map_err(failure)?;
                            if end.is_some() {
                                return Ok(());
                            }
                        }
                    },
                }
            }
        };
        let outcome = host.wait(async { tokio::time::timeout(limit, talk).await });
        drop(terminal);
        outcome.unwrap_or(Ok(()))?;
        if console.lost_bytes() > 0 {
            ui.note(format!("{} bytes came too fast and were dropped", console.lost_bytes()));
        }
        Ok(Answer::Yes)
    }
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::output)
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  quantix vm screenshot web -o web.ppm

The hypervisor chooses the format, as a rule PPM; the answer names it.")]
pub(crate) struct ScreenshotArgs {
    #[command(flatten)]
    one: One,
    /// The file to write.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Which screen.
    #[arg(long, default_value_t = 0)]
    screen: u32,
}

impl ScreenshotArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let shot = host.screenshot(domain.id, self.screen).map_err(failure)?;
        let folder = self.output.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(std::path::Path::new("."));
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&shot.bytes)?;
            file.persist(&self.output).map_err(|error| error.error)
        };
        write().map_err(|error| {
            Failure::environment(format!("cannot write {}", self.output.display())).because(error)
        })?;
        let answer = serde_json::json!({
            "path": self.output, "mime": shot.mime, "bytes": shot.bytes.len(),
        });
        ui.answer(&answer, |_| format!("{}: {}\n", self.output.display(), shot.mime))?;
        Ok(Answer::Yes)
    }
}
