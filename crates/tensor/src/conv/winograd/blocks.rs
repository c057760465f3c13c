//! How the work of one slot is cut.
//!
//! Tiles are worked off in blocks. Where all filters fit the caches, they are transformed first, and a block is one task
//! from start to end. Where they do not, a block is large, its tiles are transformed by all, and each task makes some of the
//! outputs from their weights on: what lies between weights and outputs never leaves the caches, nor is it made twice.

use std::marker::PhantomData;
use std::ops::Range;

use super::filters::{Filters, Shared};
use super::scheme::Scheme;
use super::source::{Grid, Place, Source};
use super::steps::{Input, Output, Products};
use super::{Term, stride, terms};
use crate::cache;
use crate::conv::lower::Lowered;
use crate::conv::{Conv2d, Epilogue, Slot};
use crate::gemm::tile::ROWS;
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Level};
use crate::tensor::Tensor;

/// Transformed filters, as numbers, above which a block is shared out.
const FILTERS_IN_CACHE: usize = 1536 << 10;
/// Outputs of a task of such a block: three panels, so that a strip of tiles is read a few times once it is there.
const GROUP: usize = 3 * ROWS;
/// Numbers behind the products that such a task may have at a time: a share of the second cache.
const GROUP_NUMBERS: usize = 100 << 10;
/// The widest strip of any level.
const WIDEST: usize = 32;

/// The sizes of blocks, in numbers. They depend on the machine, what comes out does not.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// Before and behind the products of a block that is one task: a second cache and a share of the third.
    alone: usize,
    /// Before the products of a block that is shared out: half of the third cache, but no more than is worth while and no
    /// less than keeps the filters from being read too often.
    shared: usize,
}

impl Cut {
    pub(super) fn of_this_machine() -> Self {
        let [second, third] = [cache::second(), cache::third()].map(|bytes| bytes / size_of::<f32>());
        Self { alone: second / 4 * 5, shared: (third / 2).clamp(1 << 20, 2 << 20) }
    }
}

/// A whole job.
pub(super) struct Job<'a> {
    /// Decides how wide a strip is: read once, so that what is written and what is read agree whatever happens meanwhile.
    pub(super) level: Level,
    pub(super) lowered: &'a Lowered,
    pub(super) terms: &'a [Vec<Term>],
    pub(super) grid: Grid,
    pub(super) source: Source<'a>,
    pub(super) y: Scatter<'a, f32>,
    pub(super) epilogue: Epilogue<'a>,
}

/// The filters: all of them at their points, or weights that each task transforms for itself.
enum Weights<'a> {
    AtPoints(Filters),
    Plain(&'a [f32]),
}

/// Tiles before the products, for one row of families, in strips as the products read them:
/// `[family, point, strip, channel * terms, tile]`.
pub(super) struct Block<'b> {
    pub(super) families: Range<usize>,
    pub(super) places: Vec<Place>,
    pub(super) values: Scatter<'b, f32>,
    pub(super) point: usize,
}

/// Tiles behind the products, of some outputs: `[family, point, output, row]`.
pub(super) struct Group<'b> {
    pub(super) outputs: Range<usize>,
    /// Tiles of the block: from the start of a strip on.
    pub(super) tiles: Range<usize>,
    pub(super) values: Scatter<'b, f32>,
    pub(super) row: usize,
    pub(super) point: usize,
}

pub(super) fn run<S: Scheme>(cut: Cut, conv: &Conv2d, slot: Slot, x: &[f32], w: &[f32], epilogue: Epilogue) -> Tensor {
    let lowered = Lowered::new(conv, slot);
    let terms: Vec<Vec<Term>> = lowered.families.iter().map(|f| terms(f, lowered.step_in[1], S::TAPS)).collect();
    let size = lowered.families[0].size;
    let grid = Grid::new(lowered.images, size, S::OUTPUTS);
    Tensor::build(conv.shape(slot), |y| {
        let source = Source::new(&lowered, x, S::OUTPUTS);
        let (level, y) = (simd::level(), Scatter::new(y));
        let job = Job { level, lowered: &lowered, terms: &terms, grid, source, y, epilogue };
        let (families, tiles, points) = (lowered.families.len(), grid.tiles(), S::POINTS * S::POINTS);
        let filters = points * families * job.inner() * lowered.outputs;
        let at_points = || Filters::new::<S>(&job, w, 0..families, 0..lowered.outputs, Shared::Yes);
        // Numbers of a tile before and behind the products.
        let [before, behind] = [job.inner(), lowered.outputs].map(|rows| points * lowered.step_out[1] * rows);
        if filters > FILTERS_IN_CACHE {
            let most = (cut.shared / before / WIDEST * WIDEST).max(WIDEST);
            let weights = if tiles <= most { Weights::Plain(w) } else { Weights::AtPoints(at_points()) };
            (0..tiles).step_by(most).for_each(|t| job.shared::<S>(&weights, t..(t + most).min(tiles)));
        } else {
            let (filters, most) = (at_points(), (cut.alone / (before + behind) / 16 * 16).clamp(16, 96));
            parallel::tasks(tiles.div_ceil(most), |b| {
                job.alone::<S>(&filters, b * most..((b + 1) * most).min(tiles));
            });
        }
    })
}

impl Job<'_> {
    /// The inner length of the products.
    pub(super) fn inner(&self) -> usize {
        self.terms[0].len() * self.lowered.channels
    }

    /// A block that is one task.
    fn alone<S: Scheme>(&self, filters: &Filters, tiles: Range<usize>) {
        self.families::<S>(tiles, |block| {
            self.channels::<S>(block, 0..self.lowered.channels);
            self.group::<S>(filters, block, 0..self.lowered.outputs, 0..block.places.len());
        });
    }

    /// A block that all threads work on: first a channel is a task, then some outputs of some tiles are.
    fn shared<S: Scheme>(&self, weights: &Weights, tiles: Range<usize>) {
        let Lowered { channels, outputs, step_out, .. } = *self.lowered;
        let (all, points) = (tiles.len(), step_out[1] * S::POINTS * S::POINTS);
        let part = (GROUP_NUMBERS / (points * GROUP) / WIDEST * WIDEST).max(WIDEST);
        let (groups, parts) = (outputs.div_ceil(GROUP), all.div_ceil(part));
        let group = |g: usize| g * GROUP..((g + 1) * GROUP).min(outputs);
        let part = |p: usize| p * part..((p + 1) * part).min(all);
        self.families::<S>(tiles, |block| {
            parallel::tasks(channels, |c| self.channels::<S>(block, c..c + 1));
            match weights {
                Weights::AtPoints(filters) => parallel::tasks(groups * parts, |task| {
                    self.group::<S>(filters, block, group(task / parts), part(task % parts));
                }),
                Weights::Plain(w) => parallel::tasks(groups, |g| {
                    let filters = Filters::new::<S>(self, w, block.families.clone(), group(g), Shared::No);
                    (0..parts).for_each(|p| self.group::<S>(&filters, block, group(g), part(p)));
                }),
            }
        });
    }

    /// Calls `f` with room for some tiles, once for each row of families.
    fn families<S: Scheme>(&self, tiles: Range<usize>, f: impl Fn(&Block)) {
        let [down, across] = self.lowered.step_out;
        let point = stride(tiles.len().next_multiple_of(WIDEST) * self.inner());
        let mut values = Buffer::stale(across * S::POINTS * S::POINTS * point);
        let places = tiles.map(|t| self.grid.place(t)).collect();
        let mut block = Block { families: 0..0, places, values: Scatter::new(&mut values), point };
        for y in 0..down {
            block.families = y * across..(y + 1) * across;
            f(&block);
        }
    }

    /// The tiles of some channels to their points.
    fn channels<S: Scheme>(&self, block: &Block, channels: Range<usize>) {
        simd::run_at(self.level, Input::<S> { job: self, block, channels, scheme: PhantomData });
    }

    /// Some outputs of some tiles: products, and from there to places.
    fn group<S: Scheme>(&self, filters: &Filters, block: &Block, outputs: Range<usize>, tiles: Range<usize>) {
        let points = block.families.len() * S::POINTS * S::POINTS;
        let row = stride(tiles.len());
        let point = outputs.len() * row + 16;
        let mut values = Buffer::stale(points * point);
        let group = Group { outputs: outputs.clone(), tiles, values: Scatter::new(&mut values), row, point };
        for at in 0..points {
            simd::run_at(self.level, Products { job: self, filters, block, group: &group, at });
        }
        for channel in outputs {
            let step = Output::<S> { job: self, block, group: &group, channel, scheme: PhantomData };
            simd::run_at(self.level, step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheme::F63;
    use super::*;
    use crate::conv::Window;
    use crate::{OrPanic, Random};

    /// One task a block, blocks that are shared out and blocks whose filters lie at their points.
    #[test]
    fn cuts_change_no_bits() {
        for (pictures, channels) in [(2, 8), (5, 160)] {
            let (x, w) = ([pictures, channels, 20, 20], [channels, channels, 3, 3]);
            let conv = Conv2d::new(&x, &w, Window::new(1, 1)).or_panic();
            let [x, w]: [Tensor; 2] = [x, w].map(|shape| Random::new(1, 0).normal(shape, 0.0, 1.0));
            let run =
                |alone, shared| run::<F63>(Cut { alone, shared }, &conv, Slot::Y, x.data(), w.data(), Epilogue::NONE);
            let want = run(320 << 10, 2 << 20);
            for cut in [0, 32 << 10, 512 << 10] {
                assert_eq!(run(cut, cut).data(), want.data(), "{channels} channels, {cut}");
            }
        }
    }
}
