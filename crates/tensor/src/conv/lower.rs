//! Every convolution as one of steps of one: what the fast ways compute.
//!
//! A stride of S reads every S-th place, so the picture is cut into S x S planes, each holding the places of one remainder:
//! within a plane every tap moves by steps of one. The other way round, a transposed convolution writes every S-th place:
//! the places of one remainder form a [`Family`] that shares its taps, again with steps of one. So `Y` has many planes and
//! one family, `X` one plane and many families, and no zero is ever multiplied. The weight gradient reads the planes of `Y`.

use std::ops::Range;

use super::{Conv2d, Slot};

/// One tap of the kernel as seen from its output places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tap {
    /// The plane it reads.
    pub(super) plane: [usize; 2],
    /// The place it reads for output place 0.
    pub(super) shift: [isize; 2],
    /// Its number in the kernel, row by row.
    pub(super) weight: usize,
}

/// Output places with the same taps: `offset + step * (0..size)`.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) offset: [usize; 2],
    pub(super) size: [usize; 2],
    pub(super) taps: Vec<Tap>,
}

impl Family {
    /// Those of some rows that it has.
    pub(super) fn rows(&self, rows: &Range<usize>) -> Range<usize> {
        rows.start.min(self.size[0])..rows.end.min(self.size[0])
    }
}

/// `out[n, o, offset + step_out q] = sum over c and taps of plane[n, c][q + shift] w[o, c, tap]`, one group of channels at a
/// time.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    pub(super) images: usize,
    /// Channels read and written, of all groups.
    pub(super) channels: usize,
    pub(super) outputs: usize,
    pub(super) groups: usize,
    pub(super) input: [usize; 2],
    pub(super) output: [usize; 2],
    /// Places between neighbours of one plane, and of one family.
    pub(super) step_in: [usize; 2],
    pub(super) step_out: [usize; 2],
    pub(super) families: Vec<Family>,
    /// Distance of weights of neighbouring outputs, and of neighbouring channels, within a group.
    pub(super) weights: [usize; 2],
    /// Weights of a group.
    pub(super) group: usize,
}

impl Lowered {
    /// The form without `Y` or without `X`, as steps of one.
    pub(super) fn new(conv: &Conv2d, slot: Slot) -> Self {
        let (input, output, taps) = (conv.input, conv.output(), conv.kernel[0] * conv.kernel[1]);
        let per_group = conv.channels / conv.window.groups * taps;
        let group = conv.outputs / conv.window.groups * per_group;
        if slot == Slot::Y {
            let all = (0..taps).map(|t| conv.reading_tap(t)).collect();
            let family = Family { offset: [0; 2], size: output, taps: all };
            return Self {
                images: conv.batch,
                channels: conv.channels,
                outputs: conv.outputs,
                groups: conv.window.groups,
                input,
                output,
                step_in: conv.window.stride,
                step_out: [1; 2],
                families: vec![family],
                weights: [per_group, taps],
                group,
            };
        }
        let [sh, sw] = conv.window.stride;
        let families = (0..sh * sw).map(|f| {
            let offset = [f / sw, f % sw];
            let size = [0, 1].map(|i| input[i].saturating_sub(offset[i]).div_ceil(conv.window.stride[i]));
            Family { offset, size, taps: (0..taps).filter_map(|t| conv.writing_tap(t, offset)).collect() }
        });
        Self {
            images: conv.batch,
            channels: conv.outputs,
            outputs: conv.channels,
            groups: conv.window.groups,
            input: output,
            output: input,
            step_in: [1; 2],
            step_out: conv.window.stride,
            families: families.collect(),
            weights: [taps, per_group],
            group,
        }
    }

    /// Rows and columns of the largest family.
    pub(super) fn largest(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.families.iter().map(|f| f.size[axis]).max().unwrap_or(0))
    }

    /// Rows from the highest place that taps read to the lowest, for one output place.
    pub(super) fn depth(&self) -> usize {
        let shifts = self.families.iter().flat_map(|f| &f.taps).map(|t| t.shift[0]);
        shifts.clone().max().unwrap_or(0).abs_diff(shifts.min().unwrap_or(0))
    }

    /// The least and the largest place that taps read along an axis, in any plane.
    pub(super) fn reach(&self, axis: usize) -> [isize; 2] {
        let taps =
            self.families.iter().flat_map(|f| f.taps.iter().map(move |t| (f.size[axis] as isize, t.shift[axis])));
        taps.fold([0, 0], |[low, high], (size, shift)| [low.min(shift), high.max(shift + size - 1)])
    }
}

impl Conv2d {
    /// The place that tap `k` adds to a place of the picture, along an axis: dilation times tap, less padding.
    fn tap_offset(&self, axis: usize, k: usize) -> isize {
        (self.window.dilation[axis] * k) as isize - self.window.padding[axis][0] as isize
    }

    fn tap_places(&self, tap: usize) -> [usize; 2] {
        [tap / self.kernel[1], tap % self.kernel[1]]
    }

    /// How tap `tap` reads the picture for a place of the result: place S i + offset is place i + offset / S of a plane.
    fn reading_tap(&self, tap: usize) -> Tap {
        let places = self.tap_places(tap);
        let offset = [0, 1].map(|i| self.tap_offset(i, places[i]));
        let stride = self.window.stride.map(|s| s as isize);
        Tap {
            plane: [0, 1].map(|i| offset[i].rem_euclid(stride[i]) as usize),
            shift: [0, 1].map(|i| offset[i].div_euclid(stride[i])),
            weight: tap,
        }
    }

    /// How tap `tap` reads the result for a place S q + p of the picture: place q + (p - offset) / S, if that is whole.
    fn writing_tap(&self, tap: usize, p: [usize; 2]) -> Option<Tap> {
        let places = self.tap_places(tap);
        let from = [0, 1].map(|i| p[i] as isize - self.tap_offset(i, places[i]));
        let stride = self.window.stride.map(|s| s as isize);
        let whole = (0..2).all(|i| from[i].rem_euclid(stride[i]) == 0);
        whole.then(|| Tap { plane: [0; 2], shift: [0, 1].map(|i| from[i].div_euclid(stride[i])), weight: tap })
    }
}
