//! Progress of long work on stderr, and its end on Ctrl-C.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    thread,
};

use quantix_ova::watch::{Progress as Done, Watch};

use crate::ui::{Progress, Ui};

/// Shows a bar and cancels the work on the first Ctrl-C or SIGTERM, so that it can clean up.
pub(crate) struct Bar {
    bar: Progress,
    stop: Arc<AtomicBool>,
}

impl Bar {
    pub(crate) fn new(ui: &Ui, label: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        // The thread waits for signals until the process ends.
        thread::spawn(move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build()
            {
                runtime.block_on(interrupted());
                flag.store(true, Ordering::Relaxed);
            }
        });
        Self { bar: ui.progress(label), stop }
    }
}

/// Returns at the first signal that asks the process to end.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    let poll = move |context: &mut Context<'_>| match (
        terminate.poll_recv(context),
        interrupt.poll_recv(context),
    ) {
        (Poll::Pending, Poll::Pending) => Poll::Pending,
        _ => Poll::Ready(()),
    };
    std::future::poll_fn(poll).await;
}

impl Watch for Bar {
    fn progress(&self, done: Done) {
        self.bar.bytes(done.done_bytes, done.total_bytes);
    }

    fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
