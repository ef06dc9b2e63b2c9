//! The watchdog's process.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc;

use tokio::signal::unix::{SignalKind, signal};

use super::keeper::Keeper;
use super::protocol::{Order, Report};

/// Runs the watchdog until its standard input ends and nothing is left frozen or held.
/// Everything it says goes to standard output, for the program that started it; what people
/// must know goes to standard error.
pub fn main() -> ExitCode {
    // A terminal's ^C goes to its session: leave it. Fails only for the leader of a group,
    // which is not in need of it.
    let _ = rustix::process::setsid();
    let Some(_shield) = Shield::raise() else {
        log("can't keep signals away; not starting");
        return ExitCode::FAILURE;
    };
    if crate::libvirt::guard_wanted() {
        return crate::libvirt::guard_main();
    }
    let (send, orders) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            match serde_json::from_str::<Order>(&line) {
                Ok(order) => {
                    if send.send(order).is_err() {
                        return;
                    }
                }
                Err(e) => log(&format!("order `{line}`: {e}")),
            }
        }
    });
    Keeper::new(orders, say).run();
    ExitCode::SUCCESS
}

/// Keeps signals that ask a program to end away from this one for as long as it runs: what
/// ends it is the end of its input.
struct Shield {
    _runtime: tokio::runtime::Runtime,
}

impl Shield {
    fn raise() -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .ok()?;
        let entered = runtime.enter();
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::quit(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
            SignalKind::alarm(),
        ] {
            // Listening replaces what the signal would do, for the rest of the process.
            drop(signal(kind).ok()?);
        }
        drop(entered);
        Some(Self { _runtime: runtime })
    }
}

/// Writes a report. A reader that is gone is no trouble: the end of the input tells.
fn say(report: &Report) {
    let mut out = std::io::stdout().lock();
    let _ = out
        .write_all(report.line().as_bytes())
        .and_then(|()| out.flush());
}

/// Writes to standard error, which may be gone.
pub(super) fn log(text: &str) {
    let _ = writeln!(std::io::stderr(), "stillpoint freeze watchdog: {text}");
}
