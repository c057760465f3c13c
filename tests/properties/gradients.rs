//! Gradient checks, to the third order, over drawn geometries.

use impasto_autograd::{gradcheck, ops};
use impasto_tensor::conv::Slot;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{convolutions, draws, maps};

const UNIT: [f64; 2] = [-1.0, 1.0];

proptest! {
    #![proptest_config(draws(12))]

    #[test]
    fn conv2d(conv in convolutions(2)) {
        let [x, w] = [Slot::X, Slot::W].map(|slot| conv.shape(slot));
        let window = conv.window();
        let report = gradcheck::function("conv2d", &[&x, &w], UNIT, 3, &|v| ops::conv2d(&v[0], &v[1], window));
        prop_assert!(report.passed(), "{}", report);
    }

    #[test]
    fn conv_transpose2d(conv in convolutions(2)) {
        let [x, w, y] = [Slot::X, Slot::W, Slot::Y].map(|slot| conv.shape(slot));
        // What the rounding down of the convolution left over.
        let window = conv.window();
        let over = [0, 1].map(|i| {
            let room = x[2 + i] + window.padding[i].iter().sum::<usize>();
            (room - window.dilation[i] * (w[2 + i] - 1) - 1) % window.stride[i]
        });
        let f = |v: &[impasto_autograd::Var<f64>]| ops::conv_transpose2d(&v[0], &v[1], window, over);
        let zeros = |shape: &[usize]| impasto_autograd::Var::constant(impasto_tensor::Tensor::zeros(shape));
        prop_assert_eq!(*f(&[zeros(&y), zeros(&w)]).shape(), x);
        let report = gradcheck::function("conv_transpose2d", &[&y, &w], UNIT, 3, &f);
        prop_assert!(report.passed(), "{}", report);
    }

    #[test]
    fn norm(
        (n, c) in (1..=3usize, 1..=3usize), sides in vec(2..=3usize, 1..=2), per_picture: bool,
        slope in prop::sample::select(vec![0.0, 0.2, 1.0]),
    ) {
        let mut x = vec![n, c];
        x.extend(sides);
        // Sets of two or three numbers curve strongly where they nearly coincide; a large eps keeps differences exact.
        let report = gradcheck::function("norm", &[&x, &[c], &[c]], UNIT, 3, &|v| {
            if per_picture {
                ops::instance_norm(&v[0], &v[1], &v[2], 0.3, slope)
            } else {
                ops::batch_norm(&v[0], &v[1], &v[2], 0.3, slope).0
            }
        });
        prop_assert!(report.passed(), "{}", report);
    }

    #[test]
    fn resample(taps in maps(), axis in 0..3usize) {
        let mut shape = [2; 3];
        shape[axis] = taps.from();
        let report = gradcheck::function("resample", &[&shape], UNIT, 3, &|v| ops::resample(&v[0], axis, &taps));
        prop_assert!(report.passed(), "{}", report);
    }
}
