//! All that is printed: sentences for people, a bar while a terminal watches, plain lines where none does, and one JSON
//! object a line for programs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this file is where the program prints")]

#[cfg(feature = "tui")]
use std::cell::RefCell;
use std::fmt::{self, Write};
use std::io::{self, IsTerminal};

use impasto_data::Picture;
use impasto_models::Event;
use impasto_tensor::simd;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use serde_json::{Value, json};

#[cfg(feature = "tui")]
use crate::dashboard::Dashboard;
use crate::failure::Failure;

/// How the program speaks.
#[derive(Clone)]
pub(crate) struct Ui {
    quiet: bool,
    json: bool,
    shows: Shows,
    threads: usize,
}

/// What progress is shown on.
#[derive(Clone, Copy, PartialEq)]
enum Shows {
    Lines,
    Bars,
    #[cfg(feature = "tui")]
    Dashboards,
}

/// A line for who reads the results. Nobody need: a pipe that was closed ends no training.
fn print(line: impl fmt::Display) {
    let _ = io::Write::write_all(&mut io::stdout().lock(), format!("{line}\n").as_bytes());
}

/// A line for who watches, likewise.
fn print_error(line: impl fmt::Display) {
    let _ = io::Write::write_all(&mut io::stderr().lock(), format!("{line}\n").as_bytes());
}

impl Ui {
    pub(crate) fn new(quiet: bool, json: bool, threads: usize) -> Self {
        let shows = if !quiet && !json && std::io::stderr().is_terminal() { Shows::Bars } else { Shows::Lines };
        Self { quiet, json, shows, threads }
    }

    /// The same, that shows trainings on the whole terminal if that is wanted and there is one.
    pub(crate) fn with_dashboard(&self, wanted: bool) -> Result<Self, Failure> {
        if wanted && cfg!(not(feature = "tui")) {
            let way_out = "build it with `cargo build --release --features tui`";
            return Err(Failure::usage(format!("--tui: this program was built without it; {way_out}")));
        }
        #[cfg(feature = "tui")]
        if wanted && self.shows == Shows::Bars && std::io::stdout().is_terminal() {
            return Ok(Self { shows: Shows::Dashboards, ..self.clone() });
        }
        Ok(self.clone())
    }

    /// Threads that the program computes with.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// What the report says of the machine: of this only the vector instructions change results, by rounding.
    pub(crate) fn machine(&self) -> String {
        let s = if self.threads == 1 { "" } else { "s" };
        format!("{} thread{s}, vector instructions {}", self.threads, simd::level())
    }

    /// A sentence on what is going on.
    pub(crate) fn say(&self, text: impl fmt::Display) {
        if !self.quiet && !self.json {
            print(text);
        }
    }

    /// What was asked for: text for people, or the value as JSON.
    pub(crate) fn result(&self, text: impl fmt::Display, value: &Value) {
        if self.json { print(value) } else { print(text) }
    }

    /// A file that was written.
    pub(crate) fn wrote(&self, path: &std::path::Path) {
        let name = path.display().to_string();
        if self.json {
            print(json!({ "wrote": name }));
        } else if !self.quiet {
            print(format_args!("  wrote {name}"));
        }
    }

    pub(crate) fn error(&self, message: &impl fmt::Display) {
        if self.json {
            print(json!({ "error": message.to_string() }));
        }
        print_error(format_args!("error: {message}"));
    }

    /// Something that the user should know, and that does not end the run.
    pub(crate) fn warn(&self, message: &impl fmt::Display) {
        if self.json {
            print(json!({ "warning": message.to_string() }));
        } else {
            print_error(format_args!("warning: {message}"));
        }
    }

    /// Progress through `total` steps of so many pictures each.
    pub(crate) fn progress(&self, stage: &'static str, total: u64, pictures: usize) -> Progress<'_> {
        Progress { ui: self, stage, total, display: self.display(stage, total, pictures) }
    }

    #[cfg_attr(not(feature = "tui"), expect(unused_variables, reason = "the dashboard shows the stage's name"))]
    fn display(&self, stage: &'static str, total: u64, pictures: usize) -> Display {
        #[cfg(feature = "tui")]
        if self.shows == Shows::Dashboards
            && let Ok(dashboard) = Dashboard::open(stage, total, pictures)
        {
            return Display::Dashboard(Box::new(dashboard.into()));
        }
        if self.shows == Shows::Lines {
            return Display::Lines;
        }
        let style = ProgressStyle::with_template("  {bar:24} {pos}/{len}  {eta} left  {rate}  {msg}");
        let rate = move |state: &ProgressState, w: &mut dyn Write| {
            let _ = write!(w, "{:.0} pictures/s", state.per_sec() * pictures as f64);
        };
        Display::Bar(ProgressBar::new(total).with_style(style.expect("a valid template").with_key("rate", rate)))
    }
}

/// The same, with what it takes.
enum Display {
    Lines,
    Bar(ProgressBar),
    #[cfg(feature = "tui")]
    Dashboard(Box<RefCell<Dashboard>>),
}

/// Progress of one stage.
pub(crate) struct Progress<'u> {
    ui: &'u Ui,
    stage: &'static str,
    total: u64,
    display: Display,
}

impl Progress<'_> {
    /// Steps up to here were done before.
    pub(crate) fn begin_at(&self, step: u64) {
        match &self.display {
            Display::Lines => {}
            Display::Bar(bar) => {
                bar.set_position(step);
                bar.reset_eta();
            }
            #[cfg(feature = "tui")]
            Display::Dashboard(dashboard) => dashboard.borrow_mut().begin_at(step),
        }
    }

    /// Scores on the way.
    pub(crate) fn score(&self, event: &Event) {
        let line = || print(format_args!("  step {}/{}  {}", event.step, self.total, numbers(event)));
        match &self.display {
            Display::Bar(bar) => bar.suspend(line),
            #[cfg(feature = "tui")]
            Display::Dashboard(dashboard) => dashboard.borrow_mut().event(event),
            Display::Lines if self.ui.json => print(event_json(self.stage, event)),
            Display::Lines if self.ui.quiet => {}
            Display::Lines => line(),
        }
    }

    /// Something that goes wrong.
    pub(crate) fn warn(&self, message: &impl fmt::Display) {
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| self.ui.warn(message)),
            #[cfg(feature = "tui")]
            Display::Dashboard(dashboard) => dashboard.borrow_mut().note(message.to_string()),
            Display::Lines => self.ui.warn(message),
        }
    }

    /// A step.
    pub(crate) fn event(&self, event: &Event) {
        match &self.display {
            Display::Bar(bar) => {
                bar.set_position(event.step);
                bar.set_message(numbers(event));
            }
            #[cfg(feature = "tui")]
            Display::Dashboard(dashboard) => dashboard.borrow_mut().event(event),
            Display::Lines if self.ui.json => print(event_json(self.stage, event)),
            Display::Lines if self.ui.quiet => {}
            Display::Lines => {
                if event.step.is_multiple_of((self.total / 8).max(1)) || event.step == self.total {
                    print(format_args!("  step {}/{}  {}", event.step, self.total, numbers(event)));
                }
            }
        }
    }

    /// A picture that was drawn on the way.
    #[cfg_attr(
        not(feature = "tui"),
        expect(unused_variables, clippy::unused_self, reason = "only the dashboard shows pictures")
    )]
    pub(crate) fn sample(&self, picture: &Picture) {
        #[cfg(feature = "tui")]
        if let Display::Dashboard(dashboard) = &self.display {
            dashboard.borrow_mut().sample(picture.clone());
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.display, Display::Lines) {
            Display::Lines => {}
            Display::Bar(bar) => bar.finish_and_clear(),
            #[cfg(feature = "tui")]
            Display::Dashboard(dashboard) => {
                let notes = dashboard.borrow_mut().notes();
                drop(dashboard);
                for note in notes {
                    self.ui.warn(&note);
                }
            }
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
