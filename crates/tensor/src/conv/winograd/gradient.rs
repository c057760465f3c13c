//! The weight gradient by minimal filtering: the gradient's tiles act as long filters on the tiles of the picture, and what
//! comes out are the taps. Summing over tiles is the inner length of one matrix product for each point.
//!
//! Lanes hold eight channels here. Blocks of tiles follow each other and add to the same sums, so the order is fixed.

use std::marker::PhantomData;
use std::ops::Range;

use super::scheme::{GradientMatrix, InputMatrix, SIDE, Scheme, TapsMatrix};
use super::source::{Grid, Source};
use super::tiles::{Corner, Patches, View, inverse, nothing, square, transform};
use super::{Term, terms};
use crate::cache::odd_lines;
use crate::conv::lower::Lowered;
use crate::conv::{Conv2d, Slot};
use crate::gemm::tile::{Operand, ROWS, Target, product, strip};
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Vector};
use crate::tensor::Tensor;

/// Numbers that the tiles of a block take, for picture and gradient together: 2.5 MB, several second caches. Larger blocks wait
/// for memory, smaller ones read and write the sums too often.
const BLOCK_NUMBERS: usize = (5 << 19) / size_of::<f32>();
/// Tiles of a block at the least, for few channels and for many, whose sums weigh more; and at the most.
const LEAST: [usize; 2] = [64, 128];
const MOST: usize = 2048;
/// Numbers behind the last row, which the last strip may read.
const MARGIN: usize = 64;

/// Matrices `[point, tile or output, channel or output]`.
struct Points<'b> {
    values: Scatter<'b, f32>,
    row_stride: usize,
    point_stride: usize,
}

/// What a block's tasks share.
struct Work<'a> {
    grid: Grid,
    terms: &'a [Term],
    /// The picture, and the gradient.
    source: Source<'a>,
    y: &'a [f32],
    outputs: usize,
    size: [usize; 2],
    /// Channels of a term, rounded up to whole groups of eight.
    padded: usize,
}

pub(super) fn weights<S: Scheme>(conv: &Conv2d, x: &[f32], y: &[f32]) -> Tensor {
    let job = Lowered::new(conv, Slot::Y);
    let terms = terms(&job.families[0], job.step_in[1], S::TAPS);
    let grid = Grid::new(job.images, conv.output(), S::OUTPUTS);
    let points = S::PRODUCTS;
    let padded = job.channels.next_multiple_of(8);
    let channels = terms.len() * padded;
    let (row_x, row_y) = (odd_lines(channels), odd_lines(job.outputs.next_multiple_of(8)));
    let least = channels.min(job.outputs).clamp(LEAST[0], LEAST[1]);
    let tiles = (BLOCK_NUMBERS / (points * (row_x + row_y))).clamp(least, MOST).min(grid.tiles().max(1));
    let [mut v, mut g] = [row_x, row_y].map(|row| Buffer::stale(points * odd_lines(tiles * row) + MARGIN));
    let sum_point = odd_lines(job.outputs * row_x);
    let mut sums = Buffer::stale(points * sum_point + MARGIN);
    let source = Source::new(&job, x, S::OUTPUTS);
    let work = Work { grid, terms: &terms, source, y, outputs: job.outputs, size: conv.output(), padded };
    for (b, first) in (0..grid.tiles()).step_by(tiles).enumerate() {
        let block = first..(first + tiles).min(grid.tiles());
        let x_side = Points { values: Scatter::new(&mut v), row_stride: row_x, point_stride: odd_lines(tiles * row_x) };
        let y_side = Points { values: Scatter::new(&mut g), row_stride: row_y, point_stride: odd_lines(tiles * row_y) };
        let (octets, all) = (padded / 8, padded / 8 + job.outputs.div_ceil(8));
        parallel::tasks(all, |task| {
            let scheme = PhantomData::<S>;
            let (work, block) = (&work, &block);
            if task < octets {
                simd::run(Pictures { work, block, octet: task, out: &x_side, scheme });
            } else {
                simd::run(Gradients { work, block, octet: task - octets, out: &y_side, scheme });
            }
        });
        let sums = Points { values: Scatter::new(&mut sums), row_stride: row_x, point_stride: sum_point };
        parallel::tasks(points, |at| {
            let size = [job.outputs, block.len(), channels];
            simd::run(Products { size, at, add: b > 0, x: &x_side, y: &y_side, sums: &sums });
        });
    }
    if grid.tiles() == 0 {
        sums.fill(0.0);
    }
    let taps = conv.kernel[0] * conv.kernel[1];
    Tensor::build(conv.shape(Slot::W), |w| {
        parallel::chunks(w, job.channels * taps, |o, w| {
            let scheme = PhantomData::<S>;
            simd::run(Weights {
                work: &work,
                sums: &sums[o * row_x..],
                point: sum_point,
                channels: job.channels,
                taps,
                w,
                scheme,
            });
        });
    })
}

/// Eight channels of the picture, transformed.
struct Pictures<'a, S> {
    work: &'a Work<'a>,
    block: &'a Range<usize>,
    octet: usize,
    out: &'a Points<'a>,
    scheme: PhantomData<S>,
}
impl<S: Scheme> Kernel for Pictures<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes tiles by pointers")]
    fn run<V: Vector>(self) {
        let Work { grid, terms, source, padded, .. } = self.work;
        let size = source.copy_size();
        let mut copies = source.copies(8);
        let mut patches: Patches = [[0.0; SIDE * SIDE]; 8];
        let mut half = square();
        let lanes = 8.min(source.channels - 8 * self.octet);
        let mut copied = usize::MAX;
        for (row, t) in self.block.clone().enumerate() {
            let place = grid.place(t);
            if place.image != copied {
                copied = place.image;
                for l in 0..lanes {
                    source.copy::<V>(copied, 8 * self.octet + l, &mut copies[l * size..][..size]);
                }
            }
            for (i, term) in terms.iter().enumerate() {
                let mut corners = [nothing(); 8];
                let offset = source.offset(term);
                for (l, (corner, patch)) in corners.iter_mut().zip(&mut patches).enumerate().take(lanes) {
                    *corner = match source.in_copy(place, &copies[l * size..]) {
                        Some(copied) => copied.moved(offset),
                        None => source.in_picture(8 * self.octet + l, place, term, S::POINTS, patch),
                    };
                }
                let start = row * self.out.row_stride + i * padded + 8 * self.octet;
                let out = self.out.values.at(start, (S::PRODUCTS - 1) * self.out.point_stride + 8);
                // SAFETY: tiles have eight numbers a row; these eight columns of every row are this task's.
                unsafe {
                    transform::<V::Eight, InputMatrix<S>>(
                        &corners,
                        S::POINTS,
                        S::POINTS,
                        &mut half,
                        out,
                        self.out.point_stride,
                    );
                }
            }
        }
    }
}

/// Eight channels of the gradient, transformed.
struct Gradients<'a, S> {
    work: &'a Work<'a>,
    block: &'a Range<usize>,
    octet: usize,
    out: &'a Points<'a>,
    scheme: PhantomData<S>,
}
impl<S: Scheme> Kernel for Gradients<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes tiles by pointers")]
    fn run<V: Vector>(self) {
        let Work { grid, y, outputs, size: [rows, columns], .. } = *self.work;
        let mut patches: Patches = [[0.0; SIDE * SIDE]; 8];
        let mut half = square();
        let lanes = 8.min(outputs - 8 * self.octet);
        for (row, t) in self.block.clone().enumerate() {
            let place = grid.place(t);
            let mut corners: [Corner; 8] = [nothing(); 8];
            for (l, (corner, patch)) in corners.iter_mut().zip(&mut patches).enumerate().take(lanes) {
                let plane = &y[(place.image * outputs + 8 * self.octet + l) * rows * columns..][..rows * columns];
                let view = View { at: plane.as_ptr(), pitch: columns, rows, columns };
                *corner = view.tile(place.y as isize, place.x as isize, S::OUTPUTS, patch);
            }
            let start = row * self.out.row_stride + 8 * self.octet;
            let out = self.out.values.at(start, (S::PRODUCTS - 1) * self.out.point_stride + 8);
            // SAFETY: as for the picture.
            unsafe {
                transform::<V::Eight, GradientMatrix<S>>(
                    &corners,
                    S::OUTPUTS,
                    S::POINTS,
                    &mut half,
                    out,
                    self.out.point_stride,
                );
            }
        }
    }
}

/// The product of one point: outputs by channels, over the tiles of a block.
struct Products<'a> {
    size: [usize; 3],
    at: usize,
    add: bool,
    x: &'a Points<'a>,
    y: &'a Points<'a>,
    sums: &'a Points<'a>,
}
impl Kernel for Products<'_> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "the product walks matrices by pointers")]
    fn run<V: Vector>(self) {
        let [m, k, n] = self.size;
        let [x, y, c] = [self.x, self.y, self.sums].map(|p| (p.values.at(self.at * p.point_stride, 0), p.row_stride));
        // SAFETY: the buffers were made for these sizes, with a margin behind the last row for the last strip.
        unsafe {
            product::<V>(
                m,
                k,
                n,
                Operand::plain(y.0, y.1, ROWS),
                Operand::plain(x.0, x.1, strip::<V>()),
                Target { at: c.0, stride: c.1, add: self.add, far: true },
            );
        }
    }
}

/// The taps of one output.
struct Weights<'a, S> {
    work: &'a Work<'a>,
    sums: &'a [f32],
    point: usize,
    channels: usize,
    taps: usize,
    w: &'a mut [f32],
    scheme: PhantomData<S>,
}
impl<S: Scheme> Kernel for Weights<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "reads products by pointers")]
    fn run<V: Vector>(self) {
        let (mut half, mut sums) = (square(), square());
        for (i, term) in self.work.terms.iter().enumerate() {
            for first in (0..self.channels).step_by(8) {
                let x = self.sums[i * self.work.padded + first..].as_ptr();
                // SAFETY: every point has this row, with room for whole groups of eight channels.
                unsafe {
                    inverse::<V::Eight, TapsMatrix<S>>(x, self.point, S::POINTS, S::TAPS, &mut half, &mut sums);
                }
                for (t, &weight) in term.weights.iter().enumerate() {
                    let mut numbers = [0.0; 8];
                    sums[t / S::TAPS][t % S::TAPS].to_slice(&mut numbers);
                    for (l, &v) in numbers.iter().enumerate().take(self.channels - first) {
                        self.w[(first + l) * self.taps + weight] = v;
                    }
                }
            }
        }
    }
}
