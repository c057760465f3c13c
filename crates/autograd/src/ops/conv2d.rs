//! Convolution, its transpose and its weight gradient: one form.

use impasto_tensor::conv::{Slot, Window};
use impasto_tensor::{Conv2d, Element, OrPanic, Shape, Tensor};

use super::combine::Combine;
use super::gate::Gate;
use super::reshape;
use crate::kinds::{Leave, Lin, Trilinear};
use crate::op::{apply, record};
use crate::var::Var;

/// t(x, w, y) = <conv(x, w), y>; see [`impasto_tensor::conv`].
#[derive(Clone, Debug)]
pub(super) struct Convolution(Conv2d);

const SLOTS: [Slot; 3] = [Slot::X, Slot::W, Slot::Y];

impl Trilinear for Convolution {
    const NAME: &'static str = "conv2d";
    fn slots(&self) -> [Shape; 3] {
        SLOTS.map(|slot| self.0.shape(slot))
    }
    fn leave<T: Element>(&self, slot: usize, a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
        self.0.leave(SLOTS[slot], a, b)
    }
    fn cases() -> Vec<Self> {
        let case =
            |x: [usize; 4], w: [usize; 4], window| Self(Conv2d::new(&x, &w, window).expect("a geometry that fits"));
        vec![
            case([1, 1, 3, 3], [1, 1, 2, 2], Window::default()),
            case([2, 3, 5, 4], [2, 3, 3, 2], Window::new(2, 1)),
            case([1, 2, 4, 4], [2, 2, 4, 4], Window::new(2, 1)),
            case([1, 4, 6, 5], [2, 2, 3, 3], Window { dilation: [2, 1], groups: 2, ..Window::new(1, 2) }),
            case([1, 2, 4, 5], [2, 2, 2, 3], Window { padding: [[0, 2], [3, 1]], stride: [2, 3], ..Window::default() }),
        ]
    }
}

/// Convolution: `y[n,o,i,j] = sum of x[n,c,S i + D k - P, S j + D l - P] w[o,c,k,l]`.
///
/// # Shapes
/// `x` `[N, C, H, W]`, `w` `[O, C/G, K, K] -> [N, O, H', W']`, `H' = (H + P - D (K - 1) - 1) / S + 1`, rounded down
///
/// # Gradient
/// the same form without `x`, or without `w`
#[track_caller]
pub fn conv2d<T: Element>(x: &Var<T>, w: &Var<T>, window: Window) -> Var<T> {
    let conv = Conv2d::new(x.shape(), w.shape(), window).or_panic();
    apply(Leave(Convolution(conv), 2), &[x, w])
}

/// `act(conv2d(x, w) + bias)` in one pass: `act` is the leaky rectifier of a slope from 0 to 1 (1 for none, 0 for `relu`).
///
/// # Shapes
/// as [`conv2d`], `bias` `[O]`
///
/// # Gradient
/// that of the three steps, each of which has its record: only the sides of the rectifier are kept beside what `conv2d` keeps
#[track_caller]
pub fn conv2d_act<T: Element>(x: &Var<T>, w: &Var<T>, bias: Option<&Var<T>>, window: Window, slope: f64) -> Var<T> {
    let conv = Conv2d::new(x.shape(), w.shape(), window).or_panic();
    let y = conv.forward(x.value(), w.value(), bias.map(Var::value), slope);
    steps(Leave(Convolution(conv), 2), [x, w], bias, slope, y)
}

/// Records the three steps that gave `y` at once. The values in between do not exist, and none of the three rules reads them.
fn steps<T: Element>(
    product: Leave<Convolution>,
    factors: [&Var<T>; 2],
    bias: Option<&Var<T>>,
    slope: f64,
    y: Tensor<T>,
) -> Var<T> {
    let mut sum = record(product, &factors, y.clone(), Vec::new());
    if let Some(bias) = bias {
        sum = record(Lin(Combine::SUM), &[&sum, &reshape(bias, [bias.shape()[0], 1, 1])], y.clone(), Vec::new());
    }
    if slope.to_bits() == 1f64.to_bits() || !sum.is_tracked() {
        return sum;
    }
    record(Lin(Gate::positive(&y, slope)), &[&sum], y, Vec::new())
}

/// Transposed convolution, also called deconvolution: the gradient of [`conv2d`] for its picture, as an operation.
///
/// # Shapes
/// `y` `[N, O, H, W]`, `w` `[O, C/G, K, K] -> [N, C, H', W']`, `H' = S (H - 1) + D (K - 1) + 1 - P + output_padding`
///
/// # Gradient
/// the same form without `y`, or without `w`
#[track_caller]
pub fn conv_transpose2d<T: Element>(y: &Var<T>, w: &Var<T>, window: Window, output_padding: [usize; 2]) -> Var<T> {
    let conv = Conv2d::transposed(y.shape(), w.shape(), window, output_padding).or_panic();
    apply(Leave(Convolution(conv), 0), &[w, y])
}

/// `act(conv_transpose2d(y, w) + bias)` in one pass, with `act` as for [`conv2d_act`].
///
/// # Shapes
/// as [`conv_transpose2d`], `bias` `[C]`
///
/// # Gradient
/// that of the three steps, as for [`conv2d_act`]
#[track_caller]
pub fn conv_transpose2d_act<T: Element>(
    y: &Var<T>,
    w: &Var<T>,
    bias: Option<&Var<T>>,
    window: Window,
    output_padding: [usize; 2],
    slope: f64,
) -> Var<T> {
    let conv = Conv2d::transposed(y.shape(), w.shape(), window, output_padding).or_panic();
    let x = conv.forward_transposed(y.value(), w.value(), bias.map(Var::value), slope);
    steps(Leave(Convolution(conv), 0), [w, y], bias, slope, x)
}
