//! Painting a photograph in the style of another picture.

use impasto_data::Picture;
use impasto_models::engine::{Engine, Policy, Verdict};
use impasto_models::sentinel::{Action, Divergence, Watch};
use impasto_models::style::{Perceptual, Run, Settings};

use super::Record;
use crate::budget::Budget;
use crate::failure::Failure;
use crate::report::Stage;
use crate::run_dir::RunDir;
use crate::ui::Ui;

const LESSON: &str = "A photograph is changed pixel by pixel until a network sees the textures of the painting in it and still \
                      the content of the photograph. Nothing is trained here: the gradient goes to the picture.";

/// What to paint.
pub(crate) struct Task<'a> {
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

pub(crate) fn paint(task: &Task, mut dir: Option<&mut RunDir>, ui: &Ui) -> Result<Painted, Failure> {
    let tensor = |picture: &Picture| {
        let picture = picture.rgb().fit_long_side(task.size);
        let [c, h, w] = [3, picture.height(), picture.width()];
        picture.to_tensor().reshape([1, c, h, w])
    };
    let (photograph, painting) = (tensor(task.photograph), tensor(task.painting));
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
            dir.logs.step("style", &turn.event, record.seconds())?;
        }
        for alarm in &turn.alarms {
            progress.warn(alarm);
        }
        if turn.verdict == Verdict::Stop {
            return Err(Failure::Check(format!("style: {}; try a smaller --style-weight", turn.alarms[0])));
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
