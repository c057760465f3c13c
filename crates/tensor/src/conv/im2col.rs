//! Convolution through matrix products: the patches of a slab of the picture become the columns of a matrix.
//!
//! A slab is a few small pictures, or a band of rows of a large one, so that the matrix stays small and the product has
//! enough columns. Slabs of different pictures run in parallel and write to different places; slabs of one picture
//! follow each other in order.

use std::ops::Range;

use super::{Conv2d, Slot};
use crate::element::{Element, Gemm};
use crate::parallel;
use crate::tensor::Tensor;

/// Columns that a slab should have.
const COLUMNS: usize = 2048;
/// Rows of a product that one task computes.
const TILE: usize = 64;
/// Partial sums of the weight gradient, each over its own share of the slabs.
const SHARES: usize = 8;

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
    pub(super) fn forward<T: Element>(&self, x: &Tensor<T>, w: &Tensor<T>) -> Tensor<T> {
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
                        parallel::chunks(x, h * wd, |plane, x| {
                            let (n, c) = (plane / self.channels, plane % self.channels);
                            if c / cg == g {
                                self.lay(patches.data(), c % cg, n, &slab, x);
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
        let partial = parallel::collect(slabs.len().div_ceil(share), |s| {
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
        let mut parts = partial.into_iter();
        let mut sum = parts.next().unwrap_or_else(|| Tensor::zeros(self.shape(Slot::W)));
        for part in parts {
            sum.zip_assign(&part, |a, b| a + b);
        }
        sum
    }

    /// The patches of a slab: row (c, k, l) holds, for every output place, what tap (k, l) reads in channel c of group g.
    fn patches<T: Element>(&self, x: &[T], g: usize, slab: &Slab) -> Tensor<T> {
        let ([h, w], [_, ow], [kh, kw]) = (self.input, self.output(), self.kernel);
        let (taps, _) = self.group();
        let first = g * (self.channels / self.window.groups);
        let columns = self.columns(slab);
        Tensor::build([taps, columns], |out| {
            parallel::rows(out, columns, |row, out| {
                let (c, k, l) = (first + row / (kh * kw), row / kw % kh, row % kw);
                let inside = self.inside(l);
                let first_column = self.source(1, inside.start, l);
                let places = slab.pictures.clone().flat_map(|n| slab.rows.clone().map(move |i| (n, i)));
                for ((n, i), out) in places.zip(out.chunks_mut(ow)) {
                    let Some(r) = self.source(0, i, k) else {
                        out.fill(T::splat(0.0));
                        continue;
                    };
                    let line = &x[((n * self.channels + c) * h + r) * w..][..w];
                    out[..inside.start].fill(T::splat(0.0));
                    out[inside.end..].fill(T::splat(0.0));
                    let Some(q) = first_column else { continue };
                    match self.window.stride[1] {
                        1 => out[inside.clone()].copy_from_slice(&line[q..][..inside.len()]),
                        s => out[inside.clone()].iter_mut().zip(line[q..].iter().step_by(s)).for_each(|(o, &v)| *o = v),
                    }
                }
            });
        })
    }

    /// Adds the patches' row of channel `c` to that channel of the `n`-th picture of the slab.
    fn lay<T: Element>(&self, patches: &[T], c: usize, n: usize, slab: &Slab, x: &mut [T]) {
        let ([_, w], [_, ow], [kh, kw]) = (self.input, self.output(), self.kernel);
        let columns = self.columns(slab);
        for tap in 0..kh * kw {
            let (k, l) = (tap / kw, tap % kw);
            let inside = self.inside(l);
            let Some(q) = self.source(1, inside.start, l).filter(|_| !inside.is_empty()) else { continue };
            let row = &patches[(c * kh * kw + tap) * columns..][n * slab.rows.len() * ow..][..slab.rows.len() * ow];
            for (i, part) in slab.rows.clone().zip(row.chunks(ow)) {
                let Some(r) = self.source(0, i, k) else { continue };
                let (line, part) = (&mut x[r * w + q..(r + 1) * w], &part[inside.clone()]);
                match self.window.stride[1] {
                    1 => line.iter_mut().zip(part).for_each(|(x, &v)| *x += v),
                    s => line.iter_mut().step_by(s).zip(part).for_each(|(x, &v)| *x += v),
                }
            }
        }
    }

    /// The output columns whose tap `l` lies inside the picture.
    fn inside(&self, l: usize) -> Range<usize> {
        let ow = self.output()[1];
        let start = (0..ow).find(|&j| self.source(1, j, l).is_some()).unwrap_or(0);
        let end = (start..ow).find(|&j| self.source(1, j, l).is_none()).unwrap_or(ow);
        start..end
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
