//! From settings to the report: plan, directory, training, page.

use std::path::Path;
use std::sync::Arc;

use impasto_models::Checkpoint;
use impasto_models::team::Team;
use serde_json::Value;

use super::args::{RunArgs, text};
use super::classifier;
use crate::config::{Config, Layer};
use crate::failure::Failure;
use crate::interrupt;
use crate::plan::Plan;
use crate::process;
use crate::report::{Energy, Figure, Report, Stage, render};
use crate::run_dir::RunDir;
use crate::shell;
use crate::stages;
use crate::stages::job::{Course, Job, Outcome, train};
use crate::ui::Ui;

/// The most parts that a batch is taken in.
const MOST_PARTS: usize = 64;

/// What a finished training says.
pub(super) trait Summary {
    fn page(self) -> Page;
}

/// What the report and the last line show.
pub(super) struct Page {
    pub(super) stage: Stage,
    pub(super) timeline: Vec<Figure>,
    pub(super) text: String,
    pub(super) value: Value,
}

/// Plans and runs.
pub(super) fn start<J: Job<Done: Summary>>(
    job: &J,
    config: &Config,
    args: &RunArgs,
    team: &Arc<dyn Team>,
    ui: &Ui,
) -> Result<(), Failure> {
    RunDir::can_create(args.out.as_deref())?;
    ui.say(J::LESSON);
    let plan = planned(job, config, team.size(), ui)?;
    if args.dry_run {
        share(&**team, None);
        ui.result(format!("{}\nnothing was written: --dry-run", plan.text()), &plan.json());
        return Ok(());
    }
    ui.say(plan.text());
    let mut config = Config { steps: Some(plan.steps), ..config.clone() };
    config.classifier.settings.micro_batches = plan.parts;
    // Absolute paths: the run may be resumed from elsewhere.
    config.data = config.data()?.canonicalize().ok().or(config.data);
    config.gan.judge = config.gan.judge.map(|judge| judge.canonicalize().unwrap_or(judge));
    for path in config.data.iter().chain(&config.gan.judge) {
        text(path)?;
    }
    let mut dir = RunDir::create(args.out.as_deref())?;
    dir.config(&config.table())?;
    finish(job, &config, None, &mut dir, team, ui)
}

/// Says what a run would take.
pub(super) fn plan_only<J: Job>(job: &J, config: &Config, ui: &Ui) -> Result<(), Failure> {
    let plan = planned(job, config, 1, ui)?;
    ui.result(plan.text(), &plan.json());
    Ok(())
}

/// The plan of a run, in so many parts that it stays below the memory that it may take.
fn planned<J: Job>(job: &J, config: &Config, processes: usize, ui: &Ui) -> Result<Plan, Failure> {
    let limit = config.max_ram.map(|mb| mb.saturating_mul(1_000_000));
    let told = if J::CAN_PART { config.classifier.settings.micro_batches } else { 1 };
    let mut parts = told.next_multiple_of(processes);
    loop {
        let plan = Plan::of(job, config, parts, processes)?;
        let fits = limit.is_none_or(|limit| plan.peak_bytes <= limit);
        if fits {
            // The last, the best, and the one that is being written.
            let least = (3 * plan.checkpoint_bytes).div_ceil(1_000_000);
            if config.checkpoints.quota.is_some_and(|mb| mb < least) {
                let detail = format!("expected at least {least} MB, room for three of this run's");
                return Err(Failure::usage(format!("checkpoints.quota: {detail}; raise it or choose a smaller width")));
            }
            return Ok(plan);
        }
        let peak = plan.peak_bytes / 1_000_000;
        if !J::CAN_PART || parts >= MOST_PARTS.min(plan.batch) {
            let way_out = "raise it, or choose a smaller batch or width";
            return Err(Failure::usage(format!("--max-ram: the run takes {peak} MB; {way_out}")));
        }
        ui.say(format!("  {peak} MB with {parts} part{} a batch; trying more", if parts == 1 { "" } else { "s" }));
        parts *= 2;
        process::reset_peak();
    }
}

fn course(config: &Config, team: &Arc<dyn Team>) -> Course {
    let steps = config.steps.expect("a run's settings say how many steps it has");
    Course {
        steps,
        terms: config.terms(),
        parts: config.classifier.settings.micro_batches,
        policy: config.policy(steps),
        checkpoints: config.checkpoints.clone(),
        max_seconds: config.max_minutes.map(|minutes| 60.0 * minutes),
        team: Arc::clone(team),
    }
}

/// Tells the other processes what is trained, or that nothing is.
pub(super) fn share(team: &dyn Team, config: Option<&Config>) {
    if team.size() > 1 {
        team.broadcast(config.map(|config| config.table().to_string().into_bytes()).unwrap_or_default());
    }
}

/// Trains what the first process says, if it says anything.
pub(super) fn follow(team: &Arc<dyn Team>) -> Result<(), Failure> {
    interrupt::listen();
    let told = team.broadcast(Vec::new());
    if told.is_empty() {
        return Ok(());
    }
    let origin = "settings of the first process";
    let wrong = |e: String| Failure::usage(format!("{origin}: {e}"));
    let text = String::from_utf8(told).map_err(|e| wrong(e.to_string()))?;
    let table = text.parse().map_err(|e: toml::de::Error| wrong(e.to_string()))?;
    let config = Config::of(vec![Layer { origin: origin.into(), table }])?;
    stages::follow::follow(&classifier::prepare(&config, None)?, &course(&config, team))
}

/// Trains to the end, from the beginning or from a checkpoint, and writes the report.
pub(super) fn finish<J: Job<Done: Summary>>(
    job: &J,
    config: &Config,
    from: Option<(&Path, &Checkpoint)>,
    dir: &mut RunDir,
    team: &Arc<dyn Team>,
    ui: &Ui,
) -> Result<(), Failure> {
    interrupt::listen();
    share(&**team, Some(config));
    let course = course(config, team);
    let steps = course.steps;
    let done = match train(job, &course, from, dir, ui)? {
        Outcome::Done(done) => done.page(),
        Outcome::Early { step, asked } => {
            let message =
                format!("saved at step {step} of {steps}; to go on: impasto train resume {}", shell::path(dir.path()));
            if asked {
                return Err(Failure::Interrupted(message));
            }
            ui.result(&message, &serde_json::json!({ "saved_at": step, "steps": steps }));
            return Ok(());
        }
    };
    let command = format!("impasto train {} --config config.toml --data DATA", J::NAME);
    let report = Report {
        title: format!("impasto train {}", J::NAME),
        version: env!("CARGO_PKG_VERSION").into(),
        seed: config.seed,
        command,
        machine: ui.machine(),
        energy: Some(Energy { cores: ui.threads() * team.size(), watts_per_core: config.report.watts_per_core }),
        stages: vec![done.stage],
        timeline: done.timeline,
        origins: job.origins(),
        ..Report::default()
    };
    ui.wrote(&dir.write("report.html", render(&report).as_bytes())?);
    let mut value = done.value;
    value["peak_mb"] = serde_json::json!(process::peak_bytes().unwrap_or(0) as f64 / 1e6);
    ui.result(done.text, &value);
    Ok(())
}
