//! Painting a photograph in the style of another picture.

use impasto_data::Picture;
use impasto_models::style::{Perceptual, Run, Settings};

use super::{Meter, Trace};
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

pub(crate) fn paint<'u>(task: &Task, dir: Option<&mut RunDir<'u>>, ui: &'u Ui) -> Result<Painted, Failure> {
    let meter = Meter::start();
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
    let mut run = begin(steps)?;
    let mut trace = Trace::new("style", ui.progress("style", steps), dir);
    for _ in 0..steps {
        trace.take(run.step())?;
    }
    let picture = Picture::from_tensor(&run.picture().reshape(&run.picture().shape()[1..]));
    let mut stage = meter.stage("style", LESSON, steps);
    stage.facts = vec![("perceptual net".into(), task.net.name.clone())];
    stage.charts = vec![trace.chart("Style and content", "loss, normalised", &["style", "content"])];
    Ok(Painted { picture, steps, stage })
}
