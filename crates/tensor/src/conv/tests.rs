//! Geometries, plans, and the way of `f64` against the loop nest. `tests/products.rs` holds every algorithm against f64.

use super::*;
use crate::Random;

fn conv(x: [usize; 4], w: [usize; 4], window: Window) -> Conv2d {
    Conv2d::new(&x, &w, window).unwrap()
}

#[test]
fn the_plan_looks_at_geometry() {
    let vgg = |c, side| conv([1, c, side, side], [c, c, 3, 3], Window::new(1, 1)).plan(Slot::Y);
    assert_eq!(vgg(64, 512), Algorithm::Winograd6);
    assert_eq!(vgg(512, 64), Algorithm::Winograd6);
    assert_eq!(vgg(512, 32), Algorithm::Winograd4);
    let dcgan = conv([64, 64, 32, 32], [128, 64, 4, 4], Window::new(2, 1));
    assert_eq!(dcgan.plan(Slot::W), Algorithm::PhaseWinograd);
    assert_eq!(conv([1, 64, 8, 8], [128, 64, 4, 4], Window::new(2, 1)).plan(Slot::X), Algorithm::Direct);
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
        conv([1, 8, 4, 4], [0, 8, 3, 3], Window::new(1, 1)),
        conv([1, 0, 4, 4], [70, 0, 3, 3], Window::new(1, 1)),
        conv([2, 2, 5, 4], [3, 2, 3, 3], Window::new(1 << 40, 1)),
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

#[test]
fn sizes_that_overflow_are_mistakes() {
    let huge = 1 << (usize::BITS - 1);
    let shapes = ([1, 1, 8, 8], [1, 1, 3, 3]);
    for window in [
        Window { dilation: [huge; 2], ..Window::default() },
        Window { padding: [[huge; 2]; 2], ..Window::default() },
        Window { padding: [[1 << 30; 2]; 2], ..Window::default() },
        Window { groups: huge, ..Window::default() },
    ] {
        assert!(Conv2d::new(&shapes.0, &shapes.1, window).is_err(), "{window:?}");
        assert!(Conv2d::transposed(&shapes.0, &shapes.1, window, [0; 2]).is_err(), "{window:?}");
    }
    assert!(Conv2d::transposed(&shapes.0, &shapes.1, Window::new(huge, 0), [0; 2]).is_err());
    let empty = Conv2d::transposed(&[1, 8, 0, 4], &[8, 3, 4, 4], Window::new(2, 1), [0; 2]).unwrap_err();
    assert!(empty.to_string().ends_with("makes no picture of [1, 8, 0, 4]"), "{empty}");
}
