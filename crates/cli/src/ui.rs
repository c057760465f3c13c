//! All that is printed: sentences for people, a bar while a terminal watches, plain lines where none does, and one JSON
//! object a line for programs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this file is where the program prints")]

use std::fmt::{Display, Write};
use std::io::IsTerminal;

use impasto_models::Event;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde_json::{Value, json};

/// How the program speaks.
pub(crate) struct Ui {
    quiet: bool,
    json: bool,
    bars: bool,
    threads: usize,
}

impl Ui {
    pub(crate) fn new(quiet: bool, json: bool, threads: usize) -> Self {
        Self { quiet, json, bars: !quiet && !json && std::io::stderr().is_terminal(), threads }
    }

    /// Whether a program reads what is printed.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Threads that the program computes with.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// What the report says of the machine; results do not depend on it.
    pub(crate) fn machine(&self) -> String {
        format!("{} thread{}", self.threads, if self.threads == 1 { "" } else { "s" })
    }

    /// A sentence on what is going on.
    pub(crate) fn say(&self, text: impl Display) {
        if !self.quiet && !self.json {
            println!("{text}");
        }
    }

    /// What was asked for: text for people, or the value as JSON.
    pub(crate) fn result(&self, text: impl Display, value: &Value) {
        if self.json { println!("{value}") } else { println!("{text}") }
    }

    /// A file that was written.
    pub(crate) fn wrote(&self, path: &std::path::Path) {
        let name = path.display().to_string();
        if self.json {
            println!("{}", json!({ "wrote": name }));
        } else if !self.quiet {
            println!("  wrote {name}");
        }
    }

    pub(crate) fn error(&self, message: &impl Display) {
        if self.json {
            println!("{}", json!({ "error": message.to_string() }));
        }
        eprintln!("error: {message}");
    }

    /// Something that the user should know, and that does not end the run.
    pub(crate) fn warn(&self, message: &impl Display) {
        if self.json {
            println!("{}", json!({ "warning": message.to_string() }));
        } else {
            eprintln!("warning: {message}");
        }
    }

    /// Progress through `total` steps of so many pictures each.
    pub(crate) fn progress(&self, stage: &'static str, total: u64, pictures: usize) -> Progress<'_> {
        let bar = self.bars.then(|| {
            let style = ProgressStyle::with_template("  {bar:24} {pos}/{len}  {eta} left  {rate}  {msg}");
            let rate = move |state: &ProgressState, w: &mut dyn Write| {
                let _ = write!(w, "{:.0} pictures/s", state.per_sec() * pictures as f64);
            };
            ProgressBar::new(total).with_style(style.expect("a valid template").with_key("rate", rate))
        });
        Progress { ui: self, stage, total, bar }
    }
}

/// Progress of one stage.
pub(crate) struct Progress<'u> {
    ui: &'u Ui,
    stage: &'static str,
    total: u64,
    bar: Option<ProgressBar>,
}

impl Progress<'_> {
    /// Steps up to here were done before.
    pub(crate) fn begin_at(&self, step: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(step);
            bar.reset_eta();
        }
    }

    /// Scores on the way.
    pub(crate) fn score(&self, event: &Event) {
        if self.ui.json {
            println!("{}", event_json(self.stage, event));
        } else if !self.ui.quiet {
            self.aside(|| println!("  step {}/{}  {}", event.step, self.total, numbers(event)));
        }
    }

    /// Something that goes wrong.
    pub(crate) fn warn(&self, message: &impl Display) {
        self.aside(|| self.ui.warn(message));
    }

    /// Prints without the bar in the way.
    fn aside(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    pub(crate) fn event(&self, event: &Event) {
        if let Some(bar) = &self.bar {
            bar.set_position(event.step);
            bar.set_message(numbers(event));
        } else if self.ui.json {
            println!("{}", event_json(self.stage, event));
        } else if !self.ui.quiet && (event.step.is_multiple_of((self.total / 8).max(1)) || event.step == self.total) {
            println!("  step {}/{}  {}", event.step, self.total, numbers(event));
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn numbers(event: &Event) -> String {
    let numbers = event.scalars.iter().map(|(name, v)| format!("{} {}", name.replace('_', " "), short(*v)));
    numbers.collect::<Vec<_>>().join("  ")
}

/// A number for a line of progress: 640 of 640.0, 0.524 of 0.52361, 3.1e-4 of 0.00031.
fn short(v: f64) -> String {
    match v.abs() {
        _ if v.fract() == 0.0 => format!("{v}"),
        ..0.0095 => format!("{v:.1e}"),
        _ => format!("{v:.3}"),
    }
}

/// An event as the log and `--json` hold it.
pub(crate) fn event_json(stage: &str, event: &Event) -> Value {
    let mut line = json!({ "stage": stage, "step": event.step });
    for (name, value) in &event.scalars {
        line[*name] = json!(value);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_of_progress_are_short_and_never_zero_for_what_is_not() {
        let said = [640.0, 0.523_61, 0.003_1, -2e-9, 0.0, 12.345_67].map(short);
        assert_eq!(said, ["640", "0.524", "3.1e-3", "-2.0e-9", "0", "12.346"]);
    }
}
