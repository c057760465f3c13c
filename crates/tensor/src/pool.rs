//! Max pooling. (Average pooling is [`Taps::average`](crate::Taps::average) along each axis.)

use crate::element::Element;
use crate::parallel;
use crate::shape::{OrPanic, Shape, ShapeError};
use crate::tensor::Tensor;

/// The geometry of a max pooling over the last two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool {
    /// Side of the window.
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
        if self.kernel == 0 || self.stride == 0 || h < self.kernel || w < self.kernel {
            return Err(ShapeError::new("max_pool2d", format!("{self:?} does not fit input {x:?}")));
        }
        let side = |len: usize| {
            let steps = len - self.kernel;
            let steps = if self.ceil { steps.div_ceil(self.stride) } else { steps / self.stride };
            if steps * self.stride < len { steps + 1 } else { steps }
        };
        Ok(Shape::new(&[n, c, side(h), side(w)]))
    }

    /// The place in its plane of each window's largest element; the first of equals in row order.
    ///
    /// # Panics
    /// If the input does not fit, see [`shape`](MaxPool::shape).
    #[track_caller]
    pub fn indices<T: Element>(&self, x: &Tensor<T>) -> (Shape, Vec<u32>) {
        let shape = self.shape(x.shape()).or_panic();
        let (h, w) = (x.shape()[2], x.shape()[3]);
        let (oh, ow) = (shape[2], shape[3]);
        let mut indices = vec![0; shape.size()];
        parallel::rows(&mut indices, oh * ow, |plane, out| {
            let x = &x.data()[plane * h * w..][..h * w];
            for (place, out) in out.iter_mut().enumerate() {
                let (top, left) = (place / ow * self.stride, place % ow * self.stride);
                let mut best = top * w + left;
                let mut largest = x[best];
                for i in top..(top + self.kernel).min(h) {
                    let start = i * w + left;
                    for (j, &v) in x[start..i * w + (left + self.kernel).min(w)].iter().enumerate() {
                        // NaN wins, so that it is seen in the loss and not lost here.
                        if v > largest || v.is_nan() {
                            (best, largest) = (start + j, v);
                        }
                    }
                }
                *out = best as u32;
            }
        });
        (shape, indices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_first_and_ceil_keeps_the_edge() {
        let x = Tensor::<f32>::new([1, 1, 3, 3], vec![1.0, 1.0, 0.0, 1.0, 1.0, 5.0, 2.0, 7.0, 7.0]);
        let pool = |kernel, stride, ceil| MaxPool { kernel, stride, ceil }.indices(&x);
        assert_eq!(pool(2, 2, false), (Shape::new(&[1, 1, 1, 1]), vec![0]));
        assert_eq!(pool(2, 2, true), (Shape::new(&[1, 1, 2, 2]), vec![0, 5, 7, 8]));
        assert_eq!(pool(3, 1, false).1, vec![7]);
    }

    #[test]
    fn a_window_never_begins_behind_the_edge() {
        // 4 / 3 rounds up to a window that would begin at 6 of 5.
        let pool = MaxPool { kernel: 1, stride: 3, ceil: true };
        assert_eq!(pool.shape(&Shape::new(&[1, 1, 5, 5])).unwrap(), [1, 1, 2, 2]);
    }
}
