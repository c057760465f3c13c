//! Matrix products and every way of a convolution, at every level of vector instructions that the machine has, against f64.
//! A binary of its own, because forcing a level changes it for all threads.

#![allow(clippy::print_stdout, reason = "what is skipped is said aloud")]

use impasto_tensor::conv::{Algorithm, Slot, Window};
use impasto_tensor::simd::{Level, force};
use impasto_tensor::{Conv2d, MatMul, Random, Tensor};

/// Each way and the error that its documentation states.
const WAYS: [(Algorithm, f64); 4] = [
    (Algorithm::Direct, 2e-6),
    (Algorithm::Winograd4, 3e-5),
    (Algorithm::Winograd6, 5e-5),
    (Algorithm::PhaseWinograd, 2e-5),
];

/// Sizes on both sides of every tile, channels that fill no vector, edges that differ.
fn geometries() -> Vec<Conv2d> {
    let conv = |x: [usize; 4], w: [usize; 4], window| Conv2d::new(&x, &w, window).expect("a geometry");
    let asymmetric = Window { padding: [[0, 2], [1, 0]], ..Window::default() };
    vec![
        conv([2, 13, 11, 29], [17, 13, 3, 3], Window::new(1, 1)),
        conv([1, 24, 45, 37], [12, 24, 3, 3], asymmetric),
        conv([3, 12, 7, 5], [33, 12, 3, 3], Window::new(1, 0)),
        conv([5, 14, 8, 8], [20, 14, 4, 4], Window::new(2, 1)),
        conv([1, 13, 40, 38], [16, 13, 4, 4], Window { padding: [[3, 0], [2, 1]], ..Window::new(2, 0) }),
        conv([1, 20, 15, 21], [3, 20, 9, 9], Window::new(1, 4)),
        conv([2, 40, 15, 14], [24, 40, 3, 3], Window::new(2, 1)),
        conv([2, 150, 4, 4], [7, 150, 4, 4], Window::default()),
        conv([2, 18, 10, 12], [30, 18, 1, 1], Window::default()),
        conv([2, 6, 20, 18], [9, 2, 3, 3], Window { groups: 3, dilation: [2, 1], ..Window::new(1, 2) }),
        conv([2, 8, 20, 18], [8, 1, 3, 3], Window { groups: 8, ..Window::new(2, 1) }),
        // Lines of the result that are whole registers.
        conv([2, 3, 40, 64], [5, 3, 3, 3], Window::new(1, 1)),
        conv([2, 6, 18, 32], [8, 3, 5, 5], Window { groups: 2, ..Window::new(1, 2) }),
        // A result, and filters for both directions, that are written past the caches.
        conv([1, 2, 512, 512], [32, 2, 3, 3], Window::new(1, 1)),
        conv([2, 260, 50, 52], [256, 260, 3, 3], Window::new(1, 1)),
        conv([13, 210, 32, 32], [210, 210, 4, 4], Window::new(2, 1)),
    ]
}

/// The largest error, divided by the largest value.
fn error(got: &Tensor, want: &Tensor<f64>) -> f64 {
    assert_eq!(got.shape(), want.shape());
    let largest = want.data().iter().fold(1e-30, |m: f64, v| m.max(v.abs()));
    got.data().iter().zip(want.data()).map(|(&g, w)| (f64::from(g) - w).abs()).fold(0.0, f64::max) / largest
}

fn convolutions(level: Level) {
    let mut random = Random::new(4, 0);
    for conv in geometries() {
        let [x, w, y]: [Tensor; 3] = [Slot::X, Slot::W, Slot::Y].map(|s| random.normal(conv.shape(s), 0.0, 1.0));
        for (slot, a, b) in [(Slot::X, &w, &y), (Slot::W, &y, &x), (Slot::Y, &x, &w)] {
            let want = conv.leave(slot, &a.cast::<f64>(), &b.cast());
            for (way, bound) in WAYS.into_iter().filter(|(way, _)| conv.allows(*way)) {
                let error = error(&conv.leave_by(way, slot, a, b), &want);
                assert!(error <= bound, "{level} {way:?} {slot:?} {conv:?}: {error:e}");
            }
        }
        let [inner, outer]: [Tensor; 2] = [conv.channels, conv.outputs].map(|n| random.normal([n], 0.0, 1.0));
        let (ws, xs, ys) = (w.cast::<f64>(), x.cast(), y.cast());
        for (got, want) in [
            (conv.forward(&x, &w, Some(&outer), 0.2), conv.forward(&xs, &ws, Some(&outer.cast()), 0.2)),
            (
                conv.forward_transposed(&y, &w, Some(&inner), 0.2),
                conv.forward_transposed(&ys, &ws, Some(&inner.cast()), 0.2),
            ),
        ] {
            let error = error(&got, &want);
            assert!(error <= 5e-5, "{level} with bias and rectifier, {conv:?}: {error:e}");
        }
    }
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
    for level in Level::ALL {
        if force(level).is_err() {
            println!("skipped: this machine has no {level}");
            continue;
        }
        matrices(level);
        convolutions(level);
    }
}
