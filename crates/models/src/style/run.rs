//! Coarse to fine: large shapes are found on a small picture, where they are cheap, and refined on larger ones.

use impasto_autograd::{Var, grad};
use impasto_tensor::{Taps, Tensor};

use super::loss::{Loss, Weights};
use super::perceptual::Perceptual;
use crate::error::Error;
use crate::event::Event;
use crate::optim::Lbfgs;

/// What a run is told.
#[derive(Clone, Copy, Debug, PartialEq)]
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
                let detail = format!("expected at least {LEAST} px a side, got {:?}", &picture.shape()[2..]);
                return Err(Error::setting(field, detail));
            }
        }
        let sizes = sizes(photograph, painting, settings);
        let (loss, small) = prepare(net, photograph, painting, sizes[0].0, settings.weights);
        let (photograph, painting) = (photograph.clone(), painting.clone());
        let lbfgs = Lbfgs::new(HISTORY, REACH);
        Ok(Self { net, photograph, painting, settings, sizes, level: 0, loss, picture: small, lbfgs, step: 0 })
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
            self.level += 1;
            let scale = self.sizes[self.level].0;
            let (loss, content) = prepare(self.net, &self.photograph, &self.painting, scale, self.settings.weights);
            self.picture = resize(&self.picture(), content.shape()[2], content.shape()[3]);
            (self.loss, self.lbfgs) = (loss, Lbfgs::new(HISTORY, REACH));
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
