//! Convolution: one geometry, one trilinear form of picture, kernel and result, three operations.
//!
//! With `t(x, w, y) = sum of x[n,c,S i + D k - P, ..] w[o,c,k,l] y[n,o,i,j]`, leaving `y` out of the form is the
//! convolution, leaving `x` out the transposed convolution, which is also the gradient for the data, and leaving `w` out
//! the gradient for the weights. Each exists as a plain loop nest ([`Conv2d::reference`]), for `f64` through im2col and matrix
//! products, and for `f32` in several fast ways, of which [`Conv2d::plan`] chooses one.
//!
//! ```
//! use impasto_tensor::conv::{Conv2d, Slot, Window};
//! use impasto_tensor::{OrPanic, Tensor};
//! let conv = Conv2d::new(&[1, 1, 3, 3], &[1, 1, 2, 2], Window::default()).or_panic();
//! let x = Tensor::<f32>::from_fn([1, 1, 3, 3], |i| i as f32); // 0 1 2 / 3 4 5 / 6 7 8
//! let w = Tensor::ones([1, 1, 2, 2]);
//! let y = conv.forward(&x, &w, None, 1.0);
//! assert_eq!(y.data(), [8.0, 12.0, 20.0, 24.0]);
//! let g = Tensor::ones(*y.shape()); // the gradient of the sum of y
//! assert_eq!(conv.leave(Slot::X, &w, &g).data(), [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]);
//! assert_eq!(conv.leave(Slot::W, &g, &x).data(), [8.0, 12.0, 20.0, 24.0]);
//! ```

// This file: the geometry. `reference.rs`: the loop nest. `im2col.rs`: the way of `f64`. For `f32`: `plan.rs` chooses,
// `lower.rs` turns every stride into steps of one, `planes.rs` lays out what is read, `product.rs` finds plain matrix
// products, `implicit` and `weights.rs` do any geometry, `winograd` the common ones with fewer multiplications, `epilogue.rs`
// is what is done on the way out.

mod epilogue;
mod im2col;
mod implicit;
mod lower;
mod plan;
mod planes;
mod product;
mod reference;
mod weights;
mod winograd;

pub(crate) use self::epilogue::Epilogue;
pub use self::plan::{Algorithm, set_exact};

use crate::element::Element;
use crate::shape::{Shape, ShapeError};
use crate::tensor::Tensor;
use crate::work;

/// Which argument of the form an operation computes from the two others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The picture `[N, C, H, W]`, from `w` and `y`: transposed convolution, gradient for the data.
    X,
    /// The kernel `[O, C/G, K, K]`, from `y` and `x`: gradient for the weights.
    W,
    /// The result `[N, O, H', W']`, from `x` and `w`: convolution.
    Y,
}

/// How the kernel moves over the picture. All pairs are (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// S: how far the kernel moves in the picture from one place of the result to the next.
    pub stride: [usize; 2],
    /// P: zeros around the picture, [[top, bottom], [left, right]].
    pub padding: [[usize; 2]; 2],
    /// D: distance in the picture of neighbouring taps of the kernel; 1 for a dense kernel.
    pub dilation: [usize; 2],
    /// G: groups of channels that do not see each other.
    pub groups: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { stride: [1; 2], padding: [[0; 2]; 2], dilation: [1; 2], groups: 1 }
    }
}

impl Window {
    /// Equal steps of `stride` and `padding` zeros on all sides.
    pub fn new(stride: usize, padding: usize) -> Self {
        Self { stride: [stride; 2], padding: [[padding; 2]; 2], ..Self::default() }
    }
}

/// Numbers of the largest padded picture, all channels together: sizes that are made of it do not overflow.
const MOST: usize = 1 << (usize::BITS - 16);

/// The geometry of a convolution: everything but the numbers.
///
/// Every one there is was checked when it was made: steps and groups are above 0, the kernel fits the padded picture, the groups
/// divide the channels on both sides. The kernels rely on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Pictures: N.
    batch: usize,
    /// Channels in: C.
    channels: usize,
    /// Height and width in: H, W.
    input: [usize; 2],
    /// Channels out: O.
    outputs: usize,
    /// Height and width of the kernel: K.
    kernel: [usize; 2],
    /// How the kernel moves.
    window: Window,
}

impl Conv2d {
    /// The geometry of convolving pictures `x` `[N, C, H, W]` with kernels `w` `[O, C/G, K, K]`.
    ///
    /// # Errors
    /// If the shapes do not fit each other or the window.
    pub fn new(x: &[usize], w: &[usize], window: Window) -> Result<Self, ShapeError> {
        let &[batch, channels, height, width] = x else {
            return Err(ShapeError::new("conv2d", format!("expected input [N, C, H, W], got {x:?}")));
        };
        let conv =
            Self { batch, channels, input: [height, width], outputs: *w.first().unwrap_or(&0), kernel: [1; 2], window };
        conv.with_kernel("conv2d", w)
    }

    /// The geometry whose transposed convolution takes `y` `[N, O, H', W']` and `w` `[O, C/G, K, K]` to
    /// `[N, C, H, W]` with `H = S (H' - 1) + D (K - 1) + 1 - P + output_padding`, P the padding of both sides.
    ///
    /// # Errors
    /// If the shapes do not fit each other or the window.
    pub fn transposed(
        y: &[usize],
        w: &[usize],
        window: Window,
        output_padding: [usize; 2],
    ) -> Result<Self, ShapeError> {
        let op = "conv_transpose2d";
        let (&[batch, outputs, h, wd], &[_, channels, kh, kw]) = (y, w) else {
            let detail = format!("expected input [N, O, H, W] and weight [O, C, K, K], got {y:?} and {w:?}");
            return Err(ShapeError::new(op, detail));
        };
        let side = |i: usize, out: usize, k: usize| {
            let taps = window.dilation[i].checked_mul(k - 1)?.checked_add(1 + output_padding[i])?;
            let full = window.stride[i].checked_mul(out.checked_sub(1)?)?.checked_add(taps)?;
            full.checked_sub(window.padding[i][0])?.checked_sub(window.padding[i][1])
        };
        if kh * kw == 0 || output_padding.iter().zip(window.stride).any(|(&p, s)| p >= s.max(1)) {
            let detail =
                format!("expected a kernel and output padding below the stride, got {w:?}, {output_padding:?}");
            return Err(ShapeError::new(op, detail));
        }
        let (Some(height), Some(width)) = (side(0, h, kh), side(1, wd, kw)) else {
            return Err(ShapeError::new(op, format!("{window:?} makes no picture of {y:?}")));
        };
        let channels = channels.saturating_mul(window.groups);
        let conv = Self { batch, channels, input: [height, width], outputs, kernel: [1; 2], window };
        conv.with_kernel(op, w)
    }

    fn with_kernel(mut self, op: &'static str, w: &[usize]) -> Result<Self, ShapeError> {
        let Window { stride, padding, dilation, groups } = self.window;
        let fits = match *w {
            [o, c, kh, kw] => {
                self.kernel = [kh, kw];
                groups > 0
                    && o == self.outputs
                    && o % groups == 0
                    && c.checked_mul(groups) == Some(self.channels)
                    && kh > 0
                    && kw > 0
            }
            _ => false,
        };
        if !fits {
            let c = self.channels.checked_div(groups).unwrap_or(0);
            let detail = format!("expected weight [{}, {c}, K, K] for {groups} groups, got {w:?}", self.outputs);
            return Err(ShapeError::new(op, detail));
        }
        // The padded side, if the kernel fits it.
        let room = |i: usize| {
            let room = self.input[i].checked_add(padding[i][0])?.checked_add(padding[i][1])?;
            let reach = dilation[i].checked_mul(self.kernel[i] - 1)?.checked_add(1)?;
            (stride[i] > 0 && dilation[i] > 0 && reach <= room).then_some(room)
        };
        let (Some(height), Some(width)) = (room(0), room(1)) else {
            let detail = format!("kernel {:?} with {:?} does not fit input {:?}", self.kernel, self.window, self.input);
            return Err(ShapeError::new(op, detail));
        };
        let numbers = height.checked_mul(width).and_then(|places| places.checked_mul(self.channels.max(1)));
        if numbers.is_none_or(|numbers| numbers > MOST) {
            let detail = format!("{} channels of {height} x {width} with padding are too many", self.channels);
            return Err(ShapeError::new(op, detail));
        }
        // Further than the picture reaches there is no next place.
        self.window.stride = [stride[0].min(height), stride[1].min(width)];
        Ok(self)
    }

    /// How the kernel moves.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Height and width of the result: `(H + P - D (K - 1) - 1) / S + 1`, rounded down, P the padding of both sides.
    pub fn output(&self) -> [usize; 2] {
        let Window { stride, padding, dilation, .. } = self.window;
        std::array::from_fn(|i| {
            let room = self.input[i] + padding[i][0] + padding[i][1];
            (room - dilation[i] * (self.kernel[i] - 1) - 1) / stride[i] + 1
        })
    }

    /// The shape of one argument of the form.
    pub fn shape(&self, slot: Slot) -> Shape {
        let ([h, w], [oh, ow], [kh, kw]) = (self.input, self.output(), self.kernel);
        match slot {
            Slot::X => Shape::new(&[self.batch, self.channels, h, w]),
            Slot::W => Shape::new(&[self.outputs, self.channels / self.window.groups, kh, kw]),
            Slot::Y => Shape::new(&[self.batch, self.outputs, oh, ow]),
        }
    }

    /// Multiplications of the direct method; each slot has as many.
    fn multiplications(&self) -> usize {
        self.shape(Slot::Y).iter().product::<usize>() * self.shape(Slot::W)[1..].iter().product::<usize>()
    }

    /// Computes one argument of the form from the two others, given in cyclic order behind it: `X` from `(w, y)`, `W`
    /// from `(y, x)`, `Y` from `(x, w)`.
    ///
    /// # Panics
    /// If an argument does not have the shape that [`shape`](Conv2d::shape) says.
    #[track_caller]
    pub fn leave<T: Element>(&self, slot: Slot, a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
        self.check(slot, a, b);
        work::count(self.multiplications());
        T::convolve(self, slot, a, b, None, 1.0)
    }

    /// The result `y = act(conv(x, w) + bias)` in one go: `bias` `[O]`, `act` the leaky rectifier of a slope from 0 to 1 (1 for
    /// none, 0 for ReLU).
    ///
    /// # Panics
    /// If an argument does not have the shape that [`shape`](Conv2d::shape) says, or the bias not one number for each output.
    #[track_caller]
    pub fn forward<T: Element>(&self, x: &Tensor<T>, w: &Tensor<T>, bias: Option<&Tensor<T>>, slope: f64) -> Tensor<T> {
        self.activated(Slot::Y, x, w, bias, slope)
    }

    /// The transposed convolution `x = act(conv'(y, w) + bias)` in one go, likewise: `bias` `[C]`.
    ///
    /// # Panics
    /// As [`forward`](Conv2d::forward).
    #[track_caller]
    pub fn forward_transposed<T: Element>(
        &self,
        y: &Tensor<T>,
        w: &Tensor<T>,
        bias: Option<&Tensor<T>>,
        slope: f64,
    ) -> Tensor<T> {
        self.activated(Slot::X, w, y, bias, slope)
    }

    #[track_caller]
    fn activated<T: Element>(
        &self,
        slot: Slot,
        a: &Tensor<T>,
        b: &Tensor<T>,
        bias: Option<&Tensor<T>>,
        slope: f64,
    ) -> Tensor<T> {
        self.check(slot, a, b);
        let (op, channels) = (name(slot), self.shape(slot)[1]);
        if let Some(bias) = bias {
            assert!(*bias.shape() == [channels], "{op}: expected bias [{channels}], got {:?}", bias.shape());
        }
        assert!((0.0..=1.0).contains(&slope), "{op}: expected a slope from 0 to 1, got {slope}");
        work::count(self.multiplications());
        T::convolve(self, slot, a, b, bias, slope)
    }

    /// Any slot through im2col, for any element, and after it what follows the product.
    pub(crate) fn by_im2col<T: Element>(
        &self,
        slot: Slot,
        a: &Tensor<T>,
        b: &Tensor<T>,
        bias: Option<&Tensor<T>>,
        slope: f64,
    ) -> Tensor<T> {
        let mut y = self.im2col(slot, a, b);
        if let Some(bias) = bias {
            y = y.zip(&bias.reshape([bias.len(), 1, 1]), |y, b| y + b);
        }
        if slope < 1.0 { y.into_map(|v| v.max(v * T::splat(slope))) } else { y }
    }

    /// One slot through im2col, for any element.
    pub(crate) fn im2col<T: Element>(&self, slot: Slot, a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
        match slot {
            Slot::X => self.data(a, b),
            Slot::W => self.weight(a, b),
            Slot::Y => self.result(a, b),
        }
    }

    /// A gradient for the weights from shares of it, added in their order.
    fn total<T: Element>(&self, shares: Vec<Tensor<T>>) -> Tensor<T> {
        let add = |mut sum: Tensor<T>, share: Tensor<T>| {
            sum.zip_assign(&share, |a, b| a + b);
            sum
        };
        shares.into_iter().reduce(add).unwrap_or_else(|| Tensor::zeros(self.shape(Slot::W)))
    }

    /// Any slot of `f32` numbers by the planned algorithm.
    pub(crate) fn by_plan(&self, slot: Slot, a: &Tensor, b: &Tensor, bias: Option<&Tensor>, slope: f64) -> Tensor {
        let epilogue = Epilogue { bias: bias.map(Tensor::data), slope: slope as f32 };
        self.compute(self.plan(slot), slot, a, b, epilogue)
    }

    #[track_caller]
    fn check<T: Element>(&self, slot: Slot, a: &Tensor<T>, b: &Tensor<T>) {
        let (first, second) = match slot {
            Slot::X => (Slot::W, Slot::Y),
            Slot::W => (Slot::Y, Slot::X),
            Slot::Y => (Slot::X, Slot::W),
        };
        let (want, got) = ([self.shape(first), self.shape(second)], [*a.shape(), *b.shape()]);
        let op = name(slot);
        assert!(got == want, "{op}: expected {:?} and {:?}, got {:?} and {:?}", want[0], want[1], got[0], got[1]);
    }
}

/// The operation, as users call it.
fn name(slot: Slot) -> &'static str {
    match slot {
        Slot::X => "conv_transpose2d",
        Slot::W => "conv2d's weight gradient",
        Slot::Y => "conv2d",
    }
}

#[cfg(test)]
mod tests;
