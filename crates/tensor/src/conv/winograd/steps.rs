//! The steps of a block: a channel's tiles to the points, a point's product, an output's tiles back to places.

use std::marker::PhantomData;
use std::ops::Range;

use super::blocks::{Block, Group, Job};
use super::filters::Filters;
use super::scheme::{InputMatrix, OutputMatrix, SIDE, Scheme};
use super::tiles::{Patches, copy, inverse, nothing, square, transform};
use crate::gemm::tile::{Operand, ROWS, Target, product, strip};
use crate::simd::{Kernel, Vector};

/// Some channels of a block.
pub(super) struct Input<'a, S> {
    pub(super) job: &'a Job<'a>,
    pub(super) block: &'a Block<'a>,
    pub(super) channels: Range<usize>,
    pub(super) scheme: PhantomData<S>,
}
impl<S: Scheme> Kernel for Input<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "writes tiles by pointers")]
    fn run<V: Vector>(self) {
        let (Job { terms, source, .. }, block) = (self.job, self.block);
        let (width, inner) = (strip::<V>(), self.job.inner());
        // Eight tiles are of eight pictures at most, whose copies lie in a ring.
        let size = source.copy_size();
        let (from, to) = (block.places[0].image, block.places[block.places.len() - 1].image);
        let ring = (to + 1 - from).min(8).next_power_of_two();
        let mut copies = source.copies(ring);
        let slot = |image: usize| (image & (ring - 1)) * size;
        let mut patches: Patches = [[0.0; SIDE * SIDE]; 8];
        let mut half = square();
        for c in self.channels.clone() {
            let mut next = from;
            for (g, places) in block.places.chunks(8).enumerate() {
                while next <= places[places.len() - 1].image {
                    source.copy::<V>(next, c, &mut copies[slot(next)..][..size]);
                    next += 1;
                }
                let mut copied = [None; 8];
                for (corner, place) in copied.iter_mut().zip(places) {
                    *corner = source.in_copy(*place, &copies[slot(place.image)..]);
                }
                for (f, terms) in terms[block.families.clone()].iter().enumerate() {
                    for (i, term) in terms.iter().enumerate() {
                        let row = c * terms.len() + i;
                        let mut corners = [nothing(); 8];
                        let offset = source.offset(term);
                        if copied[0].is_none() && c + 1 < self.channels.end {
                            // Rows of every second tile: where they begin, they are a line of memory apart or less.
                            for place in places.iter().step_by(2) {
                                source.prefetch_tile::<V>(c + 1, *place, term, S::POINTS);
                            }
                        }
                        for (l, (corner, place)) in corners.iter_mut().zip(places).enumerate() {
                            *corner = match copied[l] {
                                Some(copied) => copied.moved(offset),
                                None => source.in_picture(c, *place, term, S::POINTS, &mut patches[l]),
                            };
                        }
                        let (strip, place) = (g * 8 / width, g * 8 % width);
                        let start =
                            block.first + f * S::PRODUCTS * block.point_stride + (strip * inner + row) * width + place;
                        let out = block.values.at(start, (S::PRODUCTS - 1) * block.point_stride + 8);
                        // SAFETY: tiles have eight numbers a row, in a copy or a patch; this channel's row of every point is its own.
                        unsafe {
                            transform::<V::Eight, InputMatrix<S>>(
                                &corners,
                                S::POINTS,
                                S::POINTS,
                                &mut half,
                                out,
                                block.point_stride,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// The product of one family and point.
pub(super) struct Products<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) filters: &'a Filters,
    pub(super) block: &'a Block<'a>,
    pub(super) group: &'a Group<'a>,
    pub(super) at: usize,
}
impl Kernel for Products<'_> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "the product walks matrices by pointers")]
    fn run<V: Vector>(self) {
        let Self { job, filters, block, group, at } = self;
        let (width, inner) = (strip::<V>(), job.inner());
        let w = filters.at(block.families.start, at, group.outputs.start);
        let x = block.values.at(block.first + at * block.point_stride + group.tiles.start * inner, 0).cast_const();
        let y = group.values.at(at * group.point_stride, group.outputs.len() * group.row_stride);
        // SAFETY: `Filters`, `Block` and `Group` were made for these sizes: strips are whole, and rows have room for them. A
        // group in the room of its block is written where only points before this one are read.
        unsafe {
            product::<V>(
                group.outputs.len(),
                inner,
                group.tiles.len().next_multiple_of(8),
                Operand { at: w, step: ROWS, panel: filters.panel_stride },
                Operand { at: x, step: width, panel: width * inner },
                Target { at: y, stride: group.row_stride, add: false, far: false },
            );
        }
    }
}

/// The places of one output.
pub(super) struct Output<'a, S> {
    pub(super) job: &'a Job<'a>,
    pub(super) block: &'a Block<'a>,
    pub(super) group: &'a Group<'a>,
    pub(super) channel: usize,
    pub(super) scheme: PhantomData<S>,
}
impl<S: Scheme> Kernel for Output<'_, S> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "reads products and writes places by pointers")]
    fn run<V: Vector>(self) {
        let (Job { lowered, y, epilogue, .. }, block, group, o) = (self.job, self.block, self.group, self.channel);
        let ([h, w], [sh, sw]) = (lowered.output, lowered.step_out);
        let row = (o - group.outputs.start) * group.row_stride;
        let finish = epilogue.of::<V::Eight>(o);
        let (mut half, mut tiles) = (square(), [square(), square()]);
        let py = block.families.start / sw;
        let size = lowered.families[py * sw].size;
        for (g, places) in block.places[group.tiles.clone()].chunks(8).enumerate() {
            for (px, tile) in tiles.iter_mut().enumerate().take(sw) {
                let start = px * S::PRODUCTS * group.point_stride + row + g * 8;
                let x = group.values.at(start, (S::PRODUCTS - 1) * group.point_stride + 8);
                // SAFETY: every point has this row, with room for whole groups of eight.
                unsafe {
                    inverse::<V::Eight, OutputMatrix<S>>(x, group.point_stride, S::POINTS, S::OUTPUTS, &mut half, tile);
                }
                for row in tile.iter_mut().take(S::OUTPUTS) {
                    *row = V::Eight::transpose(*row);
                    for v in row {
                        *v = finish.apply(*v);
                    }
                }
            }
            if o + 1 < group.outputs.end {
                // The next output's lines are there when their turn comes.
                for place in places.iter().step_by(2) {
                    let first = ((place.image * lowered.outputs + o + 1) * h + place.y * sh + py) * w + place.x * sw;
                    for i in 0..S::OUTPUTS {
                        V::prefetch(y.at(0, 0).wrapping_add(first + i * sh * w));
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
                    let [first, second] = if sw == 1 { [left[l]; 2] } else { V::interleave(left[l], right[l]) };
                    first.to_slice(&mut numbers);
                    second.to_slice(&mut numbers[SIDE..]);
                    // SAFETY: `room` numbers of this line belong to this tile, and the tile to this task.
                    unsafe { copy(numbers.as_ptr(), room, y.at(line, room)) }
                }
            }
        }
    }
}
