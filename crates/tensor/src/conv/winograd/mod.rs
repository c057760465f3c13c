//! Convolution by minimal filtering: 3x3 with steps of one, and 4x4 with steps of two, which is four 2x2 (see `lower.rs`),
//! each also transposed. The filters and all tiles of the picture are transformed, each of the scheme's points becomes one
//! matrix product over channels, and the products are transformed back.
//!
//! Tiles are worked off in blocks. Where all filters fit the caches, they are transformed first, and a block is one task
//! from start to end. Where they do not, a block is large, its tiles are transformed by all, and each task makes some of the
//! outputs from their weights on: what lies between weights and outputs never leaves the caches, nor is it made twice.

mod filters;
mod gradient;
mod scheme;
mod source;
mod tiles;

use std::marker::PhantomData;
use std::ops::Range;

use self::filters::Filters;
use self::scheme::{F42, F43, F63, InputMatrix, OutputMatrix, SIDE, Scheme};
use self::source::{Grid, Place, Source};
use self::tiles::{Patches, inverse, nothing, square, transform};
use super::lower::{Family, Lowered};
use super::{Conv2d, Epilogue, Slot};
use crate::gemm::tile::{Operand, ROWS, Target, product, strip};
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Level, Vector};
use crate::tensor::Tensor;

/// Transformed filters, as numbers, above which a block is shared out.
const FILTERS_IN_CACHE: usize = 1536 << 10;
/// Numbers before the products of a block that is shared out: a share of the third cache.
const LARGE_BLOCK: usize = 2 << 20;
/// Outputs of a task of such a block: three panels, so that a strip of tiles is read a few times once it is there.
const GROUP: usize = 3 * ROWS;
/// Numbers behind the products that such a task may have at a time: a share of the second cache.
const GROUP_NUMBERS: usize = 100 << 10;
/// Numbers before and behind the products of a block that is one task: a second cache and a share of the third.
const SMALL_BLOCK: usize = 320 << 10;
/// The widest strip of any level.
const WIDEST: usize = 32;

/// Which scheme computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tiles {
    /// F(4, 3)
    Four,
    /// F(6, 3)
    Six,
    /// F(4, 2), on the four phases of a stride of two.
    Phases,
}

/// `w` and the other argument to `slot`, which is `X` or `Y`.
pub(super) fn filter(conv: &Conv2d, slot: Slot, tiles: Tiles, x: &[f32], w: &[f32], epilogue: Epilogue) -> Tensor {
    match tiles {
        Tiles::Four => run::<F43>(conv, slot, x, w, epilogue),
        Tiles::Six => run::<F63>(conv, slot, x, w, epilogue),
        Tiles::Phases => run::<F42>(conv, slot, x, w, epilogue),
    }
}

/// The weight gradient.
pub(super) fn gradient(conv: &Conv2d, tiles: Tiles, x: &[f32], y: &[f32]) -> Tensor {
    match tiles {
        Tiles::Four => gradient::run::<F43>(conv, x, y),
        Tiles::Six => gradient::run::<F63>(conv, x, y),
        Tiles::Phases => gradient::run::<F42>(conv, x, y),
    }
}

/// The taps of a family that read one plane: a full square.
struct Term {
    /// Number of the plane.
    plane: usize,
    /// Where its first tap reads for output place 0.
    shift: [isize; 2],
    /// The weights, row by row.
    weights: Vec<usize>,
}

/// A family's taps by plane.
fn terms(family: &Family, planes_across: usize, side: usize) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    let mut taps = family.taps.clone();
    taps.sort_by_key(|t| (t.plane, t.shift));
    for square in taps.chunk_by(|a, b| a.plane == b.plane) {
        debug_assert_eq!(square.len(), side * side, "a full square of taps");
        let [y, x] = square[0].plane;
        let weights = square.iter().map(|t| t.weight).collect();
        terms.push(Term { plane: y * planes_across + x, shift: square[0].shift, weights });
    }
    terms
}

/// Rows of 64-byte lines that are an odd number long: walking down such a matrix visits all sets of a cache.
fn stride(numbers: usize) -> usize {
    (numbers.div_ceil(16) | 1) * 16
}

/// A whole job.
struct Job<'a> {
    /// Decides how wide a strip is: read once, so that what is written and what is read agree whatever happens meanwhile.
    level: Level,
    lowered: &'a Lowered,
    terms: &'a [Vec<Term>],
    grid: Grid,
    source: Source<'a>,
    y: Scatter<'a, f32>,
    epilogue: Epilogue<'a>,
}

/// The filters: all of them at their points, or weights that each task transforms for itself.
enum Weights<'a> {
    AtPoints(Filters),
    Plain(&'a [f32]),
}

/// Tiles before the products, for one row of families, in strips as the products read them:
/// `[family, point, strip, channel * terms, tile]`.
struct Block<'b> {
    families: Range<usize>,
    places: Vec<Place>,
    values: Scatter<'b, f32>,
    point: usize,
}

/// Tiles behind the products, of some outputs: `[family, point, output, row]`.
struct Group<'b> {
    outputs: Range<usize>,
    /// Tiles of the block: from the start of a strip on.
    tiles: Range<usize>,
    values: Scatter<'b, f32>,
    row: usize,
    point: usize,
}

fn run<S: Scheme>(conv: &Conv2d, slot: Slot, x: &[f32], w: &[f32], epilogue: Epilogue) -> Tensor {
    let lowered = Lowered::new(conv, slot);
    let terms: Vec<Vec<Term>> = lowered.families.iter().map(|f| terms(f, lowered.step_in[1], S::TAPS)).collect();
    let size = lowered.families[0].size;
    let grid = Grid::new(lowered.images, size, S::OUTPUTS);
    Tensor::build(conv.shape(slot), |y| {
        let source = Source::new(&lowered, x, S::OUTPUTS);
        let (level, y) = (simd::level(), Scatter::new(y));
        let job = Job { level, lowered: &lowered, terms: &terms, grid, source, y, epilogue };
        let (all, tiles) = (0..lowered.families.len(), grid.tiles());
        let points = S::POINTS * S::POINTS;
        let filters = points * all.len() * job.inner() * lowered.outputs;
        // Numbers of a tile before and behind the products.
        let [before, behind] = [job.inner(), lowered.outputs].map(|rows| points * lowered.step_out[1] * rows);
        if filters > FILTERS_IN_CACHE {
            let most = (LARGE_BLOCK / before / WIDEST * WIDEST).max(WIDEST);
            let once = tiles <= most;
            let at_points = || Weights::AtPoints(Filters::new::<S>(&job, w, all, 0..lowered.outputs, true));
            let weights = if once { Weights::Plain(w) } else { at_points() };
            (0..tiles.div_ceil(most)).for_each(|b| job.block::<S>(&weights, b * most, most, true));
        } else {
            let weights = Weights::AtPoints(Filters::new::<S>(&job, w, all, 0..lowered.outputs, true));
            let most = (SMALL_BLOCK / (before + behind) / 16 * 16).clamp(16, 96);
            parallel::tasks(tiles.div_ceil(most), |b| job.block::<S>(&weights, b * most, most, false));
        }
    })
}

/// `f(0)`, `f(1)`, .., here or shared out.
fn each(shared: bool, n: usize, f: impl Fn(usize) + Sync + Send) {
    if shared { parallel::tasks(n, f) } else { (0..n).for_each(f) }
}

impl Job<'_> {
    /// The inner length of the products.
    fn inner(&self) -> usize {
        self.terms[0].len() * self.lowered.channels
    }

    /// Up to `most` tiles from `first` on, one row of families after another.
    fn block<S: Scheme>(&self, weights: &Weights, first: usize, most: usize, shared: bool) {
        let tiles = first..(first + most).min(self.grid.tiles());
        let Lowered { channels, outputs, step_out: [sh, sw], .. } = *self.lowered;
        let point = stride(tiles.len().next_multiple_of(WIDEST) * self.inner());
        let mut values = Buffer::stale(sw * S::POINTS * S::POINTS * point);
        let places: Vec<Place> = tiles.map(|t| self.grid.place(t)).collect();
        let all = places.len();
        let (rows, part) = if shared {
            let part = GROUP_NUMBERS / (sw * S::POINTS * S::POINTS * GROUP) / WIDEST * WIDEST;
            (GROUP, part.clamp(WIDEST, all.max(WIDEST)))
        } else {
            (outputs, all)
        };
        let (groups, parts) = (outputs.div_ceil(rows), all.div_ceil(part));
        let group = |g: usize| g * rows..((g + 1) * rows).min(outputs);
        for y in 0..sh {
            let families = y * sw..(y + 1) * sw;
            let block = Block { families, places: places.clone(), values: Scatter::new(&mut values), point };
            each(shared, channels, |channel| {
                simd::run_at(self.level, Input::<S> { job: self, block: &block, channel, scheme: PhantomData });
            });
            let make = |filters: &Filters, g: usize, p: usize| {
                self.group::<S>(filters, &block, group(g), p * part..((p + 1) * part).min(all));
            };
            match weights {
                Weights::AtPoints(filters) => each(shared, groups * parts, |task| {
                    make(filters, task / parts, task % parts);
                }),
                Weights::Plain(w) => each(shared, groups, |g| {
                    let filters = Filters::new::<S>(self, w, block.families.clone(), group(g), false);
                    (0..parts).for_each(|p| make(&filters, g, p));
                }),
            }
        }
    }

    /// Some outputs of some tiles of a block: their products, and their places.
    fn group<S: Scheme>(&self, filters: &Filters, block: &Block, outputs: Range<usize>, tiles: Range<usize>) {
        let points = block.families.len() * S::POINTS * S::POINTS;
        let row = stride(tiles.len());
        let point = outputs.len() * row + 16;
        let mut values = Buffer::stale(points * point);
        let group = Group { outputs: outputs.clone(), tiles, values: Scatter::new(&mut values), row, point };
        for at in 0..points {
            simd::run_at(self.level, Products { job: self, filters, block, group: &group, at });
        }
        for output in outputs {
            let step = Output::<S> { job: self, block, group: &group, output, scheme: PhantomData };
            simd::run_at(self.level, step);
        }
    }
}

/// One channel of a block.
struct Input<'a, S> {
    job: &'a Job<'a>,
    block: &'a Block<'a>,
    channel: usize,
    scheme: PhantomData<S>,
}
impl<S: Scheme> Kernel for Input<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes tiles by pointers")]
    fn run<V: Vector>(self) {
        let (Job { terms, source, .. }, block, c) = (self.job, self.block, self.channel);
        let (width, channels) = (strip::<V>(), self.job.inner());
        // Eight tiles are of eight pictures at most, whose copies lie in a ring.
        let size = source.copy_size();
        let mut next = block.places[0].image;
        let ring = (block.places[block.places.len() - 1].image + 1 - next).min(8).next_power_of_two();
        let mut copies = source.copies(ring);
        let mut patches: Patches = [[0.0; SIDE * SIDE]; 8];
        let mut half = square();
        for (g, places) in block.places.chunks(8).enumerate() {
            while next <= places[places.len() - 1].image {
                source.copy::<V>(next, c, &mut copies[next % ring * size..][..size]);
                next += 1;
            }
            let mut copied = [None; 8];
            for (corner, place) in copied.iter_mut().zip(places) {
                *corner = source.in_copy(*place, &copies[(place.image & (ring - 1)) * size..]);
            }
            for (f, terms) in terms[block.families.clone()].iter().enumerate() {
                for (i, term) in terms.iter().enumerate() {
                    let row = c * terms.len() + i;
                    let mut corners = [nothing(); 8];
                    let offset = source.offset(term);
                    for (l, (corner, place)) in corners.iter_mut().zip(places).enumerate() {
                        *corner = match copied[l] {
                            Some(copied) => copied.moved(offset),
                            None => source.in_picture(c, *place, term, S::POINTS, &mut patches[l]),
                        };
                    }
                    let (strip, place) = (g * 8 / width, g * 8 % width);
                    let start = f * S::POINTS * S::POINTS * block.point + (strip * channels + row) * width + place;
                    let out = block.values.at(start, (S::POINTS * S::POINTS - 1) * block.point + 8);
                    // SAFETY: `tile` gives places with eight numbers a row; this channel's row of every point is its own.
                    unsafe {
                        transform::<V::Eight, InputMatrix<S>>(
                            &corners,
                            S::POINTS,
                            S::POINTS,
                            &mut half,
                            out,
                            block.point,
                        );
                    }
                }
            }
        }
    }
}

/// The product of one family and point.
struct Products<'a> {
    job: &'a Job<'a>,
    filters: &'a Filters,
    block: &'a Block<'a>,
    group: &'a Group<'a>,
    at: usize,
}
impl Kernel for Products<'_> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "the product walks matrices by pointers")]
    fn run<V: Vector>(self) {
        let Self { job, filters, block, group, at } = self;
        let (width, inner) = (strip::<V>(), job.inner());
        let w = filters.at(block.families.start, at, group.outputs.start);
        let x = block.values.at(at * block.point + group.tiles.start * inner, 0).cast_const();
        let y = group.values.at(at * group.point, group.outputs.len() * group.row);
        // SAFETY: `Filters`, `Block` and `Group` were made for these sizes: strips are whole, and rows have room for them.
        unsafe {
            product::<V>(
                group.outputs.len(),
                inner,
                group.tiles.len().next_multiple_of(8),
                Operand { at: w, step: ROWS, panel: filters.panel },
                Operand { at: x, step: width, panel: width * inner },
                Target { at: y, stride: group.row, add: false, far: false },
            );
        }
    }
}

/// The places of one output.
struct Output<'a, S> {
    job: &'a Job<'a>,
    block: &'a Block<'a>,
    group: &'a Group<'a>,
    output: usize,
    scheme: PhantomData<S>,
}
impl<S: Scheme> Kernel for Output<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "reads products and writes places by pointers")]
    fn run<V: Vector>(self) {
        let (Job { lowered, y, epilogue, .. }, block, group, o) = (self.job, self.block, self.group, self.output);
        let ([h, w], [sh, sw]) = (lowered.output, lowered.step_out);
        let row = (o - group.outputs.start) * group.row;
        let finish = epilogue.of::<V::Eight>(o);
        let (mut half, mut tiles) = (square(), [square(), square()]);
        let py = block.families.start / sw;
        let size = lowered.families[py * sw].size;
        for (g, places) in block.places[group.tiles.clone()].chunks(8).enumerate() {
            for (px, tile) in tiles.iter_mut().enumerate().take(sw) {
                let start = px * S::POINTS * S::POINTS * group.point + row + g * 8;
                let x = group.values.at(start, (S::POINTS * S::POINTS - 1) * group.point + 8);
                // SAFETY: every point has this row, with room for whole groups of eight.
                unsafe {
                    inverse::<V::Eight, OutputMatrix<S>>(x, group.point, S::POINTS, S::OUTPUTS, &mut half, tile);
                }
                for row in tile.iter_mut().take(S::OUTPUTS) {
                    *row = V::Eight::transpose(*row);
                    for v in row {
                        *v = finish.apply(*v);
                    }
                }
            }
            for (l, place) in places.iter().enumerate() {
                let rows = size[0].saturating_sub(place.y).min(S::OUTPUTS);
                let [left, right] = &tiles;
                for (i, (left, right)) in left.iter().zip(right).enumerate().take(rows) {
                    let line = ((place.image * lowered.outputs + o) * h + (place.y + i) * sh + py) * w + place.x * sw;
                    let room = (w - place.x * sw).min(S::OUTPUTS * sw);
                    let mut numbers = [0.0; 2 * SIDE];
                    let [first, second] = if sw == 1 { [left[l]; 2] } else { V::zip(left[l], right[l]) };
                    first.to_slice(&mut numbers);
                    second.to_slice(&mut numbers[SIDE..]);
                    let out = y.at(line, room);
                    // SAFETY: `room` numbers of this line belong to this tile, and the tile to this task.
                    unsafe {
                        if room == S::OUTPUTS {
                            out.copy_from_nonoverlapping(numbers.as_ptr(), S::OUTPUTS);
                        } else if room == 2 * S::OUTPUTS {
                            out.copy_from_nonoverlapping(numbers.as_ptr(), 2 * S::OUTPUTS);
                        } else {
                            out.copy_from_nonoverlapping(numbers.as_ptr(), room);
                        }
                    }
                }
            }
        }
    }
}
