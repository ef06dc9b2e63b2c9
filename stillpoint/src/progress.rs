//! Progress and warnings, on standard error.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mover::{Event, Events, Progress};

use crate::cli::ProgressForm;

/// Who is told.
#[derive(Debug)]
pub struct Reporter {
    form: Form,
    warnings: bool,
    bar: Mutex<Option<ProgressBar>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bars,
    Json,
    Silent,
}

impl Reporter {
    /// In this form; `quiet` silences warnings too.
    pub fn new(form: ProgressForm, quiet: bool) -> Self {
        let form = match form {
            _ if quiet => Form::Silent,
            ProgressForm::Json => Form::Json,
            ProgressForm::Bar => Form::Bars,
            ProgressForm::Auto if std::io::stderr().is_terminal() => Form::Bars,
            ProgressForm::Auto | ProgressForm::None => Form::Silent,
        };
        Self {
            form,
            warnings: !quiet,
            bar: Mutex::new(None),
        }
    }

    /// Tells a warning.
    pub fn warn(&self, message: impl Into<String>) {
        self.tell(Event::Warning {
            message: message.into(),
        });
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, what: String) {
        let spinner = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
            .expect("a template that is right");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        bar.set_style(spinner);
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Some(old) = self.bar().replace(bar) {
            old.finish_and_clear();
        }
    }

    fn progress(&self, p: Progress) {
        let bar = self.bar();
        let Some(bar) = bar.as_ref() else { return };
        if bar.length() != Some(p.total) {
            let style = ProgressStyle::with_template(
                "{msg} {wide_bar} {percent:>3}% {binary_bytes_per_sec} {prefix}",
            );
            bar.set_style(style.expect("a template that is right"));
            bar.set_length(p.total);
        }
        let left = p.seconds_left.map(|s| match s {
            0..100 => format!("{s} s left"),
            _ => format!("{} left", crate::units::seconds(s as f64)),
        });
        bar.set_prefix(left.unwrap_or_default());
        bar.set_position(p.done);
    }
}

impl Events for Reporter {
    fn tell(&self, event: Event) {
        match (self.form, event) {
            (Form::Json, event) => {
                let line = serde_json::to_string(&event).expect("plain data becomes JSON");
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            (_, Event::Warning { message }) if self.warnings => {
                let print = || {
                    let _ = writeln!(std::io::stderr(), "warning: {message}");
                };
                match self.bar().as_ref() {
                    Some(bar) => bar.suspend(print),
                    None => print(),
                }
            }
            (Form::Bars, Event::Step { what }) => self.step(what),
            (Form::Bars, Event::Progress(p)) => self.progress(p),
            _ => {}
        }
    }
}
