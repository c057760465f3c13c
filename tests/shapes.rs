//! Pictures that small networks can learn in seconds, made up as they are asked for.

use impasto_models::{Batch, Batches};
use impasto_tensor::Random;

/// What the pictures show.
pub(crate) const CLASSES: [&str; 4] = ["bar", "cross", "frame", "pillar"];
/// Side of the pictures, in pixels.
pub(crate) const SIDE: usize = 12;

/// Bright shapes at random places of dark, noisy pictures. The batch at a position is always the same.
#[derive(Clone)]
pub(crate) struct Shapes {
    seed: u64,
    size: usize,
    position: u64,
}

impl Shapes {
    /// Batches of `size` pictures.
    pub(crate) fn new(seed: u64, size: usize) -> Self {
        Self { seed, size, position: 0 }
    }
}

impl Batches for Shapes {
    fn next(&mut self) -> Batch {
        let mut random = Random::new(self.seed, self.position);
        self.position += 1;
        let mut images = random.uniform([self.size, 1, SIDE, SIDE], 0.0, 0.4);
        let labels: Vec<u32> = (0..self.size).map(|_| random.below(CLASSES.len()) as u32).collect();
        for (picture, &label) in images.data_mut().chunks_mut(SIDE * SIDE).zip(&labels) {
            let [top, left] = [0; 2].map(|_| random.below(SIDE - 7) + 1);
            for (i, j) in (0..5).flat_map(|i| (0..5).map(move |j| (i, j))) {
                let inside = match CLASSES[label as usize] {
                    "bar" => i == 2,
                    "cross" => i == j || i + j == 4,
                    "frame" => i % 4 == 0 || j % 4 == 0,
                    _ => j == 2,
                };
                if inside {
                    picture[(top + i) * SIDE + left + j] += 0.6;
                }
            }
        }
        Batch { images, labels }
    }
    fn position(&self) -> u64 {
        self.position
    }
    fn seek(&mut self, position: u64) {
        self.position = position;
    }
}
