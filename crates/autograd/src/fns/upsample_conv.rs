//! A picture of twice the side, then a convolution, without ever making the large picture.

use impasto_tensor::conv::Window;
use impasto_tensor::{Element, Tensor};

use super::pad::{Padding, pad2d};
use crate::ops::{conv_transpose2d_act, matmul, permute, reshape};
use crate::var::Var;

/// The picture enlarged by 2 through repetition, continued beyond its edges, and convolved with kernels of 3 x 3: the same as
/// [`upsample2d`](super::upsample2d), [`pad2d`](super::pad2d) by one place and [`conv2d`](crate::ops::conv2d) with a bias, up to
/// rounding.
///
/// Repetition is a transposed convolution with ones, so both are one transposed convolution of kernel 4 and stride 2, whose
/// taps are sums of up to four of `w`: each place of the result needs 2 x 2 places of the small picture, of which there are a
/// quarter as many.
///
/// # Shapes
/// `x` `[N, C, H, W]`, `w` `[O, C, 3, 3]`, `bias` `[O] -> [N, O, 2 H, 2 W]`
///
/// # Gradient
/// that of the transposed convolution, the taps' summed over where they went
#[track_caller]
pub fn upsample_conv2d<T: Element>(x: &Var<T>, w: &Var<T>, bias: Option<&Var<T>>, edge: Padding) -> Var<T> {
    let &[outputs, channels, 3, 3] = &w.shape()[..] else {
        panic!("upsample_conv2d: expected a weight [O, C, 3, 3], got {:?}", w.shape());
    };
    // The row beyond the large picture's edge is one of the two that repeat the small one's outermost: whether mirrored or
    // repeated, it is the small picture's edge.
    let (x, beyond) = match edge {
        Padding::Zero => (x.clone(), 0),
        Padding::Reflect | Padding::Replicate => (pad2d(x, Padding::Replicate, [[1; 2]; 2]), 1),
        Padding::Circular => (pad2d(x, Padding::Circular, [[1; 2]; 2]), 1),
    };
    let taps = matmul(&reshape(w, [outputs * channels, 9]), &Var::constant(spread()));
    let taps = permute(&reshape(&taps, [outputs, channels, 4, 4]), &[1, 0, 2, 3]);
    conv_transpose2d_act(&x, &taps, bias, Window::new(2, 1 + 2 * beyond), [0, 0], 1.0)
}

/// Which of the 16 taps each of the 9 goes to: along an axis tap `k` goes to `2 - k` and `3 - k`, since a transposed
/// convolution runs backwards.
fn spread<T: Element>() -> Tensor<T> {
    let goes = |k: usize, t: usize| t + k == 2 || t + k == 3;
    Tensor::from_fn([9, 16], |at| {
        let (k, t) = (at / 16, at % 16);
        let both = goes(k / 3, t / 4) && goes(k % 3, t % 4);
        T::splat(f64::from(u8::from(both)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::upsample2d;
    use super::*;
    use crate::ops::conv2d;
    use impasto_tensor::{Random, Upsample};

    #[test]
    fn it_is_enlargement_continuation_and_convolution() {
        let mut random = Random::new(1, 0);
        for (shape, outputs) in [([2, 3, 5, 4], 2), ([1, 1, 1, 1], 1), ([1, 2, 2, 7], 3)] {
            let x: Var<f64> = Var::constant(random.normal(shape, 0.0, 1.0));
            let w = Var::constant(random.normal([outputs, shape[1], 3, 3], 0.0, 1.0));
            let bias = Var::constant(random.normal([outputs], 0.0, 1.0));
            for edge in [Padding::Zero, Padding::Reflect, Padding::Replicate, Padding::Circular] {
                let large = pad2d(&upsample2d(&x, 2, Upsample::Nearest), edge, [[1; 2]; 2]);
                let want = conv2d(&large, &w, Window::new(1, 0)) + reshape(&bias, [outputs, 1, 1]);
                let got = upsample_conv2d(&x, &w, Some(&bias), edge);
                assert_eq!(got.shape(), want.shape());
                for (g, w) in got.value().data().iter().zip(want.value().data()) {
                    assert!((g - w).abs() < 1e-12, "{edge:?}: {g} {w}");
                }
            }
        }
    }
}
