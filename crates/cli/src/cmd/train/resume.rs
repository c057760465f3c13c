//! `impasto train resume`: goes on with a run that was killed, interrupted or out of time.

use std::path::Path;
use std::sync::Arc;

use impasto_models::team::Team;

use super::args::text;
use super::course::{Summary, finish, share};
use super::{classifier, gan};
use crate::checkpoints::Store;
use crate::config::{Config, Kind, Layer};
use crate::failure::Failure;
use crate::run_dir::RunDir;
use crate::stages::job::Job;
use crate::ui::Ui;

pub(super) fn run(
    path: &Path,
    data: Option<&Path>,
    minutes: Option<f64>,
    team: &Arc<dyn Team>,
    ui: &Ui,
) -> Result<(), Failure> {
    let told = path.join("config.toml");
    if !told.exists() {
        let way_out = "name the directory of a run, as `impasto train` made it";
        return Err(Failure::usage(format!("{}: is missing; {way_out}", told.display())));
    }
    let moved = data.map(text).transpose()?.map(|data| Layer::of("--data", &[("data", data.into())]));
    let sooner = minutes.map(|minutes| Layer::of("--max-minutes", &[("max_minutes", minutes.into())]));
    let config = Config::of([Layer::file(&told)?].into_iter().chain(moved).chain(sooner).collect())?;
    if config.steps.is_none() {
        let detail = "does not say how many `steps` the run has; it is not of a training that can be resumed";
        return Err(Failure::usage(format!("{}: {detail}", told.display())));
    }
    let store = Store::new(path, config.train.name(), &config.checkpoints);
    if store.finished().exists() && path.join("report.html").exists() {
        ui.result(
            format!("{}: the run is finished; its report is report.html", path.display()),
            &serde_json::json!({ "finished": true }),
        );
        share(&**team, None);
        return Ok(());
    }
    match config.train {
        Kind::Classifier => go_on(&classifier::prepare(&config, Some(ui))?, &config, &store, path, team, ui),
        Kind::Gan => gan::with(&config, ui, |task| go_on(task, &config, &store, path, team, ui)),
    }
}

fn go_on<J: Job<Done: Summary>>(
    job: &J,
    config: &Config,
    store: &Store,
    path: &Path,
    team: &Arc<dyn Team>,
    ui: &Ui,
) -> Result<(), Failure> {
    let last = store.last(|e| ui.warn(e))?;
    match &last {
        Some((checkpoint, _)) => ui.say(format!("going on from {}", checkpoint.display())),
        None => ui.say("there is no checkpoint yet: the run begins anew"),
    }
    let mut dir = RunDir::open(path)?;
    finish(job, config, last.as_ref().map(|(path, checkpoint)| (path.as_path(), checkpoint)), &mut dir, team, ui)
}
