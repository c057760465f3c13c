//! Elements moved, not changed: axes permuted, tensors joined, elements picked by index.

use crate::element::Element;
use crate::parallel;
use crate::shape::{MAX_RANK, Shape};
use crate::tensor::Tensor;

impl<T: Element> Tensor<T> {
    /// The axes in another order: axis `i` of the result is axis `order[i]` of `self`.
    ///
    /// # Panics
    /// If `order` does not name every axis once.
    #[track_caller]
    pub fn permute(&self, order: &[usize]) -> Self {
        assert!(is_permutation(order, self.rank()), "permute: {order:?} does not order the axes of {:?}", self.shape());
        let own = self.shape().strides();
        let dims: Vec<usize> = order.iter().map(|&a| self.shape()[a]).collect();
        let shape = Shape::new(&dims);
        // Axes that stay side by side are one, and axes of length 1 are none.
        let mut axes: Vec<(usize, usize)> = Vec::new();
        for (len, stride) in order.iter().map(|&a| (self.shape()[a], own[a])).filter(|axis| axis.0 != 1) {
            match axes.last_mut() {
                Some(last) if last.1 == len * stride => *last = (last.0 * len, stride),
                _ => axes.push((len, stride)),
            }
        }
        let Some((&(width, stride), outer)) = axes.split_last() else { return self.reshape(shape) };
        let x = self.data();
        let start = |mut row: usize, axes: &[(usize, usize)]| {
            let mut at = 0;
            for &(len, stride) in axes.iter().rev() {
                at += row % len * stride;
                row /= len;
            }
            at
        };
        Self::build(shape, |out| match outer {
            // What is adjacent in the rows of one is adjacent in the columns of the other.
            &[ref outer @ .., (height, 1)] if stride > 1 => {
                let band = parallel::GRAIN.div_ceil(width.max(1)).next_multiple_of(TILE);
                parallel::chunks(out, height * width, |matrix, out| {
                    let x = &x[start(matrix, outer)..];
                    parallel::chunks(out, band * width, |i, out| transpose(&x[i * band..], stride, out, width));
                });
            }
            _ => parallel::rows(out, width, |row, out| {
                let x = &x[start(row, outer)..];
                if stride == 1 {
                    out.copy_from_slice(&x[..width]);
                } else {
                    out.iter_mut().zip(x.iter().step_by(stride)).for_each(|(o, &v)| *o = v);
                }
            }),
        })
    }

    /// The last two axes exchanged.
    ///
    /// # Panics
    /// With fewer than two axes.
    #[track_caller]
    pub fn transpose(&self) -> Self {
        let rank = self.rank();
        assert!(rank >= 2, "transpose: expected at least two axes, got {:?}", self.shape());
        let mut order: [usize; MAX_RANK] = std::array::from_fn(|i| i);
        order.swap(rank - 2, rank - 1);
        self.permute(&order[..rank])
    }

    /// The tensors joined along an axis.
    ///
    /// # Panics
    /// If there are none, or their other axes differ.
    #[track_caller]
    pub fn concat(parts: &[&Self], axis: usize) -> Self {
        let first = parts.first().expect("concat: expected at least one tensor").shape();
        let same =
            |p: &&Self| p.rank() == first.len() && axis < p.rank() && p.shape().with(axis, 1) == first.with(axis, 1);
        let shapes = || parts.iter().map(|p| *p.shape()).collect::<Vec<_>>();
        assert!(parts.iter().all(same), "concat: expected equal axes but {axis}, got {:?}", shapes());
        let shape = first.with(axis, parts.iter().map(|p| p.shape()[axis]).sum());
        let (_, len, inner) = shape.around(axis);
        Self::build(shape, |out| {
            parallel::rows(out, len * inner, |outer, mut out| {
                for part in parts {
                    let width = part.shape()[axis] * inner;
                    let (here, rest) = out.split_at_mut(width);
                    here.copy_from_slice(&part.data()[outer * width..][..width]);
                    out = rest;
                }
            });
        })
    }

    /// Places `start..start + len` of an axis.
    ///
    /// # Panics
    /// If they do not all exist.
    #[track_caller]
    pub fn narrow(&self, axis: usize, start: usize, len: usize) -> Self {
        let (_, from, _) = self.shape().around(axis);
        let end = start.saturating_add(len);
        assert!(end <= from, "narrow: places {start}..{end} of axis {axis} do not all exist in {:?}", self.shape());
        self.resample(axis, &crate::Taps::range(from, start..start + len))
    }

    /// Element `indices[b, i]` of row `b`: picks within each of `B` rows.
    ///
    /// # Shapes
    /// `self` has `B * M` elements, `indices` is `B * P` long: `-> [B, P]`
    ///
    /// # Panics
    /// If the lengths do not divide into `rows`, or an index lies outside its row.
    #[track_caller]
    pub fn gather(&self, rows: usize, indices: &[u32]) -> Self {
        let (m, p) = per_row("gather", rows, self.len(), indices.len());
        Self::build([rows, p], |out| {
            parallel::rows(out, p, |row, out| {
                let x = &self.data()[row * m..][..m];
                out.iter_mut().zip(&indices[row * p..]).for_each(|(o, &i)| *o = x[i as usize]);
            });
        })
    }

    /// Adds element `i` of row `b` to place `indices[b, i]` of row `b`: the adjoint of [`gather`](Tensor::gather).
    ///
    /// # Shapes
    /// `self` has `B * P` elements `-> [B, M]`
    ///
    /// # Panics
    /// If the lengths do not fit, or an index lies outside its row.
    #[track_caller]
    pub fn scatter_add(&self, rows: usize, indices: &[u32], m: usize) -> Self {
        let (p, q) = per_row("scatter_add", rows, self.len(), indices.len());
        assert!(p == q, "scatter_add: expected {q} elements a row, got {p}");
        Self::build([rows, m], |out| {
            parallel::rows(out, m, |row, out| {
                out.fill(T::splat(0.0));
                for (&i, &v) in indices[row * p..][..p].iter().zip(&self.data()[row * p..][..p]) {
                    out[i as usize] += v;
                }
            });
        })
    }
}

/// Side of the tiles of a transposition: what its rows and columns touch stays in the first cache.
const TILE: usize = 16;

/// `out[i][j] = x[j][i]` for rows of `out` of `width` elements and rows of `x` that are `stride` apart.
fn transpose<T: Element>(x: &[T], stride: usize, out: &mut [T], width: usize) {
    for (band, out) in out.chunks_mut(TILE * width).enumerate() {
        let x = &x[band * TILE..];
        for from in (0..width).step_by(TILE) {
            let to = width.min(from + TILE);
            for (i, row) in out.chunks_mut(width).enumerate() {
                for (j, o) in (from..to).zip(&mut row[from..to]) {
                    *o = x[j * stride + i];
                }
            }
        }
    }
}

#[track_caller]
fn per_row(op: &str, rows: usize, elements: usize, indices: usize) -> (usize, usize) {
    let each = |all: usize| all.checked_div(rows).unwrap_or(0);
    assert!(
        each(elements) * rows == elements && each(indices) * rows == indices,
        "{op}: {elements} elements and {indices} indices do not divide into {rows} rows"
    );
    (each(elements), each(indices))
}

/// Whether `order` holds each of `0..n` once.
fn is_permutation(order: &[usize], n: usize) -> bool {
    order.len() == n && (0..n).all(|axis| order.contains(&axis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(shape: &[usize]) -> Tensor {
        Tensor::from_fn(shape, |i| i as f32)
    }

    #[test]
    fn permute_agrees_with_ndarray() {
        let x = counted(&[2, 3, 4, 5]);
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 2, 1, 3], [2, 0, 3, 1]] {
            let want = Tensor::from(x.view().permuted_axes(&order[..]));
            assert_eq!(x.permute(&order), want);
        }
        let x = counted(&[3, 70, 1, 45]);
        for order in [[0, 3, 2, 1], [3, 0, 1, 2], [1, 2, 3, 0], [1, 0, 2, 3], [3, 1, 0, 2]] {
            assert_eq!(x.permute(&order), Tensor::from(x.view().permuted_axes(&order[..])));
        }
        assert_eq!(counted(&[0, 2]).transpose().shape(), &[2, 0]);
    }

    #[test]
    fn concat_and_narrow_are_inverse() {
        let x = counted(&[2, 5, 3]);
        let parts = [x.narrow(1, 0, 2), x.narrow(1, 2, 0), x.narrow(1, 2, 3)];
        assert_eq!(Tensor::concat(&[&parts[0], &parts[1], &parts[2]], 1), x);
    }

    #[test]
    fn scatter_add_is_the_adjoint_of_gather() {
        let x = Tensor::<f64>::from_fn([2, 3], |i| i as f64 + 1.0);
        let at = [2, 2, 0, 1, 0, 0, 1, 2];
        let y = Tensor::<f64>::from_fn([2, 4], |i| (i as f64).sin());
        assert_eq!(x.gather(2, &at).data(), [3.0, 3.0, 1.0, 2.0, 4.0, 4.0, 5.0, 6.0]);
        assert!((x.gather(2, &at).dot(&y) - x.dot(&y.scatter_add(2, &at, 3))).abs() < 1e-12);
    }
}
