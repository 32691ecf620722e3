//! The other tools.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// The appliance as the other tools want it.
pub(crate) struct Peers {
    pub(crate) ova: PathBuf,
    /// Its disk, unpacked.
    pub(crate) vmdk: PathBuf,
    /// Its disk, raw, alone in a folder with a descriptor.
    pub(crate) raw: PathBuf,
}

impl Peers {
    /// Unpacks the appliance once, for those who cannot read it in place.
    pub(crate) fn prepare(ova: &Path, work: &Path) -> Result<Self, Box<dyn Error>> {
        let folder = work.join("in");
        std::fs::create_dir(&folder)?;
        shell(&folder, &format!("tar xf '{}'", ova.display()))?;
        let mut vmdk = None;
        for entry in folder.read_dir()? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "vmdk") {
                vmdk = Some(path);
            }
        }
        let vmdk = vmdk.ok_or("no .vmdk in the appliance")?;
        let raw = work.join("disk.img");
        let convert =
            format!("qemu-img convert -f vmdk -O raw '{}' '{}'", vmdk.display(), raw.display());
        shell(work, &convert)?;
        Ok(Self { ova: ova.to_owned(), vmdk, raw })
    }

    /// Runs a peer in an empty folder: wall and processor seconds.
    pub(crate) fn run(&self, name: &str, out: &Path) -> Result<(f64, f64), Box<dyn Error>> {
        let (ova, vmdk, raw) = (self.ova.display(), self.vmdk.display(), self.raw.display());
        let file = self.vmdk.file_name().and_then(|name| name.to_str()).ok_or("odd name")?;
        let command = match name {
            "tar x && sha256sum && qemu-img convert" => format!(
                "tar xf '{ova}' && sha256sum * >sums && qemu-img convert -f vmdk -O qcow2 '{file}' disk.qcow2"
            ),
            "qemu-img convert" => format!("qemu-img convert -f vmdk -O qcow2 '{vmdk}' disk.qcow2"),
            "qemu-img convert -c -W -m 16" => {
                format!("qemu-img convert -c -W -m 16 -f vmdk -O qcow2 '{vmdk}' disk.qcow2")
            }
            "qemu-img: raw to stream-optimized" => format!(
                "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized '{raw}' disk.vmdk"
            ),
            _ => return Err(format!("no peer is called {name}").into()),
        };
        let start = Instant::now();
        let timed = format!("TIMEFORMAT='%U %S'; time {{ {command}; }} 2>/dev/null");
        let run = Command::new("bash").args(["-c", &timed]).current_dir(out).output()?;
        let seconds = start.elapsed().as_secs_f64();
        if !run.status.success() {
            return Err(format!("{command}: {}", run.status).into());
        }
        let text = String::from_utf8(run.stderr)?;
        let parts: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
        Ok((seconds, parts?.iter().sum()))
    }
}

fn shell(folder: &Path, command: &str) -> Result<(), Box<dyn Error>> {
    let status = Command::new("bash").args(["-c", command]).current_dir(folder).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command}: {status}").into()) }
}
