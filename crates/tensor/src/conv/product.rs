//! Convolutions that are one matrix product as they stand: a kernel that covers the whole picture, where nothing moves, and a
//! kernel of one place, which mixes channels.

use super::{Conv2d, Slot};
use crate::gemm::Gemm;
use crate::gemm::sgemm;
use crate::parallel;
use crate::tensor::Tensor;

/// Places of a picture from which a product for each picture is worth its packing.
const PLACES: usize = 64;

/// One slot, arguments as for [`Conv2d::leave`], if it is such a product.
pub(super) fn leave(conv: &Conv2d, slot: Slot, a: &Tensor, b: &Tensor) -> Option<Tensor> {
    let still = conv.window.groups == 1 && conv.window.padding == [[0; 2]; 2];
    let places = conv.input[0] * conv.input[1];
    if still && conv.kernel == conv.input && conv.window.dilation == [1; 2] {
        Some(covering(conv, slot, a.data(), b.data()))
    } else if still && conv.kernel == [1; 2] && conv.window.stride == [1; 2] && places >= PLACES {
        Some(mixing(conv, slot, places, a.data(), b.data()))
    } else {
        None
    }
}

/// y = x wᵀ with x `[N, C K K]`, w `[O, C K K]` and y `[N, O]`.
fn covering(conv: &Conv2d, slot: Slot, a: &[f32], b: &[f32]) -> Tensor {
    let (n, o, long) = (conv.batch, conv.outputs, conv.channels * conv.kernel[0] * conv.kernel[1]);
    Tensor::build(conv.shape(slot), |c| {
        let (m, k, n, a, a_strides, b, b_strides) = match slot {
            Slot::Y => (n, long, o, a, (long, 1), b, (1, long)),
            Slot::X => (n, o, long, b, (o, 1), a, (long, 1)),
            Slot::W => (o, n, long, a, (1, o), b, (long, 1)),
        };
        sgemm(Gemm { m, k, n, a, a_strides, b, b_strides, beta: 0.0, c, c_stride: n });
    })
}

/// y = w x for each picture, x `[C, places]`, w `[O, C]` and y `[O, places]`; the weight gradient sums over pictures.
fn mixing(conv: &Conv2d, slot: Slot, places: usize, a: &[f32], b: &[f32]) -> Tensor {
    let (c, o) = (conv.channels, conv.outputs);
    Tensor::build(conv.shape(slot), |out| {
        let (w, x, m, k, a_strides) = match slot {
            Slot::W => return mixing_weights(out, [o, c, places], a, b),
            Slot::Y => (b, a, o, c, (c, 1)),
            Slot::X => (a, b, c, o, (1, c)),
        };
        parallel::chunks(out, m * places, |n, out| {
            let (b, b_strides) = (&x[n * k * places..][..k * places], (places, 1));
            sgemm(Gemm { m, k, n: places, a: w, a_strides, b, b_strides, beta: 0.0, c: out, c_stride: places });
        });
    })
}

/// The sum of y xᵀ over pictures, picture by picture.
fn mixing_weights(out: &mut [f32], [m, n, k]: [usize; 3], y: &[f32], x: &[f32]) {
    out.fill(0.0);
    for (a, b) in y.chunks((m * k).max(1)).zip(x.chunks((n * k).max(1))) {
        sgemm(Gemm { m, k, n, a, a_strides: (k, 1), b, b_strides: (1, k), beta: 1.0, c: out, c_stride: n });
    }
}
