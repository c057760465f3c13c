//! Matrix products and every way of a convolution, at every level of vector instructions that the machine has, against f64.
//! A binary of its own, because forcing a level changes it for all threads.

#![allow(clippy::print_stdout, reason = "what is skipped is said aloud")]

use impasto_tensor::conv::{Algorithm, Slot, Window, set_exact};
use impasto_tensor::simd::{Level, force};
use impasto_tensor::{Conv2d, MatMul, Random, Tensor};

/// Each way and the error that its documentation states.
const WAYS: [(Algorithm, f64); 4] = [
    (Algorithm::Direct, 2e-6),
    (Algorithm::Winograd4, 3e-5),
    (Algorithm::Winograd6, 5e-5),
    (Algorithm::PhaseWinograd, 2e-5),
];

/// Odd sizes, both sides of every tile and block, edges that differ, channels that fill no vector.
fn geometries() -> Vec<Conv2d> {
    let conv = |x: [usize; 4], w: [usize; 4], window| Conv2d::new(&x, &w, window).expect("a geometry");
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
        conv([2, 260, 50, 52], [256, 260, 3, 3], Window::new(1, 1)),
        conv([3, 130, 15, 18], [127, 130, 4, 4], Window::new(2, 1)),
        conv([8, 700, 20, 19], [61, 700, 4, 4], Window::new(2, 1)),
        conv([13, 210, 32, 32], [210, 210, 4, 4], Window::new(2, 1)),
        conv([2, 3, 33, 40], [20, 3, 3, 3], Window::new(1, 1)),
        conv([1, 20, 30, 41], [3, 20, 9, 9], Window::new(1, 4)),
        conv([2, 40, 15, 14], [24, 40, 3, 3], Window::new(2, 1)),
        conv([3, 3, 32, 32], [16, 3, 4, 4], Window::new(2, 1)),
        conv([2, 300, 4, 4], [7, 300, 4, 4], Window::default()),
        conv([2, 18, 10, 12], [30, 18, 1, 1], Window::default()),
        conv([2, 6, 20, 18], [9, 2, 3, 3], Window { groups: 3, dilation: [2, 1], ..Window::new(1, 2) }),
        conv([2, 8, 20, 18], [8, 1, 3, 3], Window { groups: 8, ..Window::new(2, 1) }),
        conv([2, 4, 9, 20], [5, 4, 2, 5], Window { padding: [[0, 2], [3, 1]], stride: [2, 3], ..Window::default() }),
        // Lines of the result that are whole registers, and a result that is written past the caches.
        conv([2, 3, 40, 64], [5, 3, 3, 3], Window::new(1, 1)),
        conv([2, 6, 18, 32], [8, 3, 5, 5], Window { groups: 2, ..Window::new(1, 2) }),
        conv([1, 2, 512, 512], [32, 2, 3, 3], Window::new(1, 1)),
        // Many small pictures in a block; rows so short that they are packed; places that no tap reaches.
        conv([37, 19, 14, 14], [40, 19, 3, 3], Window::new(2, 1)),
        conv([21, 70, 4, 5], [90, 70, 5, 5], Window::new(1, 2)),
        conv([5, 16, 7, 9], [14, 16, 1, 1], Window::new(2, 0)),
        conv([2, 5, 13, 11], [7, 5, 2, 2], Window::new(3, 0)),
        // Several runs of channels, and bands of a wide picture.
        conv([1, 70, 40, 300], [20, 70, 3, 3], Window::new(2, 1)),
        conv([1, 90, 30, 260], [3, 90, 5, 5], Window::new(1, 2)),
        // No pictures, no channels, no outputs; steps that leave the picture.
        conv([0, 16, 8, 8], [16, 16, 3, 3], Window::new(1, 1)),
        conv([0, 16, 8, 8], [16, 16, 4, 4], Window::new(2, 1)),
        conv([0, 4, 8, 8], [5, 4, 5, 5], Window::new(2, 1)),
        conv([1, 0, 8, 8], [70, 0, 3, 3], Window::new(1, 1)),
        conv([1, 70, 8, 8], [0, 70, 3, 3], Window::new(1, 1)),
        conv([2, 13, 5, 4], [12, 13, 3, 3], Window::new(1 << 40, 1)),
    ]
}

/// The largest error, divided by the largest value.
fn error(got: &Tensor, want: &Tensor<f64>) -> f64 {
    assert_eq!(got.shape(), want.shape());
    let largest = want.data().iter().fold(1e-30, |m: f64, v| m.max(v.abs()));
    got.data().iter().zip(want.data()).map(|(&g, w)| (f64::from(g) - w).abs()).fold(0.0, f64::max) / largest
}

/// Every slot by every algorithm, and by the planned one with what is fused into it.
fn convolution(conv: &Conv2d, levels: &[Level], random: &mut Random) {
    let [x, w, y]: [Tensor; 3] = [Slot::X, Slot::W, Slot::Y].map(|s| random.normal(conv.shape(s), 0.0, 1.0));
    for (slot, a, b) in [(Slot::X, &w, &y), (Slot::W, &y, &x), (Slot::Y, &x, &w)] {
        let want = conv.leave(slot, &a.cast::<f64>(), &b.cast());
        for &level in levels {
            force(level).expect("it is available");
            for (way, bound) in WAYS.into_iter().filter(|(way, _)| conv.allows(*way)) {
                let error = error(&conv.leave_by(way, slot, a, b), &want);
                assert!(error <= bound, "{level} {way:?} {slot:?} {conv:?}: {error:e}");
            }
        }
    }
    let [inner, outer]: [Tensor; 2] = [Slot::X, Slot::Y].map(|slot| random.normal([conv.shape(slot)[1]], 0.0, 1.0));
    let (ws, xs, ys) = (w.cast::<f64>(), x.cast(), y.cast());
    for slope in [1.0, 0.2, 0.0] {
        let want = [
            conv.forward(&xs, &ws, Some(&outer.cast()), slope),
            conv.forward_transposed(&ys, &ws, Some(&inner.cast()), slope),
        ];
        for &level in levels {
            force(level).expect("it is available");
            let got = [conv.forward(&x, &w, Some(&outer), slope), conv.forward_transposed(&y, &w, Some(&inner), slope)];
            for (got, want) in got.iter().zip(&want) {
                let error = error(got, want);
                assert!(error <= 5e-5, "{level} with bias and slope {slope}, {conv:?}: {error:e}");
            }
        }
    }
}

/// The switch for exact convolutions.
fn exact() {
    let conv = Conv2d::new(&[1, 16, 12, 12], &[16, 16, 3, 3], Window::new(1, 1)).expect("a geometry");
    assert_ne!(conv.plan(Slot::Y), Algorithm::Direct);
    set_exact(true);
    assert_eq!(conv.plan(Slot::Y), Algorithm::Direct);
    let mut random = Random::new(5, 0);
    let [x, w]: [Tensor; 2] = [Slot::X, Slot::W].map(|s| random.normal(conv.shape(s), 0.0, 1.0));
    assert_eq!(conv.leave(Slot::Y, &x, &w), conv.leave_by(Algorithm::Direct, Slot::Y, &x, &w));
    set_exact(false);
    assert_ne!(conv.plan(Slot::Y), Algorithm::Direct);
}

fn matrices(level: Level) {
    let mut random = Random::new(3, 0);
    for (m, k, n) in [(1, 1, 1), (6, 16, 16), (7, 300, 33), (97, 1030, 2100), (5, 700, 3), (130, 40, 70), (64, 600, 48)]
    {
        for (transpose_a, transpose_b) in [(false, false), (true, false), (false, true), (true, true)] {
            let dims = |r, c, transpose: bool| if transpose { [c, r] } else { [r, c] };
            let a: Tensor = random.normal(dims(m, k, transpose_a), 0.0, 1.0);
            let b: Tensor = random.normal(dims(k, n, transpose_b), 0.0, 1.0);
            let product = MatMul { transpose_a, transpose_b };
            let error = error(&product.run(&a, &b), &product.run(&a.cast::<f64>(), &b.cast()));
            assert!(error <= 2e-6, "{level} {product:?} {m} {k} {n}: {error:e}");
        }
        let x: Tensor = random.normal([2, m, k], 0.0, 1.0);
        let error = error(&x.products_of_rows(), &x.cast::<f64>().products_of_rows());
        assert!(error <= 2e-6, "{level} products of rows {m} {k}: {error:e}");
    }
}

#[test]
fn every_level_keeps_the_stated_errors() {
    let (levels, lacking): (Vec<_>, Vec<_>) = Level::ALL.into_iter().partition(|level| level.is_available());
    for level in lacking {
        println!("skipped: this machine has no {level}");
    }
    for &level in &levels {
        force(level).expect("it is available");
        matrices(level);
    }
    let mut random = Random::new(4, 0);
    for conv in geometries() {
        convolution(&conv, &levels, &mut random);
    }
    exact();
}
