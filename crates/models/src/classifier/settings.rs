//! What a training run is told.

use serde::{Deserialize, Serialize};

use super::net::Config;
use crate::augment::{Edge, Jitter, Moves};
use crate::error::Error;
use crate::optim::{Adam, Method, Schedule, Sgd};

/// What a run is told. A number of 0 switches off what it sets, and so a checkpoint that does not have it was made without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Steps in all; the learning rate follows its schedule over them.
    pub steps: u64,
    /// Steps over which the learning rate rises.
    pub warm_up: u64,
    /// The highest learning rate.
    pub lr: f64,
    /// The pull of weights of two axes and more to zero; biases and norms are left alone.
    pub weight_decay: f64,
    /// Pixels by which training pictures are moved at most.
    pub shift: usize,
    /// Where all random numbers come from.
    pub seed: u64,
    /// The optimiser.
    #[serde(default)]
    pub optimiser: Method,
    /// What stays of the velocity of gradient descent; 0 for none. Adam has its own.
    #[serde(default = "momentum")]
    pub momentum: f64,
    /// Whether gradient descent looks a step ahead, as Nesterov does.
    #[serde(default)]
    pub nesterov: bool,
    /// The learning rate over time.
    #[serde(default)]
    pub schedule: Schedule,
    /// The longest gradient, as the norm over all weights; longer ones are shortened to it.
    #[serde(default)]
    pub clip: f64,
    /// The part of each target that is shared out among all classes.
    #[serde(default)]
    pub label_smoothing: f64,
    /// Alpha of mixup: pictures are mixed with others.
    #[serde(default)]
    pub mixup: f64,
    /// Alpha of cutmix: parts of pictures are replaced by those of others. With mixup too, each batch gets one of them, by the
    /// toss of a coin.
    #[serde(default)]
    pub cutmix: f64,
    /// Side of the square that is blackened in training pictures, in pixels.
    #[serde(default)]
    pub cutout: usize,
    /// Whether training pictures are flipped left to right, half of them.
    #[serde(default = "yes")]
    pub flip: bool,
    /// What comes in where training pictures were moved.
    #[serde(default)]
    pub edge: Edge,
    /// How far the brightness of training pictures changes.
    #[serde(default)]
    pub brightness: f64,
    /// How far their contrast does.
    #[serde(default)]
    pub contrast: f64,
    /// How far their saturation does; for pictures of three channels.
    #[serde(default)]
    pub saturation: f64,
    /// What stays of the weights' average at each step. With an average, it is what the run hands out to judge.
    #[serde(default)]
    pub ema: f64,
    /// Parts that a batch is taken in, one after the other, to save memory. The step is that of the whole batch but for
    /// rounding, unless the network has batch norms: their statistics are then those of each part.
    #[serde(default = "one")]
    pub micro_batches: usize,
}

/// What checkpoints that do not say otherwise were made with.
fn momentum() -> f64 {
    0.9
}
fn yes() -> bool {
    true
}
fn one() -> usize {
    1
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            steps: 1000,
            warm_up: 20,
            lr: 4e-3,
            weight_decay: 0.05,
            shift: 1,
            seed: 0,
            optimiser: Method::default(),
            momentum: momentum(),
            nesterov: false,
            schedule: Schedule::default(),
            clip: 0.0,
            label_smoothing: 0.0,
            mixup: 0.0,
            cutmix: 0.0,
            cutout: 0,
            flip: yes(),
            edge: Edge::default(),
            brightness: 0.0,
            contrast: 0.0,
            saturation: 0.0,
            ema: 0.0,
            micro_batches: one(),
        }
    }
}

impl Settings {
    /// Whether a run can be told this.
    pub(super) fn check(&self, config: &Config) -> Result<(), Error> {
        let at_least_0 = [
            ("lr", self.lr),
            ("weight_decay", self.weight_decay),
            ("clip", self.clip),
            ("mixup", self.mixup),
            ("cutmix", self.cutmix),
            ("brightness", self.brightness),
            ("contrast", self.contrast),
            ("saturation", self.saturation),
        ];
        for (field, value) in at_least_0 {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::setting(field, format!("expected a number from 0, got {value}")));
            }
        }
        let below_1 = [("momentum", self.momentum), ("label_smoothing", self.label_smoothing), ("ema", self.ema)];
        for (field, value) in below_1 {
            if !(0.0..1.0).contains(&value) {
                return Err(Error::setting(field, format!("expected a number from 0 and below 1, got {value}")));
            }
        }
        if self.nesterov && (self.optimiser != Method::Sgd || self.momentum == 0.0) {
            return Err(Error::setting("nesterov", "needs the optimiser `sgd` and a momentum above 0; leave it out"));
        }
        if self.saturation > 0.0 && config.channels != 3 {
            let detail = format!("needs pictures of 3 channels, these have {}; set it to 0", config.channels);
            return Err(Error::setting("saturation", detail));
        }
        if self.shift >= config.size {
            let detail = format!("expected less than the pictures' {} px, got {}", config.size, self.shift);
            return Err(Error::setting("shift", detail));
        }
        if self.micro_batches == 0 {
            return Err(Error::setting("micro_batches", "expected at least 1, got 0"));
        }
        Ok(())
    }

    pub(super) fn moves(&self) -> Moves {
        Moves { flip: self.flip, shift: self.shift, edge: self.edge }
    }

    pub(super) fn jitter(&self) -> Jitter {
        Jitter { brightness: self.brightness, contrast: self.contrast, saturation: self.saturation }
    }

    /// The learning rate of the step behind `step` steps.
    pub(super) fn learning_rate(&self, step: u64) -> f64 {
        self.lr * self.schedule.factor(step, self.steps, self.warm_up)
    }

    pub(super) fn optimiser(&self) -> Box<dyn crate::optim::Optimiser + Send> {
        match self.optimiser {
            Method::Adam => Box::new(Adam::new(Adam::default().betas, self.weight_decay)),
            Method::Sgd => Box::new(Sgd::new(self.momentum, self.nesterov, self.weight_decay)),
        }
    }
}
