//! `quantix undeploy`: removes what `quantix deploy` made.

use clap::Args;
use quantix_libvirt::Host;
use serde::Serialize;

use super::{OWNER, connect, refused, target, unreachable};
use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix undeploy web
  quantix undeploy --all

Only machines that carry the mark of `quantix deploy` are removed, with the files that the mark
names. Removing what is gone already is no failure.")]
pub(crate) struct UndeployArgs {
    /// The machines.
    #[arg(required_unless_present = "all")]
    names: Vec<String>,
    /// Every machine that `quantix deploy` made on this host.
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// The libvirt host.
    #[arg(long, default_value = "qemu:///system")]
    uri: String,
}

/// What was removed.
#[derive(Debug, Default, Serialize)]
struct Removed {
    machines: Vec<String>,
    files: Vec<String>,
}

impl UndeployArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::environment("cannot start").because(error))?;
        let removed = runtime.block_on(self.remove())?;
        ui.answer(&removed, |removed| match removed.machines.is_empty() {
            true => "nothing to remove\n".to_owned(),
            false => format!("removed {}\n", removed.machines.join(", ")),
        })?;
        Ok(Answer::Yes)
    }

    async fn remove(&self) -> Result<Removed, Failure> {
        let host = connect(&self.uri).await?;
        let ours = host.tagged(Some(OWNER)).await.map_err(unreachable)?;
        let mut removed = Removed::default();
        for name in &self.names {
            self.check_owner(&host, name, ours.iter().any(|it| it.domain.name == *name)).await?;
        }
        for machine in ours {
            if !self.all && !self.names.contains(&machine.domain.name) {
                continue;
            }
            let report = host.delete(&machine.domain).await.map_err(refused)?;
            target::remove(&report.files)?;
            removed.machines.push(machine.domain.name);
            removed.files.extend(report.files);
        }
        Ok(removed)
    }

    async fn check_owner(&self, host: &Host, name: &str, is_ours: bool) -> Result<(), Failure> {
        if is_ours || host.domain_by_name(name).await.map_err(unreachable)?.is_none() {
            return Ok(());
        }
        Err(Failure::input(format!("the machine `{name}` was not made by `quantix deploy`"))
            .hint("remove it with the tool that made it"))
    }
}
