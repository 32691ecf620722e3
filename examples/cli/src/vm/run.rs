//! `quantix vm run`: any call, as a document.

use std::path::PathBuf;

use clap::Args;
use quantix_libvirt::RequestError;

use super::{Connection, failure};
use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm run '{\"op\":\"block_job\",\"vm\":\"web\",\"disk\":\"vda\",\"job\":{\"kind\":\"commit\"},\"finish\":\"pivot\"}'
  quantix vm run '{\"op\":\"set_throttle\",\"vm\":\"web\",\"disk\":\"vda\",\"throttle\":{\"total_iops_sec\":500}}'
  quantix vm run --from backup.json --deadline 3600

The documents are those that Python and C send: `op` names the call, and a name that there is not
is refused with the list of all. The answer is JSON.")]
pub(crate) struct RunArgs {
    /// The document.
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    request: Option<String>,
    /// A file that holds it; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

impl RunArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let request = match (self.request, self.from) {
            (Some(request), _) => request,
            (None, Some(path)) => String::from_utf8(input::read(&path)?).map_err(|error| {
                Failure::input(format!("{} is not UTF-8", path.display())).because(error)
            })?,
            (None, None) => return Err(Failure::input("expected a request")),
        };
        let answer = self.connection.open()?.answer(&request).map_err(refused)?;
        ui.text(&(answer + "\n"))?;
        Ok(Answer::Yes)
    }
}

fn refused(error: RequestError) -> Failure {
    match error {
        RequestError::Call(error) => failure(error),
        error => {
            let findings = error.findings().to_vec();
            Failure::input(error.to_string()).with_findings(findings)
        }
    }
}
