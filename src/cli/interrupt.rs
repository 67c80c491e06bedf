//! Ctrl-C, SIGTERM and --timeout: once to start nothing new, twice to leave.

use std::time::Duration;

use tokio::sync::watch;

use super::terminal::Terminal;
use crate::apply::Stop;

/// Runs `work`, turning signals into stops. Dropped with it, so that nothing outlives the command.
pub(super) async fn with_stops<T>(
    terminal: Terminal,
    timeout: Option<Duration>,
    work: impl AsyncFnOnce(watch::Receiver<Stop>) -> T,
) -> T {
    let (sender, receiver) = watch::channel(Stop::No);
    let signals = async {
        let mut first = true;
        let deadline = async {
            match timeout {
                Some(after) => tokio::time::sleep(after).await,
                None => std::future::pending().await,
            }
        };
        let mut deadline = std::pin::pin!(deadline);
        let mut over = false;
        loop {
            tokio::select! {
                () = asked_to_stop() => {}
                () = &mut deadline, if !over => {
                    over = true;
                    terminal.line("The time given by --timeout is over: leaving what runs in Azure; the next run goes on from there.");
                    let _ = sender.send(Stop::Leave);
                    continue;
                }
            }
            if first {
                first = false;
                terminal.line(
                    "Interrupted: starting nothing new, following what runs. Once more to leave it running in Azure; \
                     `landfall cancel` in another terminal has Azure end it.",
                );
                let _ = sender.send(Stop::StartNothing);
            } else {
                let _ = sender.send(Stop::Leave);
            }
        }
    };
    tokio::select! {
        result = work(receiver) => result,
        () = signals => unreachable!("BUG: signals are listened for without end"),
    }
}

async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
