//! Which tiles there are, and where each is read.

use super::Term;
use super::scheme::SIDE;
use super::tiles::View;
use crate::conv::lower::Lowered;
use crate::conv::planes::Planes;
use crate::memory::Buffer;
use crate::simd::Vector;

/// Pictures up to this many columns are copied with zeros around, so that no tile reaches over an edge.
const COPIED: usize = 72;

/// The tiles of all pictures, one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    images: usize,
    across: usize,
    each: usize,
    side: usize,
}

impl Grid {
    pub(super) fn new(images: usize, size: [usize; 2], side: usize) -> Self {
        let [down, across] = size.map(|s| s.div_ceil(side));
        Self { images, across, each: down * across, side }
    }

    pub(super) fn tiles(&self) -> usize {
        self.images * self.each
    }

    /// Picture, row and column of tile `t`'s first output place.
    pub(super) fn place(&self, t: usize) -> Place {
        let (image, t) = (t / self.each, t % self.each);
        Place { image, y: t / self.across * self.side, x: t % self.across * self.side }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) image: usize,
    pub(super) y: usize,
    pub(super) x: usize,
}

/// Where tiles of the input are read.
pub(super) struct Source<'a> {
    x: &'a [f32],
    pub(super) channels: usize,
    input: [usize; 2],
    /// The planes to copy into, or none to read the picture itself.
    planes: Option<Planes>,
}

impl<'a> Source<'a> {
    pub(super) fn new(job: &Lowered, x: &'a [f32], side: usize) -> Self {
        let copied = job.input[1] <= COPIED || job.step_in != [1, 1];
        let planes = copied.then(|| Planes::new(job, [side, SIDE + side]));
        Self { x, channels: job.channels, input: job.input, planes }
    }

    /// Numbers that the copy of one channel of one picture takes.
    pub(super) fn copy_size(&self) -> usize {
        self.planes.map_or(0, |p| p.size())
    }

    fn channel(&self, image: usize, c: usize) -> &'a [f32] {
        let plane = self.input[0] * self.input[1];
        &self.x[(image * self.channels + c) * plane..][..plane]
    }

    /// Room for `n` copies.
    pub(super) fn copies(&self, n: usize) -> Buffer<f32> {
        let mut copies = Buffer::stale(n * self.copy_size());
        copies.fill(0.0);
        copies
    }

    /// Copies one channel of one picture over an earlier copy, or over zeros.
    #[inline(always)]
    pub(super) fn copy<V: Vector>(&self, image: usize, c: usize, out: &mut [f32]) {
        if let Some(planes) = &self.planes {
            planes.refill::<V>(self.channel(image, c), out);
        }
    }

    /// What a term reads of a channel: its plane, seen from output place (0, 0), and the place that stands there.
    pub(super) fn view(&self, image: usize, c: usize, term: &Term, copied: &[f32]) -> (View, [isize; 2]) {
        let Some(planes) = &self.planes else {
            let [rows, columns] = self.input;
            let view = View { at: self.channel(image, c).as_ptr(), pitch: columns, rows, columns };
            return (view, term.shift);
        };
        let (rows, columns) = (planes.rows, planes.pitch);
        let at = copied[term.plane * planes.plane()..].as_ptr();
        let first = planes.first();
        let view = View { at, pitch: planes.pitch, rows, columns };
        (view, [term.shift[0] - first[0], term.shift[1] - first[1]])
    }
}
