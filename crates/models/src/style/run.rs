//! Coarse to fine: large shapes are found on a small picture, where they are cheap, and refined on larger ones.

use std::path::Path;

use impasto_autograd::{Var, grad};
use impasto_tensor::{Taps, Tensor};
use serde::{Deserialize, Serialize};

use super::loss::{Loss, Weights};
use super::perceptual::Perceptual;
use crate::checkpoint::Checkpoint;
use crate::engine::{Steps, Training};
use crate::error::Error;
use crate::event::Event;
use crate::optim::Lbfgs;
use crate::params::{Kind, Params};
use crate::sentinel::Inspection;

/// What a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Steps in all, over all sizes.
    pub steps: u64,
    /// What counts how much.
    pub weights: Weights,
    /// The smallest size to begin with: the long side in pixels.
    pub coarsest: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { steps: 150, weights: Weights::default(), coarsest: 96 }
    }
}

/// Steps that L-BFGS remembers: 24 bytes a pixel for each.
const HISTORY: usize = 12;
/// How far one step may move the pixels, in root mean square.
const REACH: f64 = 0.1;
/// The least side of a picture that every net can read style from.
const LEAST: usize = 32;

/// A style transfer in progress.
pub struct Run<'n> {
    net: &'n Perceptual,
    photograph: Tensor,
    painting: Tensor,
    settings: Settings,
    /// For each size its scale, and the step at which it ends.
    sizes: Vec<(f64, u64)>,
    level: usize,
    loss: Loss<'n>,
    picture: Tensor,
    lbfgs: Lbfgs,
    /// What stays of the reach of a step.
    softness: f64,
    step: u64,
}

impl<'n> Run<'n> {
    /// A run that begins with the photograph.
    ///
    /// # Shapes
    /// `[1, 3, H, W]` each, values in [0, 1]; the painting may have another size
    ///
    /// # Errors
    /// If a picture is too small to have a style.
    pub fn new(net: &'n Perceptual, photograph: &Tensor, painting: &Tensor, settings: Settings) -> Result<Self, Error> {
        for (field, picture) in [("photograph", photograph), ("painting", painting)] {
            if picture.shape()[2..].iter().any(|&side| side < LEAST) {
                let [h, w] = [2, 3].map(|axis| picture.shape()[axis]);
                let detail = format!(
                    "expected at least {LEAST} px a side, got {w} x {h}; choose a larger size, or cut it to be less long"
                );
                return Err(Error::setting(field, detail));
            }
        }
        let sizes = sizes(photograph, painting, settings);
        let (loss, small) = prepare(net, photograph, painting, sizes[0].0, settings.weights);
        let (photograph, painting) = (photograph.clone(), painting.clone());
        let lbfgs = Lbfgs::new(HISTORY, REACH);
        let (level, softness, step) = (0, 1.0, 0);
        Ok(Self { net, photograph, painting, settings, sizes, level, loss, picture: small, lbfgs, softness, step })
    }

    /// The picture so far.
    ///
    /// # Shapes
    /// `[1, 3, H, W]`, values in [0, 1]
    pub fn picture(&self) -> Tensor {
        self.picture.map(|v| v.clamp(0.0, 1.0))
    }

    /// One evaluation of the loss and one change of the picture; at the end of a size, the picture grows.
    pub fn step(&mut self) -> Event {
        while self.step >= self.sizes[self.level].1 && self.level + 1 < self.sizes.len() {
            let picture = self.picture();
            self.begin(self.level + 1);
            let &[_, _, height, width] = &self.picture.shape()[..] else { unreachable!("a picture has four axes") };
            self.picture = resize(&picture, height, width);
        }
        let x = Var::param(self.picture.clone());
        let terms = self.loss.at(&x);
        let gradient = grad(&terms.total, &[&x]).remove(0);
        self.picture = self.lbfgs.step(&self.picture, &gradient);
        self.step += 1;
        let scalar = |v: &Var| f64::from(v.item());
        Event {
            step: self.step,
            scalars: vec![
                ("loss", scalar(&terms.total)),
                ("style", scalar(&terms.style)),
                ("content", scalar(&terms.content)),
                ("size", self.picture.shape()[2..].iter().copied().max().unwrap_or(0) as f64),
            ],
        }
    }
}

impl Run<'_> {
    /// Begins a size with the photograph.
    fn begin(&mut self, level: usize) {
        let scale = self.sizes[level].0;
        (self.loss, self.picture) = prepare(self.net, &self.photograph, &self.painting, scale, self.settings.weights);
        (self.level, self.lbfgs) = (level, Lbfgs::new(HISTORY, REACH * self.softness));
    }
}

/// What a checkpoint says besides tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Meta {
    settings: Settings,
    softness: f64,
    level: usize,
    step: u64,
    data: String,
}

impl Training for Run<'_> {
    fn steps(&self) -> Steps {
        Steps { done: self.step, total: self.settings.steps }
    }

    /// There are no parameters to inspect.
    fn step(&mut self, _: bool) -> (Event, Option<Inspection>) {
        (Self::step(self), None)
    }

    fn checkpoint(&self, data: &str) -> Checkpoint {
        let Self { settings, softness, level, step, .. } = *self;
        let mut checkpoint = Checkpoint::new("style", &Meta { settings, softness, level, step, data: data.to_owned() });
        let mut picture = Params::default();
        picture.insert("pixels", self.picture.clone(), Kind::Weight);
        checkpoint.put("picture", &picture);
        checkpoint.put("lbfgs", &self.lbfgs.state());
        checkpoint
    }

    fn restore(&mut self, checkpoint: &Checkpoint, path: &Path) -> Result<(), Error> {
        checkpoint.is_kind(path, "style")?;
        let meta: Meta = checkpoint.meta(path)?;
        (self.settings, self.softness, self.step) = (meta.settings, meta.softness, meta.step);
        self.sizes = sizes(&self.photograph, &self.painting, self.settings);
        self.begin(meta.level.min(self.sizes.len() - 1));
        let mut wanted = Params::default();
        wanted.insert("pixels", self.picture.clone(), Kind::Weight);
        let picture = checkpoint.part_like(path, "picture", &wanted)?;
        self.picture = picture.get("pixels").expect("it was asked for").clone();
        let curvature = checkpoint.part("lbfgs");
        if let Some((name, ..)) = curvature.iter().find(|(_, tensor, _)| tensor.shape() != self.picture.shape()) {
            return Err(Error::format(path, format!("lbfgs.{name} has not the shape of the picture; paint it anew")));
        }
        self.lbfgs.restore(&curvature);
        Ok(())
    }

    fn soften(&mut self, factor: f64) {
        self.softness *= factor;
        self.lbfgs.soften(factor);
    }

    fn weights(&self) -> Vec<(&'static str, &Params)> {
        Vec::new()
    }
}

/// The scales, doubling up to 1, each with the step at which it ends: coarse ones get more steps.
fn sizes(photograph: &Tensor, painting: &Tensor, settings: Settings) -> Vec<(f64, u64)> {
    let long = photograph.shape()[2..].iter().copied().max().unwrap_or(0);
    let short = [photograph, painting].iter().flat_map(|p| &p.shape()[2..]).copied().min().unwrap_or(0);
    let halves = (0..usize::BITS).take_while(|&h| long >> h >= settings.coarsest && short >> h >= LEAST).count().max(1);
    let total: u64 = (1..=halves as u64).sum();
    let mut end = 0;
    (0..halves)
        .map(|i| {
            end += (halves - i) as u64;
            (0.5f64.powi((halves - 1 - i) as i32), settings.steps * end / total)
        })
        .collect()
}

/// The loss at a scale, and the photograph there.
fn prepare<'n>(
    net: &'n Perceptual,
    photograph: &Tensor,
    painting: &Tensor,
    scale: f64,
    weights: Weights,
) -> (Loss<'n>, Tensor) {
    let at = |picture: &Tensor| {
        let side = |axis: usize| ((picture.shape()[axis] as f64 * scale).round() as usize).max(1);
        resize(picture, side(2), side(3))
    };
    let (photograph, painting) = (at(photograph), at(painting));
    (Loss::new(net, &photograph, &painting, &photograph, weights), photograph)
}

fn resize(picture: &Tensor, height: usize, width: usize) -> Tensor {
    let rows = picture.resample(2, &Taps::resize(picture.shape()[2], height));
    rows.resample(3, &Taps::resize(picture.shape()[3], width))
}
