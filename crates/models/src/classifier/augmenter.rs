//! The changes of training pictures that a run is told to make, with the streams of random numbers that they draw from.

use impasto_tensor::{Random, Tensor, random};

use super::run::Counters;
use super::settings::Settings;
use crate::augment::{cutmix, cutout, mixup};
use crate::batches::Batch;

/// Pictures to learn from, and what they show.
pub(super) struct Lesson {
    pub(super) images: Tensor,
    pub(super) labels: Vec<u32>,
    /// The labels of the pictures that were mixed in.
    pub(super) others: Vec<u32>,
    /// The part that a picture's own label counts; the rest is that of the other.
    pub(super) share: f64,
}

/// A stream for each kind of change, so that switching one on leaves the others as they were.
pub(super) struct Augmenter {
    moves: Random,
    colour: Random,
    cutout: Random,
    mix: Random,
}

impl Augmenter {
    pub(super) fn new(seed: u64) -> Self {
        let [moves, colour, cutout, mix] = ["augment", "augment.colour", "augment.cutout", "augment.mix"]
            .map(|n| Random::new(seed, random::stream(n)));
        Self { moves, colour, cutout, mix }
    }

    pub(super) fn save(&self, counters: &mut Counters) {
        counters.augment = self.moves.position();
        counters.colour = self.colour.position();
        counters.cutout = self.cutout.position();
        counters.mix = self.mix.position();
    }

    pub(super) fn seek(&mut self, counters: &Counters) {
        self.moves.seek(counters.augment);
        self.colour.seek(counters.colour);
        self.cutout.seek(counters.cutout);
        self.mix.seek(counters.mix);
    }

    pub(super) fn apply(&mut self, batch: Batch, settings: &Settings) -> Lesson {
        let Batch { images, labels } = batch;
        let mut images = settings.moves().apply(&images, &mut self.moves);
        let jitter = settings.jitter();
        if jitter.any() {
            images = jitter.apply(images, &mut self.colour);
        }
        if settings.cutout > 0 {
            images = cutout(images, settings.cutout, &mut self.cutout);
        }
        let by_rectangles = match (settings.mixup > 0.0, settings.cutmix > 0.0) {
            (false, false) => return Lesson { images, labels, others: Vec::new(), share: 1.0 },
            (true, true) => self.mix.below(2) == 1,
            (_, cutmix) => cutmix,
        };
        let mixed = if by_rectangles {
            cutmix(&images, settings.cutmix, &mut self.mix)
        } else {
            mixup(&images, settings.mixup, &mut self.mix)
        };
        let others = mixed.partner.iter().map(|&i| labels[i]).collect();
        Lesson { images: mixed.images, labels, others, share: mixed.share }
    }
}
