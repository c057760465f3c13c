//! Every algorithm in every slot against f64, with the error that its documentation states.

use super::*;
use crate::Random;

fn conv(x: [usize; 4], w: [usize; 4], window: Window) -> Conv2d {
    Conv2d::new(&x, &w, window).unwrap()
}

/// Odd sizes, both sides of every tile and block, asymmetric edges, channels that fill no vector.
fn geometries() -> Vec<Conv2d> {
    let asymmetric = Window { padding: [[0, 2], [1, 0]], ..Window::default() };
    vec![
        conv([1, 16, 12, 12], [16, 16, 3, 3], Window::new(1, 1)),
        conv([2, 13, 11, 29], [17, 13, 3, 3], Window::new(1, 1)),
        conv([1, 24, 90, 83], [12, 24, 3, 3], asymmetric),
        conv([3, 12, 7, 5], [33, 12, 3, 3], Window::new(1, 0)),
        conv([1, 16, 9, 9], [16, 16, 3, 3], Window::new(1, 2)),
        conv([5, 14, 8, 8], [20, 14, 4, 4], Window::new(2, 1)),
        conv([2, 16, 17, 13], [12, 16, 4, 4], Window::new(2, 1)),
        conv([1, 13, 80, 78], [16, 13, 4, 4], Window { padding: [[3, 0], [2, 1]], ..Window::new(2, 0) }),
        // So many channels that all threads work on a block: one block, and several, whose filters are written past the
        // caches.
        conv([2, 210, 9, 14], [212, 210, 3, 3], Window::new(1, 1)),
        conv([1, 1300, 37, 38], [54, 1300, 3, 3], Window::new(1, 1)),
        conv([3, 130, 15, 18], [127, 130, 4, 4], Window::new(2, 1)),
        conv([8, 700, 20, 19], [61, 700, 4, 4], Window::new(2, 1)),
        conv([2, 3, 33, 40], [20, 3, 3, 3], Window::new(1, 1)),
        conv([1, 20, 30, 41], [3, 20, 9, 9], Window::new(1, 4)),
        conv([2, 40, 15, 14], [24, 40, 3, 3], Window::new(2, 1)),
        conv([3, 3, 32, 32], [16, 3, 4, 4], Window::new(2, 1)),
        conv([2, 300, 4, 4], [7, 300, 4, 4], Window::default()),
        conv([2, 18, 10, 12], [30, 18, 1, 1], Window::default()),
        conv([2, 6, 20, 18], [9, 2, 3, 3], Window { groups: 3, dilation: [2, 1], ..Window::new(1, 2) }),
        conv([2, 8, 20, 18], [8, 1, 3, 3], Window { groups: 8, ..Window::new(2, 1) }),
        conv([2, 4, 9, 20], [5, 4, 2, 5], Window { padding: [[0, 2], [3, 1]], stride: [2, 3], ..Window::default() }),
        // Many small pictures in a block; rows so short that they are packed; places that no tap reaches.
        conv([37, 19, 14, 14], [40, 19, 3, 3], Window::new(2, 1)),
        conv([21, 70, 4, 5], [90, 70, 5, 5], Window::new(1, 2)),
        conv([5, 16, 7, 9], [14, 16, 1, 1], Window::new(2, 0)),
        conv([2, 5, 13, 11], [7, 5, 2, 2], Window::new(3, 0)),
        // Several runs of channels, and bands of a wide picture.
        conv([1, 70, 40, 300], [20, 70, 3, 3], Window::new(2, 1)),
        conv([1, 90, 30, 260], [3, 90, 5, 5], Window::new(1, 2)),
        conv([0, 16, 8, 8], [16, 16, 3, 3], Window::new(1, 1)),
        conv([0, 16, 8, 8], [16, 16, 4, 4], Window::new(2, 1)),
        conv([0, 4, 8, 8], [5, 4, 5, 5], Window::new(2, 1)),
    ]
}

#[test]
fn every_algorithm_keeps_its_stated_error() {
    let mut random = Random::new(4, 0);
    for conv in geometries() {
        let [x, w, y]: [Tensor; 3] = [Slot::X, Slot::W, Slot::Y].map(|s| random.normal(conv.shape(s), 0.0, 1.0));
        for (slot, a, b) in [(Slot::X, &w, &y), (Slot::W, &y, &x), (Slot::Y, &x, &w)] {
            let want = conv.by_products(slot, &a.cast::<f64>(), &b.cast::<f64>());
            let largest = want.data().iter().fold(1e-30, |m: f64, v| m.max(v.abs()));
            for (algorithm, bound) in [
                (Algorithm::Direct, 2e-6),
                (Algorithm::Winograd4, 3e-5),
                (Algorithm::Winograd6, 5e-5),
                (Algorithm::PhaseWinograd, 2e-5),
            ] {
                if !conv.allows(algorithm) {
                    continue;
                }
                let got = conv.leave_by(algorithm, slot, a, b);
                assert_eq!(got.shape(), want.shape());
                let errors = got.data().iter().zip(want.data()).map(|(&g, w)| (f64::from(g) - w).abs());
                let worst = errors.fold(0.0, f64::max) / largest;
                assert!(worst <= bound, "{algorithm:?} {slot:?} {conv:?}: {worst:e}");
            }
        }
    }
}

#[test]
fn bias_and_rectifier_are_fused_into_every_algorithm() {
    let mut random = Random::new(5, 0);
    for conv in geometries() {
        let [x, w, y]: [Tensor; 3] = [Slot::X, Slot::W, Slot::Y]
            .map(|s| random.normal(conv.shape(s), 0.0, if s == Slot::W { 0.1 } else { 1.0 }));
        let [inner, outer]: [Tensor; 2] = [conv.channels, conv.outputs].map(|n| random.normal([n], 0.0, 1.0));
        let (xs, ws, ys) = (x.cast::<f64>(), w.cast(), y.cast());
        for slope in [1.0, 0.2, 0.0] {
            for (got, want) in [
                (conv.forward(&x, &w, Some(&outer), slope), conv.forward(&xs, &ws, Some(&outer.cast()), slope)),
                (
                    conv.forward_transposed(&y, &w, Some(&inner), slope),
                    conv.forward_transposed(&ys, &ws, Some(&inner.cast()), slope),
                ),
            ] {
                let largest = want.data().iter().fold(1.0, |m: f64, v| m.max(v.abs()));
                for (g, w) in got.data().iter().zip(want.data()) {
                    assert!((f64::from(*g) - w).abs() < 5e-5 * largest, "{conv:?}: {g} {w}");
                }
            }
        }
    }
}

#[test]
fn the_plan_looks_at_geometry_and_can_be_told_to_be_exact() {
    let vgg = |c, side| conv([1, c, side, side], [c, c, 3, 3], Window::new(1, 1)).plan(Slot::Y);
    assert_eq!(vgg(64, 512), Algorithm::Winograd6);
    assert_eq!(vgg(512, 64), Algorithm::Winograd6);
    assert_eq!(vgg(512, 32), Algorithm::Winograd4);
    let dcgan = conv([64, 64, 32, 32], [128, 64, 4, 4], Window::new(2, 1));
    assert_eq!(dcgan.plan(Slot::W), Algorithm::PhaseWinograd);
    assert_eq!(Conv2d { batch: 1, input: [8, 8], ..dcgan }.plan(Slot::X), Algorithm::Direct);
    assert_eq!(conv([1, 3, 9, 9], [32, 3, 9, 9], Window::new(1, 4)).plan(Slot::Y), Algorithm::Direct);
}

fn small_geometries() -> Vec<Conv2d> {
    vec![
        conv([2, 3, 6, 5], [4, 3, 3, 3], Window::new(1, 1)),
        conv([2, 3, 7, 6], [4, 3, 3, 2], Window::new(2, 1)),
        conv([1, 4, 9, 8], [6, 2, 3, 3], Window { dilation: [2, 1], groups: 2, ..Window::new(1, 2) }),
        conv([3, 4, 5, 5], [4, 1, 3, 3], Window { groups: 4, ..Window::new(1, 1) }),
        conv([2, 2, 6, 7], [3, 2, 4, 3], Window { padding: [[0, 2], [3, 1]], stride: [2, 3], ..Window::default() }),
        conv([5, 3, 4, 4], [2, 3, 4, 4], Window::default()),
        conv([1, 2, 90, 70], [3, 2, 3, 3], Window::new(1, 1)),
        conv([0, 2, 4, 4], [3, 2, 3, 3], Window::new(1, 1)),
    ]
}

#[test]
fn matrix_products_agree_with_the_loop_nest() {
    let mut random = Random::new(1, 0);
    for conv in small_geometries() {
        let [x, w, y]: [Tensor<f64>; 3] = [Slot::X, Slot::W, Slot::Y].map(|s| random.normal(conv.shape(s), 0.0, 1.0));
        for (slot, a, b) in [(Slot::X, &w, &y), (Slot::W, &y, &x), (Slot::Y, &x, &w)] {
            let (fast, slow) = (conv.leave(slot, a, b), conv.reference(slot, a, b));
            let worst = fast.zip(&slow, |f, s| (f - s).abs()).data().iter().fold(0.0, |m: f64, &v| m.max(v));
            assert!(worst < 1e-11, "{conv:?} {slot:?}: {worst}");
        }
    }
}

#[test]
fn the_three_operations_are_one_form() {
    let mut random = Random::new(2, 0);
    for conv in small_geometries() {
        let [x, w, y]: [Tensor<f64>; 3] = [Slot::X, Slot::W, Slot::Y].map(|s| random.normal(conv.shape(s), 0.0, 1.0));
        let t = conv.leave(Slot::Y, &x, &w).dot(&y);
        assert!((t - conv.leave(Slot::X, &w, &y).dot(&x)).abs() < 1e-10 * (1.0 + t.abs()));
        assert!((t - conv.leave(Slot::W, &y, &x).dot(&w)).abs() < 1e-10 * (1.0 + t.abs()));
    }
}

#[test]
fn a_transposed_geometry_gives_back_its_input_size() {
    let conv = Conv2d::transposed(&[1, 8, 4, 4], &[8, 3, 4, 4], Window::new(2, 1), [0, 0]).unwrap();
    assert_eq!((conv.input, conv.output()), ([8, 8], [4, 4]));
    let conv = Conv2d::transposed(&[1, 8, 4, 4], &[8, 3, 3, 3], Window::new(2, 1), [1, 1]).unwrap();
    assert_eq!((conv.input, conv.output()), ([8, 8], [4, 4]));
}

#[test]
#[should_panic(expected = "conv_transpose2d: expected bias [3], got [8]")]
fn a_bias_is_one_number_for_each_channel_of_the_result() {
    let conv = Conv2d::transposed(&[1, 8, 4, 4], &[8, 3, 4, 4], Window::new(2, 1), [0, 0]).unwrap();
    let [w, y]: [Tensor; 2] = [Slot::W, Slot::Y].map(|slot| Tensor::zeros(conv.shape(slot)));
    conv.forward_transposed(&y, &w, Some(&Tensor::zeros([8])), 1.0);
}

#[test]
fn mistakes_say_what_was_wanted() {
    let wrong = Conv2d::new(&[2, 4, 8, 8], &[16, 3, 3, 3], Window::default()).unwrap_err();
    assert_eq!(wrong.to_string(), "conv2d: expected weight [16, 4, K, K] for 1 groups, got [16, 3, 3, 3]");
    assert!(Conv2d::new(&[1, 1, 2, 2], &[1, 1, 3, 3], Window::default()).is_err());
    assert!(Conv2d::new(&[1, 1, 2], &[1, 1, 3, 3], Window::default()).is_err());
}
