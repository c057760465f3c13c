//! Max pooling. (Average pooling is [`Taps::average`](crate::Taps::average) along each axis.)

use std::sync::Arc;

use crate::element::Element;
use crate::parallel;
use crate::shape::{OrPanic, Shape, ShapeError};
use crate::simd::vectorised;
use crate::tensor::Tensor;

/// The geometry of a max pooling over the last two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool {
    /// Side of the window, at most 16.
    pub kernel: usize,
    /// Steps between windows.
    pub stride: usize,
    /// Places beyond each edge that windows reach, at most half a window. Nothing stands there.
    pub padding: usize,
    /// Whether a window may reach over the lower and right edge, so that no row is left out.
    pub ceil: bool,
}

impl MaxPool {
    /// The shape of the result.
    ///
    /// # Shapes
    /// `[N, C, H, W] -> [N, C, H', W']`, `H' = (H + 2 P - K) / S + 1`, rounded down, or up with `ceil`; a window never begins
    /// behind the edge.
    ///
    /// # Errors
    /// If the input does not have four axes or is smaller than the window, or the padding is more than half a window.
    pub fn shape(&self, x: &Shape) -> Result<Shape, ShapeError> {
        let &[n, c, h, w] = &x[..] else {
            return Err(ShapeError::new("max_pool2d", format!("expected input [N, C, H, W], got {x:?}")));
        };
        let Self { kernel, stride, padding, ceil } = *self;
        let (least, padded) = (h.min(w), h.min(w) + 2 * padding);
        if kernel == 0 || kernel > 16 || stride == 0 || 2 * padding > kernel || least == 0 || padded < kernel {
            return Err(ShapeError::new("max_pool2d", format!("{self:?} does not fit input {x:?}")));
        }
        let side = |len: usize| {
            let steps = len + 2 * padding - kernel;
            let steps = if ceil { steps.div_ceil(stride) } else { steps / stride };
            if steps * stride < len + padding { steps + 1 } else { steps }
        };
        Ok(Shape::new(&[n, c, side(h), side(w)]))
    }

    /// The largest element of each window, and where in the window it stands: the first of equals in row order.
    ///
    /// # Panics
    /// If the input does not fit, see [`shape`](MaxPool::shape).
    #[track_caller]
    pub fn run<T: Element>(&self, x: &Tensor<T>) -> (Tensor<T>, Indices) {
        let shape = self.shape(x.shape()).or_panic();
        let mut at = vec![0; shape.size()];
        let places = Indices { pool: *self, x: *x.shape(), y: shape, at: Arc::default() };
        let y = Tensor::build(shape, |out| {
            let size = places.sides().map(|[h, w]| (h * w).max(1));
            parallel::chunks_of_two((out, size[1]), (&mut at, size[1]), |plane, out, at| {
                places.find(&x.data()[plane * size[0]..][..size[0]], out, at);
            });
        });
        (y, Indices { at: Arc::new(at), ..places })
    }
}

/// Where in its window each of a pooling's largest elements stood, counted in row order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indices {
    pool: MaxPool,
    x: Shape,
    y: Shape,
    at: Arc<Vec<u8>>,
}

impl Indices {
    /// The shape of the input.
    pub fn input(&self) -> &Shape {
        &self.x
    }

    /// The shape of the result.
    pub fn output(&self) -> &Shape {
        &self.y
    }

    /// Where in its plane of the input each element of the result comes from.
    pub fn sources(&self) -> impl Iterator<Item = usize> {
        let size = self.y[2] * self.y[3];
        let mut sources = Vec::with_capacity(self.at.len());
        for at in self.at.chunks(size.max(1)) {
            self.visit(at, |_, source| sources.push(source));
        }
        sources.into_iter()
    }

    /// The elements at these places of another tensor like the input.
    ///
    /// # Panics
    /// If the shape is not the input's.
    #[track_caller]
    pub fn pick<T: Element>(&self, x: &Tensor<T>) -> Tensor<T> {
        assert!(*x.shape() == self.x, "max_pool2d: expected {:?}, got {:?}", self.x, x.shape());
        let [from, to] = self.sides().map(|[h, w]| h * w);
        Tensor::build(self.y, |out| {
            parallel::rows(out, to, |plane, out| {
                let (x, at) = (&x.data()[plane * from..][..from], &self.at[plane * to..][..to]);
                self.visit(at, |i, source| out[i] = x[source]);
            });
        })
    }

    /// The elements of `g` added at these places of a tensor of zeros like the input: the adjoint of
    /// [`pick`](Indices::pick).
    ///
    /// # Panics
    /// If the shape is not the result's.
    #[track_caller]
    pub fn spread<T: Element>(&self, g: &Tensor<T>) -> Tensor<T> {
        assert!(*g.shape() == self.y, "max_pool2d: expected {:?}, got {:?}", self.y, g.shape());
        let [to, from] = self.sides().map(|[h, w]| h * w);
        Tensor::build(self.x, |out| {
            parallel::rows(out, to, |plane, out| {
                let (g, at) = (&g.data()[plane * from..][..from], &self.at[plane * from..][..from]);
                out.fill(T::splat(0.0));
                self.visit(at, |i, source| out[source] += g[i]);
            });
        })
    }

    /// Height and width of the input and of the result.
    fn sides(&self) -> [[usize; 2]; 2] {
        [&self.x, &self.y].map(|s| [s[2], s[3]])
    }

    /// Calls `f(i, source)` for each element of a plane of the result and where in its plane of the input it comes from.
    #[inline]
    fn visit(&self, at: &[u8], mut f: impl FnMut(usize, usize)) {
        let ([[_, w], [_, ow]], MaxPool { kernel, stride, padding, .. }) = (self.sides(), self.pool);
        let beyond = padding * w + padding;
        let mut steps = [0; 256];
        for (at, step) in steps[..kernel * kernel].iter_mut().enumerate() {
            *step = at / kernel * w + at % kernel;
        }
        for (row, at) in at.chunks(ow.max(1)).enumerate() {
            for (j, &at) in at.iter().enumerate() {
                f(row * ow + j, row * stride * w + j * stride + steps[usize::from(at)] - beyond);
            }
        }
    }

    /// The largest elements of one plane.
    fn find<T: Element>(&self, x: &[T], out: &mut [T], at: &mut [u8]) {
        let ([[h, w], [_, ow]], MaxPool { kernel, stride, padding, .. }) = (self.sides(), self.pool);
        let skipped = padding.div_ceil(stride);
        let inside = Inside { skipped, first: skipped * stride - padding };
        let found = match (kernel, stride) {
            (2, 2) => find_whole(Windows::<2, 2>, inside, x, [w, ow], out, at),
            (3, 1) => find_whole(Windows::<3, 1>, inside, x, [w, ow], out, at),
            (3, 2) => find_whole(Windows::<3, 2>, inside, x, [w, ow], out, at),
            _ => 0,
        };
        let found = if found > 0 { skipped..skipped + found } else { 0..0 };
        for (row, (out, at)) in out.chunks_mut(ow).zip(at.chunks_mut(ow)).enumerate() {
            let top = row * stride;
            let above = padding.saturating_sub(top);
            let rows = &x[(top + above - padding) * w..h.min(top + kernel - padding) * w];
            let found = if rows.len() == kernel * w { found.clone() } else { 0..0 };
            for j in (0..found.start).chain(found.end..ow) {
                (out[j], at[j]) = self.window(rows, w, above, j * stride);
            }
        }
    }

    /// The largest element of the window that begins at column `left`, counted from the padding's edge, `above` rows above some
    /// rows of the input.
    fn window<T: Element>(&self, rows: &[T], w: usize, above: usize, left: usize) -> (T, u8) {
        let MaxPool { kernel, padding, .. } = self.pool;
        let before = padding.saturating_sub(left);
        let columns = left + before - padding..w.min(left + kernel - padding);
        let corner = above * kernel + before;
        let (mut largest, mut place) = (rows[columns.start], corner);
        for (i, row) in rows.chunks(w).enumerate() {
            for (j, &v) in row[columns.clone()].iter().enumerate() {
                if is_larger(v, largest) {
                    (largest, place) = (v, corner + i * kernel + j);
                }
            }
        }
        (largest, place as u8)
    }
}

/// Whether `v` takes the place of the largest element so far. NaN wins, so that it is seen in the loss and not lost here.
/// Without a branch, which would keep the compiler from making vectors.
#[inline(always)]
fn is_larger<T: Element>(v: T, largest: T) -> bool {
    (v > largest) | v.is_nan()
}

/// `K` by `K` windows, `S` steps apart: known to the compiler, so that it can make vectors of them.
struct Windows<const K: usize, const S: usize>;

/// Where the windows that begin inside begin, the same for rows and columns: behind `skipped` others, at place `first`.
#[derive(Clone, Copy)]
struct Inside {
    skipped: usize,
    first: usize,
}

vectorised! {
    /// The largest elements of those windows of a plane that have all their rows and lie in whole groups of `S` columns.
    /// Returns how many of a row these are, behind those skipped.
    fn find_whole[T: Element, const K: usize, const S: usize](
        windows: Windows<K, S>,
        inside: Inside,
        x: &[T],
        widths: [usize; 2],
        out: &mut [T],
        at: &mut [u8],
    ) -> usize {
        let (Windows, Inside { skipped, first }, [w, ow]) = (windows, inside, widths);
        let groups = w.saturating_sub(first) / S;
        let count = (groups + 1).saturating_sub(K.div_ceil(S)).min(ow.saturating_sub(skipped));
        for (i, (out, at)) in out.chunks_mut(ow).zip(at.chunks_mut(ow)).skip(skipped).enumerate() {
            let top = first + i * S;
            let Some(x) = x.get(top * w..(top + K) * w) else { break };
            let mut rows = [x.as_chunks().0; K];
            for (row, x) in rows.iter_mut().zip(x.chunks(w)) {
                *row = x[first.min(w)..].as_chunks().0;
            }
            let (out, at) = (&mut out[skipped..][..count], &mut at[skipped..][..count]);
            match count {
                16.. => find_row::<T, K, S, 16>(rows, out, at),
                8.. => find_row::<T, K, S, 8>(rows, out, at),
                4.. => find_row::<T, K, S, 4>(rows, out, at),
                _ => find_row::<T, K, S, 1>(rows, out, at),
            }
        }
        count
    }
}

/// The largest elements of windows of `K` rows, `N` windows at a time; the last `N` may overlap those before.
#[inline(always)]
fn find_row<T: Element, const K: usize, const S: usize, const N: usize>(
    rows: [&[[T; S]]; K],
    out: &mut [T],
    at: &mut [u8],
) {
    for start in (0..out.len()).step_by(N) {
        let start = start.min(out.len() - N);
        // Nothing is below: if nothing is above either, the first place is right.
        let mut largest = [T::splat(f64::NEG_INFINITY); N];
        let mut places = [0; N];
        for place in 0..K * K {
            let (row, column) = (place / K, place % K);
            let groups = &rows[row][start + column / S..][..N];
            for j in 0..N {
                let v = groups[j][column % S];
                let wins = is_larger(v, largest[j]);
                largest[j] = if wins { v } else { largest[j] };
                places[j] = if wins { place as u8 } else { places[j] };
            }
        }
        out[start..][..N].copy_from_slice(&largest);
        at[start..][..N].copy_from_slice(&places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_first_and_ceil_keeps_the_edge() {
        let x = Tensor::<f32>::new([1, 1, 3, 3], vec![1.0, 1.0, 0.0, 1.0, 1.0, 5.0, 2.0, 7.0, 7.0]);
        let pool = |kernel, stride, ceil| {
            let (y, places) = MaxPool { kernel, stride, padding: 0, ceil }.run(&x);
            assert_eq!(places.pick(&x), y);
            (*y.shape(), places.sources().collect::<Vec<_>>())
        };
        assert_eq!(pool(2, 2, false), (Shape::new(&[1, 1, 1, 1]), vec![0]));
        assert_eq!(pool(2, 2, true), (Shape::new(&[1, 1, 2, 2]), vec![0, 5, 7, 8]));
        assert_eq!(pool(3, 1, false).1, vec![7]);
    }

    /// The largest element of a window and its index in the plane, by the definition.
    fn largest(x: &[f32], [h, w]: [usize; 2], pool: MaxPool, [row, column]: [usize; 2]) -> (f32, usize) {
        let inside = |i: usize, len: usize| {
            let places = (0..pool.kernel).filter_map(move |k| (i * pool.stride + k).checked_sub(pool.padding));
            places.filter(move |&place| place < len)
        };
        let mut places = inside(row, h).flat_map(|i| inside(column, w).map(move |j| i * w + j));
        let first = places.next().expect("a window begins in the plane");
        places.fold((x[first], first), |best, i| if x[i] > best.0 || x[i].is_nan() { (x[i], i) } else { best })
    }

    #[test]
    fn windows_of_all_geometries_agree_with_the_definition() {
        let geometries = [(2, 2), (3, 2), (3, 1), (2, 1), (4, 3), (2, 3), (1, 1), (5, 1)];
        let sides = [[4, 4], [5, 9], [6, 34], [9, 17], [20, 39], [7, 71], [4, 128], [9, 1], [1, 9], [1, 1]];
        for ((kernel, stride), ceil) in geometries.into_iter().flat_map(|g| [(g, false), (g, true)]) {
            for (padding, [h, w]) in (0..=kernel / 2).flat_map(|padding| sides.map(|sides| (padding, sides))) {
                let pool = MaxPool { kernel, stride, padding, ceil };
                if pool.shape(&Shape::new(&[2, 3, h, w])).is_err() {
                    continue;
                }
                // Equal elements, and some that are no numbers or the least there is.
                let x = Tensor::<f32>::from_fn([2, 3, h, w], |i| match (i * 7919) % 31 {
                    0 => f32::NAN,
                    1..4 => f32::NEG_INFINITY,
                    v => (v % 13) as f32,
                });
                let (y, places) = pool.run(&x);
                let g = Tensor::from_fn(*y.shape(), |i| i as f32 + 1.0);
                let mut back = Tensor::<f32>::zeros(*x.shape());
                let (oh, ow) = (y.shape()[2], y.shape()[3]);
                let picked = places.pick(&x);
                for (i, from) in places.sources().enumerate() {
                    let (plane, row, column) = (i / (oh * ow), i / ow % oh, i % ow);
                    let (value, source) = largest(&x.data()[plane * h * w..][..h * w], [h, w], pool, [row, column]);
                    assert_eq!((y.data()[i].to_bits(), from), (value.to_bits(), source), "{pool:?} {h} {w} {i}");
                    assert_eq!(picked.data()[i].to_bits(), value.to_bits());
                    back.data_mut()[plane * h * w + source] += g.data()[i];
                }
                assert_eq!(places.spread(&g), back);
            }
        }
    }

    #[test]
    fn a_window_never_begins_behind_the_edge() {
        // 4 / 3 rounds up to a window that would begin at 6 of 5.
        let pool = MaxPool { kernel: 1, stride: 3, padding: 0, ceil: true };
        assert_eq!(pool.shape(&Shape::new(&[1, 1, 5, 5])).unwrap(), [1, 1, 2, 2]);
        // Nor in the padding behind it: 5 / 3 rounds up to one that would begin at 6, where there are 5 and one more.
        let pool = MaxPool { kernel: 2, stride: 3, padding: 1, ceil: true };
        assert_eq!(pool.shape(&Shape::new(&[1, 1, 5, 5])).unwrap(), [1, 1, 2, 2]);
    }

    #[test]
    fn padding_beyond_half_a_window_is_refused() {
        let pool = MaxPool { kernel: 3, stride: 1, padding: 2, ceil: false };
        let error = pool.shape(&Shape::new(&[1, 1, 5, 5])).unwrap_err().to_string();
        assert!(error.starts_with("max_pool2d: MaxPool { kernel: 3, stride: 1, padding: 2"), "{error}");
    }
}
