//! The weight gradient as inner products: for each output, channel and tap, the gradient's plane times the picture's plane,
//! moved by the tap. A gradient whose lines are whole registers is read where it stands, line by line. Others are copied to the
//! pitch of the planes, with zeros where the planes go on, so that a whole band of rows, or several small pictures, are one run
//! of numbers.

use std::ops::Range;

use super::lower::{Lowered, Tap};
use super::planes::Planes;
use super::{Conv2d, Slot};
use crate::gemm::tile::{DOTS, Lines, dots};
use crate::memory::Buffer;
use crate::parallel;
use crate::simd::{self, Kernel, Vector};
use crate::tensor::Tensor;

/// Numbers in a run: four of them and what the taps of a channel read fit the first cache.
const RUN: usize = 1024;
/// Partial sums, each over its own share of the bands.
const SHARES: usize = 16;
/// Outputs and taps of one tile of inner products.
const OUTPUTS: usize = DOTS[0];
const TAPS: usize = DOTS[1];

/// Numbers behind the last plane: a line and a register.
const MARGIN: usize = 64;

/// Some rows of the result of one picture, or several pictures.
struct Band {
    images: Range<usize>,
    rows: Range<usize>,
}

pub(super) fn gradient(conv: &Conv2d, x: &[f32], y: &[f32]) -> Tensor {
    let job = Lowered::new(conv, Slot::Y);
    let [oh, ow] = conv.output();
    // A row more than taps reach, for what is read behind the last place.
    let planes = Planes::new(&job, [1, 0]);
    // Copied lines have the planes' pitch, which a wide kernel makes much longer.
    let rows = (RUN / ow.max(planes.pitch / 2).max(1)).clamp(1, oh.max(1));
    let images = if rows < oh { 1 } else { (RUN / planes.plane()).min(job.images.div_ceil(SHARES)).max(1) };
    let bands: Vec<Band> = (0..job.images)
        .step_by(images)
        .map(|n| n..(n + images).min(job.images))
        .flat_map(|n| (0..oh).step_by(rows).map(move |r| Band { images: n.clone(), rows: r..(r + rows).min(oh) }))
        .collect();
    let shares = SHARES.min(bands.len());
    let start = |share: usize| share * bands.len() / shares;
    let shares = parallel::collect(shares, |share| {
        let mut sum = Tensor::zeros(conv.shape(Slot::W));
        for band in &bands[start(share)..start(share + 1)] {
            let gradient = Gradient { job: &job, planes: &planes, band, y };
            simd::run(BandSums { gradient, x, sum: sum.data_mut() });
        }
        sum
    });
    conv.total(shares)
}

/// The gradient that a band reads.
struct Gradient<'a> {
    job: &'a Lowered,
    planes: &'a Planes,
    band: &'a Band,
    y: &'a [f32],
}
impl Gradient<'_> {
    /// That of one output, from the band's first number on.
    fn of(&self, image: usize, output: usize) -> &[f32] {
        let [h, w] = self.job.output;
        &self.y[(image * self.job.outputs + output) * h * w + self.band.rows.start * w..]
    }

    /// A copy with one run for each output: as many rows of each picture, zeros where the planes go on, also in the last register
    /// of `lanes`.
    fn copied(&self, run: usize, picture: usize, lanes: usize) -> Buffer<f32> {
        let (band, pitch, width) = (self.band, self.planes.pitch, self.job.output[1]);
        let mut copied = Buffer::stale(self.job.outputs * run);
        for (o, out) in copied.chunks_mut(run).enumerate() {
            out[run - lanes..].fill(0.0);
            for (image, out) in band.images.clone().zip(out.chunks_mut(picture)) {
                let (lines, rest) = out.split_at_mut(band.rows.len() * pitch);
                for (line, from) in lines.chunks_mut(pitch).zip(self.of(image, o).chunks(width)) {
                    line[..width].copy_from_slice(from);
                    line[width..].fill(0.0);
                }
                rest.fill(0.0);
            }
        }
        copied
    }
}

/// What one band adds to the gradient.
struct BandSums<'a> {
    gradient: Gradient<'a>,
    x: &'a [f32],
    sum: &'a mut [f32],
}
impl Kernel for BandSums<'_> {
    type Output = ();
    #[inline(always)]
    #[allow(unsafe_code, reason = "inner products walk vectors by pointers")]
    fn run<V: Vector>(self) {
        let Self { gradient, x, sum } = self;
        let Gradient { job, planes, band, .. } = gradient;
        let width = job.output[1];
        let ([h, w], pitch) = (job.input, planes.pitch);
        let taps = &job.families[0].taps;
        let plane = h * w;
        // The planes' rows of a picture; one row more is read behind the last place of the last tap.
        let deepest = taps.iter().map(|t| planes.place(t.shift)[0]).max().unwrap_or(0);
        let rows = band.rows.start..band.rows.end + deepest + 1;
        let picture = rows.len() * pitch;
        // Lines of one register are not worth it.
        let in_place = band.images.len() == 1 && width.is_multiple_of(V::LANES) && width >= 2 * V::LANES;
        let run = ((band.images.len() - 1) * picture + band.rows.len() * pitch).next_multiple_of(V::LANES);
        let copied = if in_place { Buffer::stale(0) } else { gradient.copied(run, picture, V::LANES) };
        let (lines, g_pitch) =
            if in_place { ([band.rows.len(), width / V::LANES], width) } else { ([1, run / V::LANES], 0) };
        let line = |o| if in_place { gradient.of(band.images.start, o) } else { &copied[o * run..] };
        // The planes of one group of channels, `[channel, plane, picture]`.
        let number = band.images.len() * picture;
        let size = job.step_in[0] * job.step_in[1] * number;
        let (channels, outputs) = (job.channels / job.groups, job.outputs / job.groups);
        // What is read behind the last place of the last plane.
        let mut copies = Buffer::stale(channels * size + MARGIN);
        copies[channels * size..].fill(0.0);
        let offset = |t: &Tap| {
            let [down, across] = planes.place(t.shift);
            (t.plane[0] * job.step_in[1] + t.plane[1]) * number + down * pitch + across
        };
        // Where each weight of an output reads: the order of the weights themselves.
        let offsets: Vec<usize> = (0..channels).flat_map(|c| taps.iter().map(move |t| c * size + offset(t))).collect();
        for group in 0..job.groups {
            for (c, out) in copies.chunks_mut(size.max(1)).take(channels).enumerate() {
                for (n, image) in band.images.clone().enumerate() {
                    let channel = image * job.channels + group * channels + c;
                    let x = &x[channel * plane..][..plane];
                    planes.fill::<V>(x, &rows, number, &mut out[n * picture..]);
                }
            }
            let sum = &mut sum[group * outputs * offsets.len()..];
            for o in (0..outputs).step_by(OUTPUTS) {
                let here = OUTPUTS.min(outputs - o);
                let at: [_; OUTPUTS] = std::array::from_fn(|i| line(group * outputs + o + i.min(here - 1)).as_ptr());
                let gs = Lines { at, pitch: g_pitch };
                for (t, places) in offsets.chunks(TAPS).enumerate() {
                    let at: [_; TAPS] = std::array::from_fn(|j| copies[places[j.min(places.len() - 1)]..].as_ptr());
                    // SAFETY: each gradient has these lines; a plane has a row more than they reach, and a margin stands
                    // behind the last.
                    let products = unsafe { dots::<V, _, _>(lines, gs, Lines { at, pitch }) };
                    for (i, products) in products.iter().enumerate().take(here) {
                        let at = (o + i) * offsets.len() + t * TAPS;
                        for (sum, v) in sum[at..].iter_mut().zip(products).take(places.len()) {
                            *sum += v;
                        }
                    }
                }
            }
        }
    }
}
