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
    /// Whether a window may reach over the lower and right edge, so that no row is left out.
    pub ceil: bool,
}

impl MaxPool {
    /// The shape of the result.
    ///
    /// # Shapes
    /// `[N, C, H, W] -> [N, C, H', W']`, `H' = (H - K) / S + 1`, rounded down, or up with `ceil`; a window never begins
    /// behind the edge.
    ///
    /// # Errors
    /// If the input does not have four axes or is smaller than the window.
    pub fn shape(&self, x: &Shape) -> Result<Shape, ShapeError> {
        let &[n, c, h, w] = &x[..] else {
            return Err(ShapeError::new("max_pool2d", format!("expected input [N, C, H, W], got {x:?}")));
        };
        if self.kernel == 0 || self.kernel > 16 || self.stride == 0 || h < self.kernel || w < self.kernel {
            return Err(ShapeError::new("max_pool2d", format!("{self:?} does not fit input {x:?}")));
        }
        let side = |len: usize| {
            let steps = len - self.kernel;
            let steps = if self.ceil { steps.div_ceil(self.stride) } else { steps / self.stride };
            if steps * self.stride < len { steps + 1 } else { steps }
        };
        Ok(Shape::new(&[n, c, side(h), side(w)]))
    }

    /// The largest element of each window, and where in the window it stands: the first of equals in row order.
    ///
    /// # Panics
    /// If the input does not fit, see [`shape`](MaxPool::shape).
    #[track_caller]
    pub fn run<T: Element>(&self, x: &Tensor<T>) -> (Tensor<T>, Places) {
        let shape = self.shape(x.shape()).or_panic();
        let mut at = vec![0; shape.size()];
        let places = Places { pool: *self, x: *x.shape(), y: shape, at: Arc::default() };
        let y = Tensor::build(shape, |out| {
            let size = places.sides().map(|[h, w]| (h * w).max(1));
            parallel::both((out, size[1]), (&mut at, size[1]), |plane, out, at| {
                places.find(&x.data()[plane * size[0]..][..size[0]], out, at);
            });
        });
        (y, Places { at: Arc::new(at), ..places })
    }
}

/// Where in its window each of a pooling's largest elements stood, counted in row order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    pool: MaxPool,
    x: Shape,
    y: Shape,
    at: Arc<Vec<u8>>,
}

impl Places {
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
        self.at.iter().enumerate().map(move |(i, &at)| self.source(i % size, at))
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
                for (i, o) in out.iter_mut().enumerate() {
                    *o = x[self.source(i, at[i])];
                }
            });
        })
    }

    /// The elements of `g` added at these places of a tensor of zeros like the input: the adjoint of
    /// [`pick`](Places::pick).
    ///
    /// # Panics
    /// If the shape is not the result's.
    #[track_caller]
    pub fn spread<T: Element>(&self, g: &Tensor<T>) -> Tensor<T> {
        assert!(*g.shape() == self.y, "max_pool2d: expected {:?}, got {:?}", self.y, g.shape());
        let [[_, w], [_, ow]] = self.sides();
        let [to, from] = self.sides().map(|[h, w]| h * w);
        Tensor::build(self.x, |out| {
            parallel::rows(out, to, |plane, out| {
                let (g, at) = (&g.data()[plane * from..][..from], &self.at[plane * from..][..from]);
                out.fill(T::splat(0.0));
                if self.is_halving() {
                    for ((g, at), out) in g.chunks(ow).zip(at.chunks(ow)).zip(out.chunks_mut(2 * w)) {
                        for (j, (&g, &at)) in g.iter().zip(at).enumerate() {
                            let at = usize::from(at);
                            out[at / 2 * w + 2 * j + at % 2] = g;
                        }
                    }
                    return;
                }
                for (i, (&g, &at)) in g.iter().zip(at).enumerate() {
                    out[self.source(i, at)] += g;
                }
            });
        })
    }

    /// Height and width of the input and of the result.
    fn sides(&self) -> [[usize; 2]; 2] {
        [&self.x, &self.y].map(|s| [s[2], s[3]])
    }

    /// Whether the windows are two by two, side by side, and tile the plane.
    fn is_halving(&self) -> bool {
        let [[h, w], _] = self.sides();
        self.pool.kernel == 2 && self.pool.stride == 2 && h % 2 == 0 && w % 2 == 0
    }

    /// Where in its plane of the input element `i` of a plane of the result comes from.
    fn source(&self, i: usize, at: u8) -> usize {
        let ([[_, w], [_, ow]], MaxPool { kernel, stride, .. }) = (self.sides(), self.pool);
        let at = usize::from(at);
        (i / ow * stride + at / kernel) * w + i % ow * stride + at % kernel
    }

    /// The largest elements of one plane.
    fn find<T: Element>(&self, x: &[T], out: &mut [T], at: &mut [u8]) {
        let ([[h, w], [_, ow]], MaxPool { kernel, stride, .. }) = (self.sides(), self.pool);
        if self.is_halving() {
            for ((x, out), at) in x.chunks(2 * w).zip(out.chunks_mut(ow)).zip(at.chunks_mut(ow)) {
                find_pairs(x, out, at);
            }
            return;
        }
        for (i, (out, at)) in out.iter_mut().zip(at).enumerate() {
            let (top, left) = (i / ow * stride, i % ow * stride);
            let (mut largest, mut best) = (x[top * w + left], 0);
            for row in 0..kernel.min(h - top) {
                let start = (top + row) * w + left;
                for (column, &v) in x[start..][..kernel.min(w - left)].iter().enumerate() {
                    // NaN wins, so that it is seen in the loss and not lost here.
                    if v > largest || v.is_nan() {
                        (largest, best) = (v, row * kernel + column);
                    }
                }
            }
            (*out, *at) = (largest, best as u8);
        }
    }
}

vectorised! {
    /// The largest of every two by two elements of two adjacent rows.
    fn find_pairs[T: Element](x: &[T], out: &mut [T], at: &mut [u8]) -> () {
        let (above, below) = x.split_at(x.len() / 2);
        let windows = above.chunks_exact(2).zip(below.chunks_exact(2));
        for ((above, below), (out, at)) in windows.zip(out.iter_mut().zip(at)) {
            (*out, *at) = (above[0], 0);
            for (place, v) in [(1, above[1]), (2, below[0]), (3, below[1])] {
                let wins = v > *out || v.is_nan();
                (*out, *at) = if wins { (v, place) } else { (*out, *at) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_first_and_ceil_keeps_the_edge() {
        let x = Tensor::<f32>::new([1, 1, 3, 3], vec![1.0, 1.0, 0.0, 1.0, 1.0, 5.0, 2.0, 7.0, 7.0]);
        let pool = |kernel, stride, ceil| {
            let (y, places) = MaxPool { kernel, stride, ceil }.run(&x);
            assert_eq!(places.pick(&x), y);
            (*y.shape(), places.sources().collect::<Vec<_>>())
        };
        assert_eq!(pool(2, 2, false), (Shape::new(&[1, 1, 1, 1]), vec![0]));
        assert_eq!(pool(2, 2, true), (Shape::new(&[1, 1, 2, 2]), vec![0, 5, 7, 8]));
        assert_eq!(pool(3, 1, false).1, vec![7]);
    }

    #[test]
    fn halving_agrees_with_the_loop_over_windows() {
        for (h, w) in [(2, 2), (6, 34), (20, 70)] {
            let x = Tensor::<f32>::from_fn([2, 3, h, w], |i| ((i * 7919) % 13) as f32);
            let g = Tensor::from_fn([2, 3, h / 2, w / 2], |i| i as f32);
            let (y, places) = MaxPool { kernel: 2, stride: 2, ceil: false }.run(&x);
            // One more row and column, outside of every window.
            let wide = Tensor::from_fn([2, 3, h + 1, w + 1], |i| {
                let (plane, row, column) = (i / (h + 1) / (w + 1), i / (w + 1) % (h + 1), i % (w + 1));
                if row < h && column < w { x.data()[(plane * h + row) * w + column] } else { 0.0 }
            });
            let (want, slow) = MaxPool { kernel: 2, stride: 2, ceil: false }.run(&wide);
            assert_eq!((y, &places.at), (want, &slow.at));
            let cropped = slow.spread(&g).narrow(2, 0, h).narrow(3, 0, w);
            assert_eq!(places.spread(&g), cropped);
        }
    }

    #[test]
    fn a_window_never_begins_behind_the_edge() {
        // 4 / 3 rounds up to a window that would begin at 6 of 5.
        let pool = MaxPool { kernel: 1, stride: 3, ceil: true };
        assert_eq!(pool.shape(&Shape::new(&[1, 1, 5, 5])).unwrap(), [1, 1, 2, 2]);
    }
}
