//! How the work of one slot is cut.
//!
//! Tiles are worked off in blocks. Where all filters fit the caches, they are transformed first, and a block is one task
//! from start to end. Where they do not, a block is large, its tiles are transformed by all, and each task makes some of the
//! outputs from their weights on: what lies between weights and outputs never leaves the caches, nor is it made twice.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;

use super::filters::{Filters, Shared};
use super::scheme::Scheme;
use super::source::{Grid, Place, Source};
use super::steps::{Input, Output, Products};
use super::{Term, terms};
use crate::cache::{self, LINE, odd_lines};
use crate::conv::lower::Lowered;
use crate::conv::{Conv2d, Epilogue, Slot};
use crate::gemm::tile::{ROWS, WIDEST_STRIP};
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Level};
use crate::tensor::Tensor;

/// Transformed filters, as numbers, above which a block is shared out: 6 MB, what stays in a third cache of 8 beside a block.
const FILTERS_IN_CACHE: usize = (6 << 20) / size_of::<f32>();
/// Tiles of a block that is one task: of these a multiple, two or more groups of eight, and no more than fill six strips of 16.
const LEAST: usize = 16;
const MOST: usize = 96;
/// Outputs of a task of such a block: three panels, so that a strip of tiles is read a few times once it is there.
const GROUP: usize = 3 * ROWS;
/// Numbers of products that such a task may have at a time: 400 KB, most of a second cache of 512.
const GROUP_NUMBERS: usize = (400 << 10) / size_of::<f32>();

/// The sizes of blocks, in numbers. They depend on the machine, what comes out does not (ADR 0027).
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// Transformed inputs of a block that is one task, or its products if those are more; they share the room: a second cache and
    /// a share of the third.
    alone: usize,
    /// Transformed inputs of a block that is shared out: half of the third cache, but no more than is worth while and no less than
    /// keeps the filters from being read too often.
    shared: usize,
}

impl Cut {
    pub(super) fn of_this_machine() -> Self {
        static CUT: OnceLock<Cut> = OnceLock::new();
        *CUT.get_or_init(|| Self::for_caches(cache::sizes()))
    }

    /// For a second and a third cache of so many bytes, within what was measured.
    fn for_caches(bytes: [usize; 2]) -> Self {
        let [second, third] = bytes.map(|bytes| bytes / size_of::<f32>());
        Self { alone: (second / 4 * 5).clamp(160 << 10, 320 << 10), shared: (third / 2).clamp(1 << 20, 2 << 20) }
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

/// Transformed inputs for one row of families, in strips as the products read them:
/// `[family, point, strip, channel * terms, tile]`.
pub(super) struct Block<'b> {
    pub(super) families: Range<usize>,
    pub(super) places: Vec<Place>,
    pub(super) values: Scatter<'b, f32>,
    /// Where the first point begins.
    pub(super) first: usize,
    /// Distance of neighbouring points.
    pub(super) point_stride: usize,
}

/// Products of some outputs: `[family, point, output, tile]`.
pub(super) struct Group<'b> {
    pub(super) outputs: Range<usize>,
    /// Tiles of the block: from the start of a strip on.
    pub(super) tiles: Range<usize>,
    pub(super) values: &'b Scatter<'b, f32>,
    /// Distance of neighbouring outputs.
    pub(super) row_stride: usize,
    /// Distance of neighbouring points.
    pub(super) point_stride: usize,
}

pub(super) fn convolve<S: Scheme>(
    (level, cut): (Level, Cut),
    conv: &Conv2d,
    slot: Slot,
    x: &[f32],
    w: &[f32],
    epilogue: Epilogue,
) -> Tensor {
    let lowered = Lowered::new(conv, slot);
    let terms: Vec<Vec<Term>> = lowered.families.iter().map(|f| terms(f, lowered.step_in[1], S::TAPS)).collect();
    let size = lowered.families[0].size;
    let grid = Grid::new(lowered.images, size, S::OUTPUTS);
    Tensor::build(conv.shape(slot), |y| {
        let source = Source::new(&lowered, x, S::OUTPUTS);
        let y = Scatter::new(y);
        let job = Job { level, lowered: &lowered, terms: &terms, grid, source, y, epilogue };
        let (families, tiles, points) = (lowered.families.len(), grid.tiles(), S::PRODUCTS);
        let filters = points * families * job.inner() * lowered.outputs;
        let at_points = || Filters::new::<S>(&job, w, 0..families, 0..lowered.outputs, Shared::Yes);
        // Numbers of a tile: inputs, and products.
        let [inputs, products] = [job.inner(), lowered.outputs].map(|rows| points * lowered.step_out[1] * rows);
        if filters > FILTERS_IN_CACHE {
            let most = (cut.shared / inputs / WIDEST_STRIP * WIDEST_STRIP).max(WIDEST_STRIP);
            let weights = if tiles <= most { Weights::Plain(w) } else { Weights::AtPoints(at_points()) };
            (0..tiles).step_by(most).for_each(|t| job.by_all_tasks::<S>(&weights, t..(t + most).min(tiles)));
        } else {
            let (filters, most) = (at_points(), (cut.alone / inputs.max(products) / LEAST * LEAST).clamp(LEAST, MOST));
            parallel::tasks(tiles.div_ceil(most), |b| {
                job.in_one_task::<S>(&filters, b * most..((b + 1) * most).min(tiles));
            });
        }
    })
}

impl Job<'_> {
    /// The inner length of the products.
    pub(super) fn inner(&self) -> usize {
        self.terms[0].len() * self.lowered.channels
    }

    /// A block that is one task. The products of a point overwrite the inputs of the point before it, so that half as much lies in
    /// the second cache.
    fn in_one_task<S: Scheme>(&self, filters: &Filters, tiles: Range<usize>) {
        let (outputs, all) = (0..self.lowered.outputs, 0..tiles.len());
        let row_stride = odd_lines(tiles.len());
        self.for_each_row_of_families::<S>(tiles, outputs.len() * row_stride, |block| {
            self.transform_inputs::<S>(block, 0..self.lowered.channels);
            let (outputs, tiles) = (outputs.clone(), all.clone());
            let group = Group { outputs, tiles, values: &block.values, row_stride, point_stride: block.point_stride };
            self.outputs_of::<S>(filters, block, &group);
        });
    }

    /// A block that all threads work on: first a channel is a task, then some outputs of some tiles are.
    fn by_all_tasks<S: Scheme>(&self, weights: &Weights, tiles: Range<usize>) {
        let Lowered { channels, outputs, step_out, .. } = *self.lowered;
        let (all, points) = (tiles.len(), step_out[1] * S::PRODUCTS);
        let tiles_per_part = (GROUP_NUMBERS / (points * GROUP) / WIDEST_STRIP * WIDEST_STRIP).max(WIDEST_STRIP);
        let (groups, parts) = (outputs.div_ceil(GROUP), all.div_ceil(tiles_per_part));
        let group = |g: usize| g * GROUP..((g + 1) * GROUP).min(outputs);
        let part = |p: usize| p * tiles_per_part..((p + 1) * tiles_per_part).min(all);
        self.for_each_row_of_families::<S>(tiles, 0, |block| {
            parallel::tasks(channels, |c| self.transform_inputs::<S>(block, c..c + 1));
            match weights {
                Weights::AtPoints(filters) => parallel::tasks(groups * parts, |task| {
                    self.outputs_apart::<S>(filters, block, group(task / parts), part(task % parts));
                }),
                Weights::Plain(w) => parallel::tasks(groups, |g| {
                    let filters = Filters::new::<S>(self, w, block.families.clone(), group(g), Shared::No);
                    (0..parts).for_each(|p| self.outputs_apart::<S>(&filters, block, group(g), part(p)));
                }),
            }
        });
    }

    /// Calls `f` with room for some tiles, once for each row of families. If `products` is not 0, there is also room for so many
    /// products of each point, a point further to the front.
    fn for_each_row_of_families<S: Scheme>(&self, tiles: Range<usize>, products: usize, f: impl Fn(&Block)) {
        let [down, across] = self.lowered.step_out;
        let point_stride = odd_lines((tiles.len().next_multiple_of(WIDEST_STRIP) * self.inner()).max(products));
        let first = if products > 0 { point_stride } else { 0 };
        let mut values = Buffer::stale(first + across * S::PRODUCTS * point_stride);
        let places = tiles.map(|t| self.grid.place(t)).collect();
        let mut block = Block { families: 0..0, places, values: Scatter::new(&mut values), first, point_stride };
        for y in 0..down {
            block.families = y * across..(y + 1) * across;
            f(&block);
        }
    }

    /// The tiles of some channels to their points.
    fn transform_inputs<S: Scheme>(&self, block: &Block, channels: Range<usize>) {
        simd::run_at(self.level, Input::<S> { job: self, block, channels, scheme: PhantomData });
    }

    /// Some outputs of some tiles, in room of their own.
    fn outputs_apart<S: Scheme>(&self, filters: &Filters, block: &Block, outputs: Range<usize>, tiles: Range<usize>) {
        let row_stride = odd_lines(tiles.len());
        // A line more, so that points do not fall into the same sets.
        let point_stride = outputs.len() * row_stride + LINE;
        let mut values = Buffer::stale(block.families.len() * S::PRODUCTS * point_stride);
        let values = &Scatter::new(&mut values);
        self.outputs_of::<S>(filters, block, &Group { outputs, tiles, values, row_stride, point_stride });
    }

    /// Products, and from there to places.
    fn outputs_of<S: Scheme>(&self, filters: &Filters, block: &Block, group: &Group) {
        for at in 0..block.families.len() * S::PRODUCTS {
            simd::run_at(self.level, Products { job: self, filters, block, group, at });
        }
        for channel in group.outputs.clone() {
            let step = Output::<S> { job: self, block, group, channel, scheme: PhantomData };
            simd::run_at(self.level, step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheme::{F42, F43, F63};
    use super::*;
    use crate::conv::Window;
    use crate::{OrPanic, Random};

    /// The bits of a form's argument at every level and for every cut must be those of one large block.
    fn check<S: Scheme>(x: [usize; 4], kernel: usize, window: Window, slot: Slot) {
        let w = [x[1], x[1], kernel, kernel];
        let conv = Conv2d::new(&x, &w, window).or_panic();
        let from = conv.shape(if matches!(slot, Slot::Y) { Slot::X } else { Slot::Y });
        let from: Tensor = Random::new(1, 0).normal(from, 0.0, 1.0);
        let w: Tensor = Random::new(1, 1).normal(w, 0.0, 1.0);
        for level in simd::available() {
            let bits = |alone, shared| {
                let how = (level, Cut { alone, shared });
                let out = convolve::<S>(how, &conv, slot, from.data(), w.data(), Epilogue::NONE);
                out.data().iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            };
            let want = bits(1 << 20, 4 << 20);
            for (alone, shared) in [(0, 0), (24 << 10, 700 << 10)] {
                assert!(bits(alone, shared) == want, "{level}, {conv:?}: {alone} and {shared} numbers");
            }
        }
    }

    /// One task a block and blocks that are shared out, filters at their points and plain ones, copies and the picture itself,
    /// one family and four.
    #[test]
    fn cuts_change_no_bits() {
        let (same, half) = (Window::new(1, 1), Window::new(2, 1));
        check::<F63>([3, 8, 26, 20], 3, same, Slot::Y);
        check::<F63>([1, 8, 26, 100], 3, same, Slot::X);
        check::<F43>([3, 8, 26, 20], 3, same, Slot::Y);
        check::<F63>([4, 160, 26, 20], 3, same, Slot::Y);
        for slot in [Slot::X, Slot::Y] {
            check::<F42>([5, 8, 42, 36], 4, half, slot);
            check::<F42>([5, 128, 42, 36], 4, half, slot);
        }
    }

    #[test]
    fn sizes_of_blocks_follow_the_caches_within_bounds() {
        let cut = |second: usize, third: usize| {
            let Cut { alone, shared } = Cut::for_caches([second << 10, third << 20]);
            [alone >> 10, shared >> 10]
        };
        assert_eq!(cut(512, 8), [160, 1024]);
        assert_eq!(cut(1024, 16), [320, 2048]);
        assert_eq!(cut(256, 4), [160, 1024]);
        assert_eq!(cut(2048, 96), [320, 2048]);
    }
}
