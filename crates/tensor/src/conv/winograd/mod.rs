//! Convolution by minimal filtering: 3x3 with steps of one, and 4x4 with steps of two, which is four 2x2 (see `lower.rs`),
//! each also transposed. The filters and all tiles of the picture are transformed, each of the scheme's points becomes one
//! matrix product over channels, and the products are transformed back.
//!
//! Tiles are worked off in blocks. Where all filters fit the caches, a block is one task from start to end and what lies
//! between never leaves them. Where they do not, every step of a large block is shared out, so that the filters are read once
//! for many tiles.

mod filters;
mod gradient;
mod scheme;
mod source;
mod tiles;

use std::ops::Range;

use self::filters::{Filters, transform_filters};
use self::scheme::{F42, F43, F63, InputMatrix, OutputMatrix, SIDE, Scheme};
use self::source::{Grid, Place, Source};
use self::tiles::{Patches, inverse, nothing, square, transform};
use super::lower::{Family, Lowered};
use super::{Conv2d, Epilogue, Slot};
use crate::gemm::tile::{Operand, ROWS, Target, product, strip};
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Vector};
use crate::tensor::Tensor;

/// Bytes of transformed filters above which every step of a block is shared out.
const FILTERS_IN_CACHE: usize = 6 << 20;
/// Tiles of a block whose steps are shared out.
const LARGE_BLOCK: usize = 512;
/// Numbers that a task's block may have between its steps: a second cache and a share of the third.
const BLOCK_NUMBERS: usize = 320 << 10;
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
    lowered: &'a Lowered,
    terms: &'a [Vec<Term>],
    grid: Grid,
    source: Source<'a>,
    filters: Filters,
    y: Scatter<'a, f32>,
    epilogue: Epilogue<'a>,
}

/// Tiles on their way: `[family, point, term * C, row]` before the products, `[family, point, O, row]` behind.
struct Block<'b> {
    tiles: Range<usize>,
    places: Vec<Place>,
    row: usize,
    before: (Scatter<'b, f32>, usize),
    behind: (Scatter<'b, f32>, usize),
}

fn run<S: Scheme>(conv: &Conv2d, slot: Slot, x: &[f32], w: &[f32], epilogue: Epilogue) -> Tensor {
    let lowered = Lowered::new(conv, slot);
    let terms: Vec<Vec<Term>> = lowered.families.iter().map(|f| terms(f, lowered.step_in[1], S::TAPS)).collect();
    let size = lowered.families[0].size;
    let grid = Grid::new(lowered.images, size, S::OUTPUTS);
    let filters = transform_filters::<S>(&lowered, &terms, w);
    Tensor::build(conv.shape(slot), |y| {
        let points = S::POINTS * S::POINTS;
        let rows = terms.iter().map(Vec::len).sum::<usize>() * lowered.channels + terms.len() * lowered.outputs;
        let staged = filters.values.len() * size_of::<f32>() > FILTERS_IN_CACHE;
        let tiles = if staged { LARGE_BLOCK } else { (BLOCK_NUMBERS / (points * rows) / 16 * 16).clamp(16, 96) };
        let source = Source::new(&lowered, x, S::OUTPUTS);
        let job = Job { lowered: &lowered, terms: &terms, grid, source, filters, y: Scatter::new(y), epilogue };
        let blocks = grid.tiles().div_ceil(tiles);
        let block = |b: usize| job.block::<S>(b * tiles..((b + 1) * tiles).min(grid.tiles()), staged);
        if staged { (0..blocks).for_each(block) } else { parallel::tasks(blocks, block) }
    })
}

/// `f(0)`, `f(1)`, .., here or shared out.
fn each(shared: bool, n: usize, f: impl Fn(usize) + Sync + Send) {
    if shared { parallel::tasks(n, f) } else { (0..n).for_each(f) }
}

impl Job<'_> {
    fn block<S: Scheme>(&self, tiles: Range<usize>, shared: bool) {
        let points = S::POINTS * S::POINTS;
        let row = stride(tiles.len());
        let families = self.terms.len();
        let channels = self.terms[0].len() * self.lowered.channels;
        let point = |rows: usize| rows * row + 16;
        let mut before = Buffer::stale(families * points * point(channels));
        let mut behind = Buffer::stale(families * points * point(self.lowered.outputs));
        let block = Block {
            places: tiles.clone().map(|t| self.grid.place(t)).collect(),
            tiles,
            row,
            before: (Scatter::new(&mut before), point(channels)),
            behind: (Scatter::new(&mut behind), point(self.lowered.outputs)),
        };
        each(shared, self.lowered.channels, |c| simd::run(Input::<S>::new(self, &block, c)));
        each(shared, families * points, |at| {
            let step = Products { job: self, block: &block, at, channels };
            simd::run(step);
        });
        each(shared, self.lowered.outputs, |o| simd::run(Output::<S>::new(self, &block, o)));
    }
}

/// One step of a block for one channel, or one output.
macro_rules! step {
    ($name:ident) => {
        struct $name<'a, S> {
            job: &'a Job<'a>,
            block: &'a Block<'a>,
            channel: usize,
            scheme: std::marker::PhantomData<S>,
        }
        impl<'a, S> $name<'a, S> {
            fn new(job: &'a Job<'a>, block: &'a Block<'a>, channel: usize) -> Self {
                Self { job, block, channel, scheme: std::marker::PhantomData }
            }
        }
    };
}
step!(Input);
step!(Output);

impl<S: Scheme> Kernel for Input<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes tiles by pointers")]
    fn run<V: Vector>(self) {
        let (Job { lowered, terms, source, .. }, block, c) = (self.job, self.block, self.channel);
        let (first, last) = (block.places[0].image, block.places[block.places.len() - 1].image);
        let size = source.copy_size();
        let mut copies = Buffer::stale(size * (last + 1 - first));
        for image in first..=last {
            source.copy(image, c, &mut copies[(image - first) * size..][..size]);
        }
        let mut patches: Patches = [[0.0; SIDE * SIDE]; 8];
        let mut half = square();
        for (f, terms) in terms.iter().enumerate() {
            for (i, term) in terms.iter().enumerate() {
                let row = i * lowered.channels + c;
                for (g, places) in block.places.chunks(8).enumerate() {
                    let mut corners = [nothing(); 8];
                    for ((corner, place), patch) in corners.iter_mut().zip(places).zip(&mut patches) {
                        let copied = &copies[(place.image - first) * size..];
                        let (view, shift) = source.view(place.image, c, term, copied);
                        let (y, x) = (place.y as isize + shift[0], place.x as isize + shift[1]);
                        *corner = view.tile(y, x, S::POINTS, patch);
                    }
                    let (before, point) = &block.before;
                    let start = f * S::POINTS * S::POINTS * point + row * block.row + g * 8;
                    let out = before.at(start, (S::POINTS * S::POINTS - 1) * point + 8);
                    // SAFETY: `tile` gives places with eight numbers a row; this channel's row of every point is its own.
                    unsafe {
                        transform::<V::Eight, InputMatrix<S>>(&corners, S::POINTS, S::POINTS, &mut half, out, *point);
                    }
                }
            }
        }
    }
}

/// The product of one family and point.
struct Products<'a> {
    job: &'a Job<'a>,
    block: &'a Block<'a>,
    at: usize,
    channels: usize,
}
impl Kernel for Products<'_> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "the product walks matrices by pointers")]
    fn run<V: Vector>(self) {
        let (filters, block) = (&self.job.filters, self.block);
        let outputs = self.job.lowered.outputs;
        let columns = block.tiles.len().next_multiple_of(8);
        let (before, behind) = (&block.before, &block.behind);
        let w = filters.values[self.at * filters.point..].as_ptr();
        let x = before.0.at(self.at * before.1, 0).cast_const();
        let y = behind.0.at(self.at * behind.1, outputs * block.row);
        // SAFETY: `Filters` and `Block` were made for these sizes: rows have room for whole strips, and 16 numbers stand
        // behind the last.
        unsafe {
            product::<V>(
                outputs,
                self.channels,
                columns,
                Operand::plain(w, filters.row, ROWS),
                Operand::plain(x, block.row, strip::<V>()),
                Target { at: y, stride: block.row, add: false },
            );
        }
    }
}

impl<S: Scheme> Kernel for Output<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "reads products and writes places by pointers")]
    fn run<V: Vector>(self) {
        let (Job { lowered, y, epilogue, .. }, block, o) = (self.job, self.block, self.channel);
        let ([h, w], [sh, sw]) = (lowered.output, lowered.step_out);
        let (behind, point) = &block.behind;
        let finish = epilogue.of::<V::Eight>(o);
        let (mut half, mut tiles) = (square(), [square(), square()]);
        for (g, places) in block.places.chunks(8).enumerate() {
            for py in 0..sh {
                for (px, tile) in tiles.iter_mut().enumerate().take(sw) {
                    let start = (py * sw + px) * S::POINTS * S::POINTS * point + o * block.row + g * 8;
                    let x = behind.at(start, (S::POINTS * S::POINTS - 1) * point + 8);
                    // SAFETY: every point has this row, with room for whole groups of eight.
                    unsafe {
                        inverse::<V::Eight, OutputMatrix<S>>(x, *point, S::POINTS, S::OUTPUTS, &mut half, tile);
                    }
                    for row in tile.iter_mut().take(S::OUTPUTS) {
                        *row = V::Eight::transpose(*row);
                        for v in row {
                            *v = finish.apply(*v);
                        }
                    }
                }
                for (l, place) in places.iter().enumerate() {
                    let size = lowered.families[py * sw].size;
                    let rows = size[0].saturating_sub(place.y).min(S::OUTPUTS);
                    let [left, right] = &tiles;
                    for (i, (left, right)) in left.iter().zip(right).enumerate().take(rows) {
                        let line =
                            ((place.image * lowered.outputs + o) * h + (place.y + i) * sh + py) * w + place.x * sw;
                        let room = (w - place.x * sw).min(S::OUTPUTS * sw);
                        let mut numbers = [0.0; 2 * SIDE];
                        if sw == 1 {
                            left[l].to_slice(&mut numbers[..SIDE]);
                        } else {
                            interleave(left[l], right[l], &mut numbers);
                        }
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
}

/// a0 b0 a1 b1 ..
#[inline(always)]
fn interleave<E: Vector>(a: E, b: E, out: &mut [f32; 2 * SIDE]) {
    let (mut x, mut y) = ([0.0; SIDE], [0.0; SIDE]);
    a.to_slice(&mut x);
    b.to_slice(&mut y);
    for (pair, (x, y)) in out.chunks_mut(2).zip(x.into_iter().zip(y)) {
        (pair[0], pair[1]) = (x, y);
    }
}
