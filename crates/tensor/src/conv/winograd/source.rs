//! Which tiles there are, and where each is read.

use super::Term;
use super::scheme::SIDE;
use super::tiles::{Corner, View};
use crate::cache::LINE;
use crate::conv::lower::Lowered;
use crate::conv::planes::Planes;
use crate::memory::Buffer;
use crate::simd::Vector;

/// Pictures up to this many columns are copied with zeros around, so that no tile reaches over an edge.
const COPIED: usize = 72;

/// Numbers of the next picture that are prefetched: the hardware prefetcher follows what is longer by itself.
const PREFETCHED: usize = 256;

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

    /// Copies one channel of one picture over an earlier copy, or over zeros, and prefetches that of the next picture, which lies
    /// far away.
    #[inline(always)]
    pub(super) fn copy<V: Vector>(&self, image: usize, c: usize, out: &mut [f32]) {
        if let Some(planes) = &self.planes {
            let (channel, picture) = (self.channel(image, c), self.channels * self.input[0] * self.input[1]);
            for at in (0..channel.len().min(PREFETCHED)).step_by(LINE) {
                V::prefetch(channel.as_ptr().wrapping_add(picture + at));
            }
            planes.refill::<V>(channel, out);
        }
    }

    /// The tile at `place` as a term would read it whose first tap is the first number of its copy; `None` if tiles are read
    /// in the picture itself.
    #[inline(always)]
    pub(super) fn in_copy(&self, place: Place, copy: &[f32]) -> Option<Corner> {
        let planes = self.planes.as_ref()?;
        Some(Corner { at: copy[place.y * planes.pitch + place.x..].as_ptr(), pitch: planes.pitch })
    }

    /// How far from that a term's own tile begins.
    #[inline(always)]
    pub(super) fn offset(&self, term: &Term) -> usize {
        self.planes.as_ref().map_or(0, |planes| {
            let [down, across] = planes.place(term.shift);
            term.plane * planes.plane() + down * planes.pitch + across
        })
    }

    /// Prefetches a tile of a term in the picture itself: its rows lie too far apart for the hardware prefetcher.
    #[inline(always)]
    pub(super) fn prefetch_tile<V: Vector>(&self, c: usize, place: Place, term: &Term, side: usize) {
        let (at, columns) = (self.channel(place.image, c).as_ptr(), self.input[1] as isize);
        let first = (place.y as isize + term.shift[0]) * columns + place.x as isize + term.shift[1];
        for row in 0..side as isize {
            V::prefetch(at.wrapping_offset(first + row * columns));
        }
    }

    /// The tile of a term in the picture itself.
    #[inline(always)]
    pub(super) fn in_picture(
        &self,
        c: usize,
        place: Place,
        term: &Term,
        side: usize,
        patch: &mut [f32; SIDE * SIDE],
    ) -> Corner {
        let [rows, columns] = self.input;
        let view = View { at: self.channel(place.image, c).as_ptr(), pitch: columns, rows, columns };
        view.tile(place.y as isize + term.shift[0], place.x as isize + term.shift[1], side, patch)
    }
}
