//! The planes that one block reads, and the products of families with them.
//!
//! Planes lie row behind row, so that a tap is an offset and all rows of a picture are one run of places: the few between the
//! end of one row and the begin of the next are computed and never read. Where rows are so short that these are many, the
//! places are packed first, tap by tap.

use std::ops::Range;

use super::{Block, Job};
use crate::cache::odd_lines;
use crate::conv::lower::{Family, Tap};
use crate::gemm::tile::{Operand, Target, WIDEST_STRIP, WIDEST_TILE, product, product_at, strip};
use crate::memory::Buffer;
use crate::simd::Vector;

/// What it costs to pack a place, in outputs that read it: 20 suits pictures of 7 places and 64 outputs, with 128 and more 10 would do.
const PACKING: usize = 20;

/// Copies of planes for one block, `[channel, image, plane, row, column]`, a run of channels at a time.
pub(super) struct Places<'a> {
    job: &'a Job<'a>,
    block: &'a Block,
    /// Rows of the planes that the taps reach, and how far the first stands below the block's first.
    rows: Range<usize>,
    low: usize,
    copies: Buffer<f32>,
    packed: Buffer<f32>,
}

impl<'a> Places<'a> {
    pub(super) fn new(job: &'a Job, block: &'a Block) -> Self {
        let reach = job.lowered.families.iter().flat_map(|f| &f.taps).map(|t| job.planes.place(t.shift)[0]);
        let (low, high) = (reach.clone().min().unwrap_or(0), reach.max().unwrap_or(0));
        let rows = block.rows.start + low..block.rows.end + high;
        let mut places = Self { job, block, rows, low, copies: Buffer::stale(0), packed: Buffer::stale(0) };
        let channels = job.filters.runs().next().map_or(0, |run| run.len());
        places.copies = Buffer::stale(channels * places.channel() + WIDEST_TILE);
        let packed = job.lowered.families.iter().filter(|f| !places.is_direct(f));
        let taps = packed.map(|f| f.taps.len()).max().unwrap_or(0);
        places.packed = Buffer::stale(channels * taps * places.row() + WIDEST_TILE);
        places
    }

    /// Numbers of the copies of one picture's channel.
    fn picture(&self) -> usize {
        let [sh, sw] = self.job.lowered.step_in;
        sh * sw * self.rows.len() * self.job.planes.pitch
    }

    fn channel(&self) -> usize {
        self.block.images.len() * self.picture()
    }

    /// Length of a row of results: all places of the block, with those between rows.
    pub(super) fn row(&self) -> usize {
        odd_lines(self.block.images.len() * self.block.rows.len() * self.job.planes.pitch)
    }

    /// Distance of neighbouring lines of a family's result.
    pub(super) fn pitch(&self, family: &Family) -> usize {
        if self.is_direct(family) { self.job.planes.pitch } else { family.size[1] }
    }

    /// Whether products read the copies: whether the places between rows cost less than packing.
    fn is_direct(&self, family: &Family) -> bool {
        let computed = self.run(family).next_multiple_of(WIDEST_STRIP);
        let wanted = family.rows(&self.block.rows).len() * family.size[1];
        computed * self.job.outputs() <= wanted * (self.job.outputs() + PACKING)
    }

    /// Places of a picture as one run.
    fn run(&self, family: &Family) -> usize {
        let rows = family.rows(&self.block.rows).len();
        (rows * self.job.planes.pitch + family.size[1]).saturating_sub(self.job.planes.pitch)
    }

    /// Where a tap begins to read within a picture's channel.
    fn offset(&self, tap: &Tap) -> usize {
        let planes = &self.job.planes;
        let [down, across] = planes.place(tap.shift);
        let number = tap.plane[0] * self.job.lowered.step_in[1] + tap.plane[1];
        (number * self.rows.len() + down - self.low) * planes.pitch + across
    }

    /// Copies the planes of a run of channels of the block's group.
    #[inline(always)]
    pub(super) fn copy<V: Vector>(&mut self, run: &Range<usize>) {
        let Self { job, block, .. } = *self;
        let (channels, [h, w]) = (job.lowered.channels, job.lowered.input);
        let before = block.group * channels / job.lowered.groups;
        let picture = self.picture();
        let places = run.clone().flat_map(|c| block.images.clone().map(move |n| n * channels + before + c));
        for (channel, out) in places.zip(self.copies.chunks_mut(picture.max(1))) {
            let x = &job.x[channel * h * w..][..h * w];
            job.planes.fill::<V>(x, &self.rows, self.rows.len() * job.planes.pitch, out);
        }
    }

    /// Adds the product with the copied run of channels to a family's result, or begins it with the first.
    #[inline(always)]
    #[allow(unsafe_code, reason = "the product walks matrices by pointers")]
    pub(super) fn multiply<V: Vector>(&mut self, family: usize, run: &Range<usize>, result: &mut [f32]) {
        let families = &self.job.lowered.families;
        let weights = self.job.filters.run(self.block.group * families.len() + family, run);
        let family = &families[family];
        let (outputs, row, add) = (self.job.outputs(), self.row(), run.start > 0);
        let lines = family.rows(&self.block.rows).len();
        let inner = run.len() * family.taps.len();
        if inner * lines * family.size[1] == 0 {
            return;
        }
        if !self.is_direct(family) {
            self.pack(family, run.len());
            let b = Operand::plain(self.packed.as_ptr(), row, strip::<V>());
            let c = Target { at: result.as_mut_ptr(), stride: row, add, far: false };
            // SAFETY: `packed` holds these rows with room for whole strips, `result` all rows of outputs, and the weights
            // were arranged for this family.
            unsafe { product::<V>(outputs, inner, self.block.images.len() * lines * family.size[1], weights, b, c) };
            return;
        }
        let (channel, pitch) = (self.channel(), self.job.planes.pitch);
        let taps: Vec<usize> = family.taps.iter().map(|t| self.offset(t)).collect();
        let offsets: Vec<usize> = (0..run.len()).flat_map(|c| taps.iter().map(move |t| c * channel + t)).collect();
        for n in 0..self.block.images.len() {
            let at = result[n * lines * pitch..].as_mut_ptr();
            // SAFETY: a margin stands behind the last copy for whole strips, `result` has room for this run of every output,
            // and the weights were arranged for this family.
            unsafe {
                product_at::<V>(
                    [outputs, self.run(family)],
                    &offsets,
                    weights,
                    self.copies[n * self.picture()..].as_ptr(),
                    Target { at, stride: row, add, far: false },
                );
            }
        }
    }

    /// Packs what a family reads of the copied channels, `[channel, tap, row]`.
    fn pack(&mut self, family: &Family, channels: usize) {
        let (row, pitch, [picture, channel]) = (self.row(), self.job.planes.pitch, [self.picture(), self.channel()]);
        let (lines, columns) = (family.rows(&self.block.rows).len(), family.size[1]);
        let offsets: Vec<usize> = family.taps.iter().map(|t| self.offset(t)).collect();
        for (c, out) in self.packed.chunks_mut(offsets.len() * row).enumerate().take(channels) {
            for (offset, out) in offsets.iter().zip(out.chunks_mut(row)) {
                for (n, out) in out.chunks_mut(lines * columns).enumerate().take(self.block.images.len()) {
                    let from = self.copies[c * channel + n * picture + offset..].chunks(pitch);
                    for (out, line) in out.chunks_mut(columns).zip(from).take(lines) {
                        out.copy_from_slice(&line[..columns]);
                    }
                }
            }
        }
    }
}
