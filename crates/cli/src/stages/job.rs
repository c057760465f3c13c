//! [`Job`]: a stage that trains, from its first step to its end, through interruptions and back.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use impasto_data::Dataset;
use impasto_models::engine::{Engine, Policy, Training, Verdict};
use impasto_models::team::{Alone, Team};
use impasto_models::{Checkpoint, Event, checkpoint};
use serde_json::Value;

use super::{Record, Trace, follow};
use crate::budget::Budget;
use crate::checkpoints::{Store, write};
use crate::config::Checkpoints;
use crate::failure::Failure;
use crate::interrupt;
use crate::run_dir::RunDir;
use crate::ui::Ui;

/// Something to train.
pub(crate) trait Job {
    /// What trains it.
    type Training: Training;
    /// What comes of it.
    type Done;
    /// Its name in checkpoints, logs and files.
    const NAME: &'static str;
    /// What it does and why, in one or two plain sentences.
    const LESSON: &'static str;

    /// Whether batches can be taken in parts, to save memory or by several processes.
    const CAN_PART: bool = false;

    /// The hash of what it learns from.
    fn data(&self) -> String;
    /// Pictures of a step.
    fn batch(&self) -> usize;
    /// File, source and licence of what it learns from, for the report.
    fn origins(&self) -> Vec<(String, String, String)> {
        Vec::new()
    }
    /// A training of so many steps at its beginning, whose batches the processes of a team take in so many parts.
    fn begin(&self, steps: u64, parts: usize, team: &Arc<dyn Team>) -> Result<Self::Training, Failure>;
    /// Draws samples and the like, where they are due.
    fn after_step(&self, _: &Self::Training, _trace: &mut Trace) -> Result<(), Failure> {
        Ok(())
    }
    /// Whether the best checkpoint is the one whose first score is the largest, or else the smallest.
    const LARGER_IS_BETTER: bool = true;

    /// Scores of the present weights on what they did not learn from. The first one chooses the best checkpoint.
    fn scores(&self, _: &Self::Training) -> Result<Vec<(&'static str, f64)>, Failure> {
        Ok(Vec::new())
    }
    /// Does once what is done at the end and takes memory.
    fn rehearse_end(&self, _: &Self::Training) {}
    /// What is done with the trained weights; `hash` is that of their checkpoint.
    fn finish(
        &self,
        training: &Self::Training,
        hash: String,
        record: &Record,
        dir: &RunDir,
        ui: &Ui,
    ) -> Result<Self::Done, Failure>;
}

/// How a job is gone through.
#[derive(Clone)]
pub(crate) struct Course {
    pub(crate) steps: u64,
    /// What may not be different when the run is resumed.
    pub(crate) terms: Value,
    /// Parts that each batch is taken in.
    pub(crate) parts: usize,
    pub(crate) policy: Policy,
    pub(crate) checkpoints: Checkpoints,
    /// After so many seconds the run is saved and ended.
    pub(crate) max_seconds: Option<f64>,
    /// The processes that train, of which this one writes.
    pub(crate) team: Arc<dyn Team>,
}

impl Course {
    /// So many steps in one go, with no checkpoint on the way.
    pub(crate) fn straight(steps: u64) -> Self {
        let (policy, checkpoints) = (Policy::default(), Checkpoints::default());
        Self { steps, terms: Value::Null, parts: 1, policy, checkpoints, max_seconds: None, team: Arc::new(Alone) }
    }
}

/// How a job ended.
pub(crate) enum Outcome<D> {
    /// All steps are done.
    Done(D),
    /// It was saved behind so many steps: it ran out of time, or the user asked.
    Early { step: u64, asked: bool },
}

impl<D> Outcome<D> {
    /// What came of a job that nothing ends early.
    pub(crate) fn done(self) -> Result<D, Failure> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Early { step, .. } => Err(Failure::Interrupted(format!("ended at step {step}"))),
        }
    }
}

/// The origin of a data set.
pub(super) fn origin(data: &Dataset) -> (String, String, String) {
    let licence = data.licence().unwrap_or("not known; a file LICENCE beside the pictures says it");
    ("pictures to train on".into(), data.source().into(), licence.into())
}

/// The number of steps of a budget, measured on a training that is thrown away.
pub(crate) fn steps<J: Job>(job: &J, budget: Budget) -> Result<u64, Failure> {
    let mut trial = job.begin(1, 1, &(Arc::new(Alone) as Arc<dyn Team>))?;
    Ok(budget.steps(|| drop(trial.step(false))))
}

/// A job's engine at the beginning.
pub(super) fn begin<J: Job>(job: &J, course: &Course) -> Result<Engine<J::Training>, Failure> {
    let training = job.begin(course.steps, course.parts, &course.team)?;
    Ok(Engine::new(training, job.data(), course.policy.clone()).on(course.terms.clone()))
}

/// Trains, from the beginning or from a checkpoint that was read.
pub(crate) fn train<J: Job>(
    job: &J,
    course: &Course,
    from: Option<(&Path, &Checkpoint)>,
    dir: &mut RunDir,
    ui: &Ui,
) -> Result<Outcome<J::Done>, Failure> {
    let begun = Instant::now();
    let store = Store::new(dir.path(), J::NAME, &course.checkpoints);
    let team = &*course.team;
    let mut engine = begin(job, course)?;
    follow::share_checkpoint(team, from.map(|(_, checkpoint)| checkpoint))?;
    if let Some((path, checkpoint)) = from {
        engine.restore(checkpoint, path)?;
    }
    let mut trace = Trace::new(J::NAME, ui.progress(J::NAME, course.steps, job.batch()), dir);
    if !trace.dir().is_new {
        trace.begin_at(engine.steps().done)?;
    }
    while engine.steps().left() > 0 {
        let turn = engine.turn();
        trace.take(&turn.event)?;
        for alarm in &turn.alarms {
            trace.warn(alarm);
        }
        trace.alarms(&turn.alarms, turn.event.step)?;
        match turn.verdict {
            Verdict::GoOn | Verdict::Save | Verdict::Done => {}
            Verdict::RollBack => {
                let step = roll_back(&mut engine, team, &store, &mut trace)?;
                // The log of the steps behind it is gone, what went wrong there is not.
                trace.alarms(&turn.alarms, step)?;
                continue;
            }
            Verdict::Stop => return Err(stopped::<J>(&turn.alarms, &store)),
        }
        // Before the checkpoint: a run that goes on from it finds what was drawn.
        job.after_step(engine.training(), &mut trace)?;
        if turn.verdict == Verdict::Save {
            save(job, &mut engine, &store, &mut trace)?;
        }
        let is_late = course.max_seconds.is_some_and(|most| begun.elapsed().as_secs_f64() > most);
        let asked = interrupt::asked();
        let ends = (asked || is_late) && engine.steps().left() > 0;
        follow::share_end(team, ends);
        if ends {
            let step = engine.steps().done;
            trace.flush()?;
            drop(trace);
            if turn.verdict != Verdict::Save {
                ui.wrote(&store.save_early(&engine.checkpoint())?);
            }
            return Ok(Outcome::Early { step, asked });
        }
    }
    let is_best = score(job, &mut engine, &mut trace)?;
    trace.flush()?;
    if !is_best && store.best().exists() {
        ui.say(format!("  the best by its scores: {}", store.best().display()));
    }
    let (path, checkpoint) = (store.finished(), engine.checkpoint());
    if is_best {
        write(&checkpoint, &store.best())?;
    }
    write(&checkpoint, &path)?;
    store.forget_early()?;
    let (record, dir) = trace.end();
    ui.wrote(&path);
    let hash = checkpoint::file_hash(&path)?;
    Ok(Outcome::Done(job.finish(engine.training(), hash, &record, dir, ui)?))
}

/// Scores the present weights, and tells whether none were as good before.
fn score<J: Job>(job: &J, engine: &mut Engine<J::Training>, trace: &mut Trace) -> Result<bool, Failure> {
    let step = engine.steps().done;
    let scalars = job.scores(engine.training())?;
    let merit = |score: f64| if J::LARGER_IS_BETTER { score } else { -score };
    let is_best = scalars.first().is_some_and(|&(_, score)| engine.is_best(merit(score)));
    if !scalars.is_empty() {
        trace.score(&Event { step, scalars })?;
    }
    Ok(is_best)
}

fn save<J: Job>(job: &J, engine: &mut Engine<J::Training>, store: &Store, trace: &mut Trace) -> Result<(), Failure> {
    let step = engine.steps().done;
    let is_best = score(job, engine, trace)?;
    for (name, params) in engine.training().weights() {
        trace.weights(name, params, step)?;
    }
    // What the log says up to here must not be lost when the checkpoint is there.
    trace.flush()?;
    let checkpoint = engine.checkpoint();
    // The best one first: killed in between, the run comes here again.
    if is_best {
        write(&checkpoint, &store.best())?;
    }
    store.save(step, &checkpoint).map(drop)
}

fn roll_back<T: Training>(
    engine: &mut Engine<T>,
    team: &dyn Team,
    store: &Store,
    trace: &mut Trace,
) -> Result<u64, Failure> {
    let Some((path, checkpoint)) = store.good(|e| trace.warn(e))? else {
        let way_out = "there is no checkpoint to go back to; set checkpoints.every, or another lr";
        return Err(Failure::Check(format!("step {}: {way_out}", engine.steps().done)));
    };
    follow::share_checkpoint(team, Some(&checkpoint))?;
    engine.roll_back(&checkpoint, &path)?;
    let step = engine.steps().done;
    trace.warn(&format!("back to step {step}, with half of the learning rate"));
    trace.begin_at(step)?;
    Ok(step)
}

fn stopped<J: Job>(alarms: &[impasto_models::sentinel::Alarm], store: &Store) -> Failure {
    let what: Vec<String> = alarms.iter().map(ToString::to_string).collect();
    let kept = match store.good(|_| ()) {
        Ok(Some((path, _))) => format!("; {} is from before", path.display()),
        _ => String::new(),
    };
    Failure::Check(format!("{}: {}{kept}; try a lower lr or another --seed", J::NAME, what.join("; ")))
}
