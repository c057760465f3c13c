//! Implicit GEMM: any convolution as a matrix product whose right side is read from the planes of the picture. The matrix of
//! patches that `im2col.rs` makes never stands in memory.
//!
//! A task has a block of output places, of all families. It copies the planes that the block reads, a run of channels at a
//! time, and every family adds its product with them: the planes are copied once for all. `filters.rs` lays out the weights,
//! `places.rs` the planes; this file cuts the work into blocks and writes the results to their places.

mod filters;
mod places;

use std::ops::Range;

use self::filters::Filters;
use self::places::Places;
use super::lower::{Family, Lowered};
use super::planes::Planes;
use super::{Conv2d, Epilogue, Slot};
use crate::cache::LINE;
use crate::memory::Buffer;
use crate::parallel::{self, Scatter};
use crate::simd::{self, Kernel, Vector};
use crate::tensor::Tensor;

/// Numbers of a block's result: 256 KB, half of a second cache of 512.
const BLOCK_NUMBERS: usize = (256 << 10) / size_of::<f32>();
/// Output places of a block, at least and at most.
const PLACES: [usize; 2] = [96, 4096];
/// Numbers of the copies that a block's products read: 256 KB, the other half.
const COPIES: usize = (256 << 10) / size_of::<f32>();

/// Numbers from which on a result is written past the caches: 32 MB, more than a common third cache keeps (ADR 0026).
const UNCACHED: usize = (32 << 20) / size_of::<f32>();

/// One convolution, and how it is cut.
struct Job<'a> {
    lowered: Lowered,
    planes: Planes,
    filters: Filters,
    x: &'a [f32],
    y: Scatter<'a, f32>,
    epilogue: Epilogue<'a>,
    /// Whether results go past the caches.
    uncached: bool,
    /// Pictures of a block, and rows of each: several whole pictures, or a band of one.
    images: usize,
    band: usize,
}

/// Some places of every family, for one group of channels.
struct Block {
    group: usize,
    images: Range<usize>,
    rows: Range<usize>,
}

/// The slot `X` or `Y` from the other of them and the weights `w`.
pub(super) fn convolve(conv: &Conv2d, slot: Slot, x: &[f32], w: &[f32], epilogue: Epilogue) -> Tensor {
    let lowered = Lowered::new(conv, slot);
    let planes = Planes::new(&lowered, [0; 2]);
    let (images, band) = cut(&lowered);
    let filters = Filters::new(&lowered, channels_at_a_time(&lowered, &planes, images * (band + lowered.depth())), w);
    Tensor::build(conv.shape(slot), |y| {
        // Whole lines of memory only.
        let uncached = y.len() >= UNCACHED && lowered.step_out[1] == 1 && lowered.output[1].is_multiple_of(LINE);
        let job = Job { lowered, planes, filters, x, y: Scatter::new(y), epilogue, uncached, images, band };
        let blocks = job.blocks();
        parallel::tasks(blocks.len(), |b| simd::run(Task { job: &job, block: &blocks[b] }));
    })
}

/// Pictures and rows of a block.
fn cut(lowered: &Lowered) -> (usize, usize) {
    let [rows, columns] = lowered.largest();
    let results = lowered.outputs / lowered.groups * lowered.families.len();
    let places = (BLOCK_NUMBERS / results.max(1)).clamp(PLACES[0], PLACES[1]);
    let picture = (rows * columns).max(1);
    if picture <= places { (places / picture, rows.max(1)) } else { (1, (places / columns).max(1)) }
}

/// Channels whose copies, so many rows of each, and whose products stay in the caches.
fn channels_at_a_time(lowered: &Lowered, planes: &Planes, rows: usize) -> usize {
    let [sh, sw] = lowered.step_in;
    let by_copies = COPIES / (sh * sw * rows * planes.pitch).max(1);
    by_copies.min(filters::depth(lowered)).clamp(1, (lowered.channels / lowered.groups).max(1))
}

impl Job<'_> {
    fn outputs(&self) -> usize {
        self.lowered.outputs / self.lowered.groups
    }

    fn blocks(&self) -> Vec<Block> {
        let [rows, columns] = self.lowered.largest();
        let images = self.lowered.images;
        let rows = if columns == 0 { 0 } else { rows };
        let part = move |at: usize, step: usize, all: usize| at..(at + step).min(all);
        let bands = move |group, n| {
            (0..rows).step_by(self.band).map(move |r| Block {
                group,
                images: part(n, self.images, images),
                rows: part(r, self.band, rows),
            })
        };
        (0..self.lowered.groups)
            .flat_map(|group| (0..images).step_by(self.images).flat_map(move |n| bands(group, n)))
            .collect()
    }

    /// Writes a family's result `[O, row]`, where each line of `columns` places begins `pitch` behind the one before.
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes places by pointers")]
    fn spread<V: Vector>(&self, block: &Block, family: &Family, result: &mut [f32], row: usize, pitch: usize) {
        let ([h, w], [sh, sw]) = (self.lowered.output, self.lowered.step_out);
        let (rows, columns) = (family.rows(&block.rows), family.size[1]);
        let used = block.images.len() * rows.len() * pitch;
        for (o, result) in result.chunks_mut(row).enumerate().take(self.outputs()) {
            let o = block.group * self.outputs() + o;
            self.epilogue.finish::<V>(o, &mut result[..used]);
            let mut lines = result.chunks(pitch);
            for image in block.images.clone() {
                for (r, line) in rows.clone().zip(&mut lines) {
                    let start = ((image * self.lowered.outputs + o) * h + family.offset[0] + r * sh) * w;
                    let out = self.y.at(start + family.offset[1], (columns - 1) * sw + 1);
                    // SAFETY: these places belong to this family, and within it to this block; if they are `uncached`, they are whole
                    // lines of memory.
                    unsafe {
                        if self.uncached {
                            for x in (0..columns).step_by(V::LANES) {
                                V::from_slice(&line[x..]).stream(out.add(x));
                            }
                        } else if sw == 1 {
                            out.copy_from_nonoverlapping(line.as_ptr(), columns);
                        } else {
                            line[..columns].iter().enumerate().for_each(|(j, &v)| *out.add(j * sw) = v);
                        }
                    }
                }
            }
        }
    }
}

/// One block, from the picture to the result.
struct Task<'a> {
    job: &'a Job<'a>,
    block: &'a Block,
}
impl Kernel for Task<'_> {
    type Output = ();
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { job, block } = self;
        let mut places = Places::new(job, block);
        let row = places.row();
        let families = &job.lowered.families;
        let size = job.outputs() * row;
        let mut results = Buffer::stale(families.len() * size);
        if job.lowered.channels == 0 || families.iter().any(|f| f.taps.is_empty()) {
            results.fill(0.0);
        }
        for run in job.filters.runs() {
            places.copy::<V>(&run);
            for (f, result) in results.chunks_mut(size.max(1)).enumerate() {
                places.multiply::<V>(f, &run, result);
            }
        }
        for (family, result) in families.iter().zip(results.chunks_mut(size.max(1))) {
            if family.size[1] == 0 || family.rows(&block.rows).is_empty() {
                continue;
            }
            job.spread::<V>(block, family, result, row, places.pitch(family));
        }
        if job.uncached {
            V::fence();
        }
    }
}
