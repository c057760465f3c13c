//! Convolution through matrix products: the patches of a slab of the picture become the columns of a matrix.
//!
//! A slab is a few small pictures, or a band of rows of a large one, so that the matrix stays small and the product has
//! enough columns. Slabs of different pictures run in parallel and write to different places; slabs of one picture
//! follow each other in order.

use std::ops::Range;

use super::{Conv2d, Slot};
use crate::element::Element;
use crate::gemm::Gemm;
use crate::parallel;
use crate::tensor::Tensor;

/// Columns that a slab should have.
const COLUMNS: usize = 2048;
/// Rows of a product that one task computes.
const TILE: usize = 64;
/// Partial sums of the weight gradient, each over its own share of the slabs.
const SHARES: usize = 8;

/// The output places at which a tap reads inside the picture, the place that it reads for the first of them, and the steps
/// between places read.
#[derive(Clone)]
struct Reach {
    outputs: Range<usize>,
    source: usize,
    stride: usize,
}

impl Reach {
    /// The part of it that lies within some outputs.
    fn within(self, some: &Range<usize>) -> Self {
        let start = self.outputs.start.max(some.start);
        let end = self.outputs.end.min(some.end).max(start);
        Self { source: self.source + (start - self.outputs.start) * self.stride, outputs: start..end, ..self }
    }

    /// Each output place with the place that is read for it.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.outputs.clone().map(|i| (i, self.source + (i - self.outputs.start) * self.stride))
    }
}

/// out[j] = line[stride j]
fn read<T: Element>(out: &mut [T], line: &[T], stride: usize) {
    match stride {
        1 => out.copy_from_slice(&line[..out.len()]),
        2 => {
            let (pairs, last) = line.as_chunks::<2>();
            let mut out = out.iter_mut();
            (&mut out).zip(pairs).for_each(|(o, pair)| *o = pair[0]);
            out.zip(last).for_each(|(o, &v)| *o = v);
        }
        _ => out.iter_mut().zip(line.iter().step_by(stride)).for_each(|(o, &v)| *o = v),
    }
}

/// line[stride j] += part[j]
fn add<T: Element>(line: &mut [T], part: &[T], stride: usize) {
    match stride {
        1 => line.iter_mut().zip(part).for_each(|(x, &v)| *x += v),
        2 => {
            let (pairs, last) = line.as_chunks_mut::<2>();
            pairs.iter_mut().zip(part).for_each(|(pair, &v)| pair[0] += v);
            last.iter_mut().zip(part.iter().skip(pairs.len())).for_each(|(x, &v)| *x += v);
        }
        _ => line.iter_mut().step_by(stride).zip(part).for_each(|(x, &v)| *x += v),
    }
}

/// Some whole pictures, or a band of output rows of one.
#[derive(Clone)]
struct Slab {
    pictures: Range<usize>,
    rows: Range<usize>,
}

impl Conv2d {
    /// Whole pictures that share a slab.
    fn pictures_per_slab(&self) -> usize {
        let [oh, ow] = self.output();
        (COLUMNS / (oh * ow)).clamp(1, self.batch.max(1))
    }

    /// The slabs of the pictures in `block`, one behind the other.
    fn slabs(&self, block: Range<usize>) -> impl Iterator<Item = Slab> {
        let [oh, ow] = self.output();
        let band = if block.len() > 1 { oh } else { COLUMNS.div_ceil(ow).min(oh) };
        (0..oh).step_by(band).map(move |r| Slab { pictures: block.clone(), rows: r..(r + band).min(oh) })
    }

    /// The pictures of the `i`-th block.
    fn block(&self, i: usize) -> Range<usize> {
        let size = self.pictures_per_slab();
        i * size..((i + 1) * size).min(self.batch)
    }

    /// Sizes of one group: channels in times taps, and channels out.
    fn group(&self) -> (usize, usize) {
        let [kh, kw] = self.kernel;
        (self.channels / self.window.groups * kh * kw, self.outputs / self.window.groups)
    }

    fn columns(&self, slab: &Slab) -> usize {
        slab.pictures.len() * slab.rows.len() * self.output()[1]
    }

    /// y = w * patches.
    pub(super) fn result<T: Element>(&self, x: &Tensor<T>, w: &Tensor<T>) -> Tensor<T> {
        let ([oh, ow], (taps, og)) = (self.output(), self.group());
        let plane = oh * ow;
        Tensor::build(self.shape(Slot::Y), |y| {
            parallel::chunks(y, self.pictures_per_slab() * self.outputs * plane, |i, y| {
                for slab in self.slabs(self.block(i)) {
                    let columns = self.columns(&slab);
                    for g in 0..self.window.groups {
                        let patches = self.patches(x.data(), g, &slab);
                        let product = Tensor::build([og, columns], |out| {
                            let w = &w.data()[g * og * taps..][..og * taps];
                            product(out, columns, taps, (w, (taps, 1)), (patches.data(), (columns, 1)));
                        });
                        self.spread(product.data(), g, &slab, y);
                    }
                }
            });
        })
    }

    /// x = the patches of wᵀ * y, laid over each other.
    pub(super) fn data<T: Element>(&self, w: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
        let ([h, wd], (taps, og)) = (self.input, self.group());
        let cg = self.channels / self.window.groups;
        Tensor::build(self.shape(Slot::X), |x| {
            parallel::chunks(x, self.pictures_per_slab() * self.channels * h * wd, |i, x| {
                x.fill(T::splat(0.0));
                for slab in self.slabs(self.block(i)) {
                    let columns = self.columns(&slab);
                    for g in 0..self.window.groups {
                        let y = self.collect(y.data(), g, &slab);
                        let patches = Tensor::build([taps, columns], |out| {
                            let w = &w.data()[g * og * taps..][..og * taps];
                            product(out, columns, og, (w, (1, taps)), (y.data(), (columns, 1)));
                        });
                        let reaches = self.reaches(&slab);
                        parallel::chunks(x, h * wd, |plane, x| {
                            let (n, c) = (plane / self.channels, plane % self.channels);
                            if c / cg == g {
                                self.lay(patches.data(), c % cg, n, &slab, &reaches, x);
                            }
                        });
                    }
                }
            });
        })
    }

    /// w = y * patchesᵀ, summed over slabs.
    pub(super) fn weight<T: Element>(&self, y: &Tensor<T>, x: &Tensor<T>) -> Tensor<T> {
        let (taps, og) = self.group();
        let blocks = self.batch.div_ceil(self.pictures_per_slab());
        let slabs: Vec<Slab> = (0..blocks).flat_map(|i| self.slabs(self.block(i))).collect();
        let share = slabs.len().div_ceil(SHARES).max(1);
        let shares = parallel::collect(slabs.len().div_ceil(share), |s| {
            let mut sum = Tensor::zeros(self.shape(Slot::W));
            for slab in &slabs[s * share..((s + 1) * share).min(slabs.len())] {
                let columns = self.columns(slab);
                for g in 0..self.window.groups {
                    let (y, patches) = (self.collect(y.data(), g, slab), self.patches(x.data(), g, slab));
                    let sum = &mut sum.data_mut()[g * og * taps..][..og * taps];
                    parallel::chunks(sum, TILE * taps, |tile, c| {
                        T::gemm(Gemm {
                            m: c.len() / taps,
                            k: columns,
                            n: taps,
                            a: &y.data()[tile * TILE * columns..],
                            a_strides: (columns, 1),
                            b: patches.data(),
                            b_strides: (1, columns),
                            beta: T::splat(1.0),
                            c,
                            c_stride: taps,
                        });
                    });
                }
            }
            sum
        });
        self.total(shares)
    }

    /// The patches of a slab: row (c, k, l) holds, for every output place, what tap (k, l) reads in channel c of group g.
    fn patches<T: Element>(&self, x: &[T], g: usize, slab: &Slab) -> Tensor<T> {
        let ([h, w], [_, ow], [kh, kw]) = (self.input, self.output(), self.kernel);
        let (taps, _) = self.group();
        let first = g * (self.channels / self.window.groups);
        let (columns, plane) = (self.columns(slab), slab.rows.len() * ow);
        let reaches = self.reaches(slab);
        Tensor::build([taps, columns], |out| {
            parallel::rows(out, columns, |row, out| {
                let (c, k, l) = (first + row / (kh * kw), row / kw % kh, row % kw);
                let (rows, across) = (&reaches[0][k], &reaches[1][l]);
                for (n, out) in slab.pictures.clone().zip(out.chunks_mut(plane)) {
                    if rows.outputs.len() < slab.rows.len() || across.outputs.len() < ow {
                        out.fill(T::splat(0.0));
                    }
                    let x = &x[(n * self.channels + c) * h * w..][..h * w];
                    for (i, r) in rows.pairs() {
                        let out = &mut out[(i - slab.rows.start) * ow..][..ow][across.outputs.clone()];
                        read(out, &x[r * w + across.source..(r + 1) * w], across.stride);
                    }
                }
            });
        })
    }

    /// Adds the patches' row of channel `c` to that channel of the `n`-th picture of the slab.
    fn lay<T: Element>(&self, patches: &[T], c: usize, n: usize, slab: &Slab, reaches: &[Vec<Reach>; 2], x: &mut [T]) {
        let ([_, w], [_, ow], [kh, kw]) = (self.input, self.output(), self.kernel);
        let (columns, plane) = (self.columns(slab), slab.rows.len() * ow);
        for tap in 0..kh * kw {
            let (rows, across) = (&reaches[0][tap / kw], &reaches[1][tap % kw]);
            let patch = &patches[(c * kh * kw + tap) * columns + n * plane..][..plane];
            for (i, r) in rows.pairs() {
                let part = &patch[(i - slab.rows.start) * ow..][..ow][across.outputs.clone()];
                add(&mut x[r * w + across.source..(r + 1) * w], part, across.stride);
            }
        }
    }

    /// Where every tap reads down and across, within a slab.
    fn reaches(&self, slab: &Slab) -> [Vec<Reach>; 2] {
        let [kh, kw] = self.kernel;
        let down = (0..kh).map(|k| self.reach(0, k).within(&slab.rows)).collect();
        [down, (0..kw).map(|l| self.reach(1, l)).collect()]
    }

    /// Where tap `k` reads along `axis`.
    fn reach(&self, axis: usize, k: usize) -> Reach {
        let (stride, before) = (self.window.stride[axis], self.window.padding[axis][0]);
        let offset = self.window.dilation[axis] * k;
        let first = before.saturating_sub(offset).div_ceil(stride);
        let end = (self.input[axis] + before).saturating_sub(offset).div_ceil(stride).min(self.output()[axis]);
        // A tap that reads nothing reads from the beginning of the line, zero elements.
        let source = if first < end { stride * first + offset - before } else { 0 };
        Reach { outputs: first.min(end)..end, source, stride }
    }

    /// The rows of `y` that belong to a slab and a group, as a matrix `[O/G, columns]`.
    fn collect<T: Element>(&self, y: &[T], g: usize, slab: &Slab) -> Tensor<T> {
        let (columns, (_, og)) = (self.columns(slab), self.group());
        Tensor::build([og, columns], |out| {
            parallel::rows(out, columns, |o, out| {
                for (n, out) in slab.pictures.clone().zip(out.chunks_mut(columns / slab.pictures.len())) {
                    out.copy_from_slice(&y[self.line(n, g * og + o, slab)]);
                }
            });
        })
    }

    /// Writes a matrix `[O/G, columns]` to the rows of `y` that belong to a slab and a group; `y` begins with the slab's
    /// first picture.
    fn spread<T: Element>(&self, product: &[T], g: usize, slab: &Slab, y: &mut [T]) {
        let (columns, (_, og)) = (self.columns(slab), self.group());
        for (o, row) in product.chunks(columns).enumerate() {
            for (n, part) in row.chunks(columns / slab.pictures.len()).enumerate() {
                y[self.line(n, g * og + o, slab)].copy_from_slice(part);
            }
        }
    }

    /// Where the slab's rows of channel `o` of picture `n` lie in `y`.
    fn line(&self, n: usize, o: usize, slab: &Slab) -> Range<usize> {
        let [oh, ow] = self.output();
        let start = (n * self.outputs + o) * oh * ow;
        start + slab.rows.start * ow..start + slab.rows.end * ow
    }
}

/// `out = a * b` with `columns` columns and inner length `k`, some rows a task.
fn product<T: Element>(
    out: &mut [T],
    columns: usize,
    k: usize,
    (a, a_strides): (&[T], (usize, usize)),
    (b, b_strides): (&[T], (usize, usize)),
) {
    if k == 0 {
        return out.fill(T::splat(0.0));
    }
    parallel::chunks(out, TILE * columns, |tile, c| {
        T::gemm(Gemm {
            m: c.len() / columns,
            k,
            n: columns,
            a: &a[tile * TILE * a_strides.0..],
            a_strides,
            b,
            b_strides,
            beta: T::splat(0.0),
            c,
            c_stride: columns,
        });
    });
}
