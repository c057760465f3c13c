//! Painting a photograph in the style of another picture.

use impasto_data::Picture;
use impasto_models::engine::{Engine, Policy, Verdict};
use impasto_models::sentinel::{Action, Divergence, Watch};
use impasto_models::style::{Perceptual, Run, Settings};
use impasto_tensor::{Tensor, memory};

use super::Record;
use crate::budget::Budget;
use crate::failure::Failure;
use crate::interrupt;
use crate::process;
use crate::report::Stage;
use crate::run_dir::RunDir;
use crate::ui::Ui;

const LESSON: &str = "A photograph is changed pixel by pixel until a network sees the textures of the painting in it and still \
                      the content of the photograph. Nothing is trained here: the gradient goes to the picture.";

/// What to paint.
pub(crate) struct Task<'a> {
    /// What logs and alarms call it.
    pub(crate) name: &'a str,
    pub(crate) net: &'a Perceptual,
    pub(crate) photograph: &'a Picture,
    pub(crate) painting: &'a Picture,
    /// The long side of the result, in pixels.
    pub(crate) size: usize,
    pub(crate) budget: Budget,
    /// All but the number of steps.
    pub(crate) settings: Settings,
}

/// The finished picture.
pub(crate) struct Painted {
    pub(crate) picture: Picture,
    pub(crate) steps: u64,
    pub(crate) stage: Stage,
}

/// `[1, 3, H, W]`
fn tensor(picture: &Picture, long_side: usize) -> Tensor {
    let picture = picture.rgb().fit_long_side(long_side);
    let [c, h, w] = [3, picture.height(), picture.width()];
    picture.to_tensor().reshape([1, c, h, w])
}

/// Refuses a size that the machine has no memory for: a step at a small one tells what a number of the picture takes.
fn fits_memory(task: &Task, numbers: usize) -> Result<(), Failure> {
    const SMALL: usize = 128;
    let [photograph, painting] = [task.photograph, task.painting].map(|picture| tensor(picture, SMALL));
    let before = memory::stats().live;
    memory::reset_peak();
    let (Some(available), Ok(mut trial)) = (
        process::available_bytes(),
        Run::new(task.net, &photograph, &painting, Settings { steps: 1, ..task.settings }),
    ) else {
        return Ok(());
    };
    trial.step();
    let needed = (memory::stats().peak - before) as u64 / photograph.len() as u64 * numbers as u64;
    if needed > available {
        let [needed, available] = [needed, available].map(|bytes| bytes as f64 / 1e9);
        let detail = format!("{} px take about {needed:.1} GB, {available:.1} GB are free", task.size);
        return Err(Failure::usage(format!("--size: {detail}; choose a smaller one")));
    }
    Ok(())
}

pub(crate) fn paint(task: &Task, mut dir: Option<&mut RunDir>, ui: &Ui) -> Result<Painted, Failure> {
    let [photograph, painting] = [task.photograph, task.painting].map(|picture| tensor(picture, task.size));
    fits_memory(task, photograph.len())?;
    let begin = |steps| Run::new(task.net, &photograph, &painting, Settings { steps, ..task.settings });
    // The finest size costs most; measuring there, the coarser ones are counted as if they cost as much as they do.
    let mut trial = begin(0)?;
    let steps = task.budget.steps(|| drop(trial.step()));
    // A loss that rises when the picture grows has not run away.
    let quiet = Divergence { action: Action::Off, ..Divergence::default() };
    let policy = Policy { watch: Watch { divergence: quiet, ..Watch::default() }, ..Policy::default() };
    let mut engine = Engine::new(begin(steps)?, "", policy);
    let mut record = Record::new("style");
    let progress = ui.progress("style", steps, 1);
    while engine.steps().left() > 0 {
        let turn = engine.turn();
        progress.event(&turn.event);
        record.take(&turn.event);
        if let Some(dir) = &mut dir {
            dir.logs.step(task.name, &turn.event, record.seconds())?;
        }
        for alarm in &turn.alarms {
            progress.warn(alarm);
        }
        record.alarms.extend_from_slice(&turn.alarms);
        if turn.verdict == Verdict::Stop {
            return Err(Failure::Check(format!("style: {}; try a smaller --style-weight", turn.alarms[0])));
        }
        if interrupt::asked() {
            return Err(Failure::Interrupted(format!("{}: ended at step {}", task.name, turn.event.step)));
        }
    }
    drop(progress);
    let run = engine.training();
    let picture = Picture::from_tensor(&run.picture().reshape(&run.picture().shape()[1..]));
    let mut stage = record.stage("style", LESSON, steps);
    stage.facts = vec![("perceptual net".into(), task.net.name.clone())];
    stage.charts = vec![record.chart("Style and content", "loss, normalised", &["style", "content"])];
    Ok(Painted { picture, steps, stage })
}
