//! Any convolution as matrix products whose right side comes straight from the planes of the picture: no matrix of patches
//! ever stands in memory. The columns of a product are a few hundred output places, its inner length is channels times taps.
//!
//! Many outputs read each place often, so a block of places is packed first, some channels at a time. Few outputs, or few
//! channels, do not repay that: the product then reads the planes themselves, row by row.

use std::ops::Range;

use super::lower::{Family, Lowered, Tap};
use super::planes::Planes;
use super::{Conv2d, Epilogue, Slot};
use crate::gemm::tile::{DEPTH, Operand, ROWS, Target, product, product_at, strip};
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Vector};
use crate::tensor::Tensor;

/// Numbers of a block's result: half of a common second cache.
const BLOCK_NUMBERS: usize = 64 << 10;

/// Some whole pictures, or some rows of one.
struct Block {
    images: Range<usize>,
    rows: Range<usize>,
}

/// Outputs up to which packing does not pay, and inner lengths up to which planes stay in the first cache anyway.
const FEW_OUTPUTS: usize = 12;
const SHORT: usize = 300;
/// Columns of a family from which rows are long enough to be read as they are.
const LONG_ROWS: usize = 14;
/// Columns that may be read behind a row.
const MARGIN: usize = 3 * 16;

/// One family of one group of channels.
struct Job<'a> {
    lowered: &'a Lowered,
    family: &'a Family,
    planes: Planes,
    group: usize,
    x: &'a [f32],
    /// The family's weights, `[C * taps, row]`, and their row.
    weights: (&'a [f32], usize),
    y: &'a Scatter<'a, f32>,
    epilogue: Epilogue<'a>,
}

/// `w` and the other argument to `slot`, which is `X` or `Y`.
pub(super) fn filter(conv: &Conv2d, slot: Slot, x: &[f32], w: &[f32], epilogue: Epilogue) -> Tensor {
    let lowered = Lowered::new(conv, slot);
    let planes = Planes::new(&lowered, [0, MARGIN]);
    let arranged: Vec<_> = (0..lowered.families.len() * lowered.groups)
        .map(|i| (i / lowered.groups, i % lowered.groups))
        .map(|(f, group)| (&lowered.families[f], group, arrange(&lowered, &lowered.families[f], group, w)))
        .collect();
    Tensor::build(conv.shape(slot), |y| {
        let y = &Scatter::new(y);
        let jobs: Vec<Job> = arranged
            .iter()
            .map(|(family, group, (weights, row))| Job {
                lowered: &lowered,
                family,
                planes,
                group: *group,
                x,
                weights: (weights, *row),
                y,
                epilogue,
            })
            .collect();
        let blocks: Vec<(&Job, Block)> =
            jobs.iter().flat_map(|job| job.blocks().into_iter().map(move |b| (job, b))).collect();
        parallel::tasks(blocks.len(), |b| simd::run(Places { job: blocks[b].0, block: &blocks[b].1 }));
    })
}

/// A group's weights for a family, the inner length (channel, tap) outermost.
fn arrange(job: &Lowered, family: &Family, group: usize, w: &[f32]) -> (Buffer<f32>, usize) {
    let (channels, outputs) = (job.channels / job.groups, job.outputs / job.groups);
    let taps = family.taps.len();
    let row = (outputs.div_ceil(16) | 1) * 16;
    let w = &w[group * job.group..];
    let mut out = Buffer::stale(channels * taps * row);
    parallel::rows(&mut out, row * taps.max(1), |c, out| {
        for (tap, out) in family.taps.iter().zip(out.chunks_mut(row)) {
            for (o, v) in out.iter_mut().enumerate().take(outputs) {
                *v = w[o * job.weights[0] + c * job.weights[1] + tap.weight];
            }
        }
    });
    (out, row)
}

impl Job<'_> {
    fn channels(&self) -> usize {
        self.lowered.channels / self.lowered.groups
    }

    fn outputs(&self) -> usize {
        self.lowered.outputs / self.lowered.groups
    }

    /// Whether the product reads the planes themselves.
    fn is_direct(&self) -> bool {
        let inner = self.channels() * self.family.taps.len();
        self.family.size[1] >= LONG_ROWS && (self.outputs() <= FEW_OUTPUTS || inner <= SHORT)
    }

    fn blocks(&self) -> Vec<Block> {
        let [rows, columns] = self.family.size;
        let places = (BLOCK_NUMBERS / self.outputs().max(1)).clamp(96, 1024);
        if rows * columns == 0 {
            return Vec::new();
        }
        let images = (places / (rows * columns)).max(1);
        let band = if images > 1 { rows } else { (places / columns).clamp(1, rows) };
        let all = (0..self.lowered.images).step_by(images);
        let block = move |n: usize| n..(n + images).min(self.lowered.images);
        let bands =
            move |n| (0..rows).step_by(band).map(move |r| Block { images: block(n), rows: r..(r + band).min(rows) });
        all.flat_map(bands).collect()
    }

    /// The rows of the planes that a block's taps reach, and how far the first of them stands below the block's.
    fn rows(&self, block: &Block) -> (Range<usize>, usize) {
        let reach = self.family.taps.iter().map(|t| (t.shift[0] - self.planes.first()[0]) as usize);
        let (low, high) = (reach.clone().min().unwrap_or(0), reach.max().unwrap_or(0));
        (block.rows.start + low..block.rows.end + high, low)
    }

    /// Packs the places that taps of channels read, `[channel, tap, row]`.
    #[inline(always)]
    fn pack<V: Vector>(&self, block: &Block, channels: Range<usize>, plane: &mut [f32], out: &mut [f32], row: usize) {
        let (Lowered { input: [h, w], .. }, planes) = (self.lowered, &self.planes);
        let columns = self.family.size[1];
        let (rows, low) = self.rows(block);
        let size = rows.len() * planes.pitch;
        for (i, c) in channels.enumerate() {
            for (n, image) in block.images.clone().enumerate() {
                let channel = self.group * self.channels() + c;
                let x = &self.x[(image * self.lowered.channels + channel) * h * w..][..h * w];
                planes.fill::<V>(x, &rows, plane);
                for (t, tap) in self.family.taps.iter().enumerate() {
                    let out = &mut out[(i * self.family.taps.len() + t) * row + n * block.rows.len() * columns..];
                    let number = tap.plane[0] * self.lowered.step_in[1] + tap.plane[1];
                    let [down, across] = [0, 1].map(|i| (tap.shift[i] - planes.first()[i]) as usize);
                    let from = &plane[number * size + (down - low) * planes.pitch + across..];
                    for (out, line) in out.chunks_mut(columns).zip(from.chunks(planes.pitch)).take(block.rows.len()) {
                        out.copy_from_slice(&line[..columns]);
                    }
                }
            }
        }
    }

    /// Packs some channels at a time and multiplies.
    #[inline(always)]
    #[allow(unsafe_code, reason = "the product walks matrices by pointers")]
    fn packed<V: Vector>(&self, block: &Block, result: &mut [f32], row: usize, columns: usize) {
        let (channels, taps) = (self.channels(), self.family.taps.len());
        let (weights, weight_row) = self.weights;
        let run = (DEPTH / taps).clamp(1, channels);
        let mut packed = Buffer::stale(run * taps * row + 64);
        let mut plane = Buffer::stale(self.planes.size());
        for first in (0..channels).step_by(run) {
            let some = first..(first + run).min(channels);
            self.pack::<V>(block, some.clone(), &mut plane, &mut packed, row);
            // SAFETY: `packed` holds these rows with room for whole strips, `result` all rows of outputs, and the weights
            // were arranged for this family.
            unsafe {
                product::<V>(
                    self.outputs(),
                    some.len() * taps,
                    columns,
                    Operand::plain(weights[first * taps * weight_row..].as_ptr(), weight_row, ROWS),
                    Operand::plain(packed.as_ptr(), row, strip::<V>()),
                    Target { at: result.as_mut_ptr(), stride: row, add: first > 0, far: false },
                );
            }
        }
    }

    /// Multiplies row by row, reading the planes of all channels.
    #[inline(always)]
    #[allow(unsafe_code, reason = "the product walks matrices by pointers")]
    fn direct<V: Vector>(&self, block: &Block, result: &mut [f32], row: usize) {
        let (Lowered { input: [h, w], step_in: [sh, sw], .. }, planes) = (self.lowered, &self.planes);
        let (rows, low) = self.rows(block);
        let columns = self.family.size[1];
        let size = sh * sw * rows.len() * planes.pitch;
        let mut copies = Buffer::stale(self.channels() * size + MARGIN);
        let offset = |c: usize, t: &Tap| {
            let [down, across] = [0, 1].map(|i| (t.shift[i] - planes.first()[i]) as usize);
            let number = t.plane[0] * sw + t.plane[1];
            c * size + (number * rows.len() + down - low) * planes.pitch + across
        };
        let offsets: Vec<usize> =
            (0..self.channels()).flat_map(|c| self.family.taps.iter().map(move |t| offset(c, t))).collect();
        let (weights, weight_row) = self.weights;
        for (n, image) in block.images.clone().enumerate() {
            for (c, out) in copies.chunks_mut(size).take(self.channels()).enumerate() {
                let channel = image * self.lowered.channels + self.group * self.channels() + c;
                planes.fill::<V>(&self.x[channel * h * w..][..h * w], &rows, out);
            }
            for r in 0..block.rows.len() {
                let line = (n * block.rows.len() + r) * columns;
                // SAFETY: planes have a margin behind every row for whole strips, `result` has room for this line of every
                // output, and the weights were arranged for this family.
                unsafe {
                    product_at::<V>(
                        [self.outputs(), columns],
                        &offsets,
                        Operand::plain(weights.as_ptr(), weight_row, ROWS),
                        copies[r * planes.pitch..].as_ptr(),
                        Target { at: result[line..].as_mut_ptr(), stride: row, add: false, far: false },
                    );
                }
            }
        }
    }

    /// Writes the block's result `[O, row]` to the places of the family.
    #[allow(unsafe_code, reason = "writes places by pointers")]
    fn spread(&self, block: &Block, result: &[f32], row: usize) {
        let ([h, w], [sh, sw]) = (self.lowered.output, self.lowered.step_out);
        let columns = self.family.size[1];
        for (o, result) in result.chunks(row).enumerate().take(self.outputs()) {
            let o = self.group * self.outputs() + o;
            let mut lines = result.chunks(columns);
            for image in block.images.clone() {
                for (r, line) in block.rows.clone().zip(&mut lines) {
                    let start = ((image * self.lowered.outputs + o) * h + self.family.offset[0] + r * sh) * w;
                    let start = start + self.family.offset[1];
                    let out = self.y.at(start, (columns - 1) * sw + 1);
                    for (j, &v) in line.iter().enumerate() {
                        // SAFETY: these places belong to this family, and within it to this block.
                        unsafe { *out.add(j * sw) = v };
                    }
                }
            }
        }
    }
}

/// One block, from the picture to the result.
struct Places<'a> {
    job: &'a Job<'a>,
    block: &'a Block,
}
impl Kernel for Places<'_> {
    type Output = ();
    #[inline(always)]
    fn run<V: Vector>(self) {
        let (job, block) = (self.job, self.block);
        let (channels, outputs, taps) = (job.channels(), job.outputs(), job.family.taps.len());
        let columns = block.images.len() * block.rows.len() * job.family.size[1];
        let row = (columns.div_ceil(16) | 1) * 16;
        let mut result = Buffer::stale(outputs * row + 64);
        if channels * taps == 0 {
            result.fill(0.0);
        } else if job.is_direct() {
            job.direct::<V>(block, &mut result, row);
        } else {
            job.packed::<V>(block, &mut result, row, columns);
        }
        for (o, line) in result.chunks_mut(row).enumerate().take(outputs) {
            job.epilogue.finish::<V>(job.group * outputs + o, &mut line[..columns]);
        }
        job.spread(block, &result, row);
    }
}
