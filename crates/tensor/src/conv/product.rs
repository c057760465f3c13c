//! Convolutions that are one matrix product as they stand: a kernel that covers the whole picture, where nothing moves, and a
//! kernel of one place, which mixes channels.

use super::{Conv2d, Slot};
use crate::element::Gemm;
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
    Tensor::build(conv.shape(slot), |out| match slot {
        Slot::Y => parallel::chunks(out, o * places, |n, y| {
            let x = &a[n * c * places..][..c * places];
            sgemm(Gemm {
                m: o,
                k: c,
                n: places,
                a: b,
                a_strides: (c, 1),
                b: x,
                b_strides: (places, 1),
                beta: 0.0,
                c: y,
                c_stride: places,
            });
        }),
        Slot::X => parallel::chunks(out, c * places, |n, x| {
            let y = &b[n * o * places..][..o * places];
            sgemm(Gemm {
                m: c,
                k: o,
                n: places,
                a,
                a_strides: (1, c),
                b: y,
                b_strides: (places, 1),
                beta: 0.0,
                c: x,
                c_stride: places,
            });
        }),
        Slot::W => {
            for n in 0..conv.batch {
                let (y, x) = (&a[n * o * places..][..o * places], &b[n * c * places..][..c * places]);
                let beta = if n == 0 { 0.0 } else { 1.0 };
                sgemm(Gemm {
                    m: o,
                    k: places,
                    n: c,
                    a: y,
                    a_strides: (places, 1),
                    b: x,
                    b_strides: (1, places),
                    beta,
                    c: out,
                    c_stride: c,
                });
            }
            if conv.batch == 0 {
                out.fill(0.0);
            }
        }
    })
}
