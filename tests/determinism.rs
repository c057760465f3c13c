//! The same bits for 1, 2, 3 and 8 threads, of shapes large enough to be cut into tasks. Rayon is named here only to make
//! the pools.

use std::sync::LazyLock;

use impasto_autograd::{Var, fns, grad, ops};
use impasto_models::metrics::{Subsets, frechet_distance, kernel_distance, memorisation, precision_recall};
use impasto_tensor::conv::{Slot, Window};
use impasto_tensor::norm::Norm;
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Conv2d, Element, Formula, Lane, MatMul, Random, Shape, Taps, Tensor, Upsample, update};
use rayon::{ThreadPool, ThreadPoolBuilder};

const THREADS: [usize; 4] = [1, 2, 3, 8];

static POOLS: LazyLock<Vec<ThreadPool>> = LazyLock::new(|| {
    THREADS.iter().map(|&n| ThreadPoolBuilder::new().num_threads(n).build().expect("a pool")).collect()
});

/// Runs `f` in every pool and compares all its results bit by bit.
pub(crate) fn same_bits<T: Element>(f: impl Fn() -> Vec<Tensor<T>> + Sync + Send) {
    // A number of either type is exact as f64, and so is its sign.
    let bits = |all: Vec<Tensor<T>>| -> Vec<Vec<u64>> {
        all.iter().map(|t| t.data().iter().map(|v| v.to_f64().to_bits()).collect()).collect()
    };
    let mut runs = POOLS.iter().zip(THREADS).map(|(pool, n)| (n, bits(pool.install(&f))));
    let (_, first) = runs.next().expect("a pool");
    assert!(first.iter().any(|t| t.iter().any(|&v| v != 0)), "nothing but zeros");
    for (n, run) in runs {
        for (i, (got, want)) in run.iter().zip(&first).enumerate() {
            let differ = got.iter().zip(want).filter(|(g, w)| g != w).count();
            assert_eq!(differ, 0, "result {i}: {differ} of {} elements differ with {n} threads", want.len());
        }
    }
}

fn normal(stream: u64, shape: impl Into<Shape>) -> Tensor {
    Random::new(5, stream).normal(shape, 0.0, 1.0)
}

#[test]
fn convolution_in_all_three_slots() {
    let conv = |x: [usize; 4], w: [usize; 4], window| Conv2d::new(&x, &w, window).expect("a geometry that fits");
    let geometries = [
        conv([3, 5, 9, 7], [4, 5, 3, 3], Window::new(1, 1)),
        conv([1, 3, 150, 130], [8, 3, 7, 5], Window::new(2, 3)),
        conv([16, 32, 16, 16], [48, 32, 4, 4], Window::new(2, 1)),
        conv([33, 16, 8, 8], [24, 16, 1, 1], Window::default()),
        conv([5, 24, 20, 20], [24, 1, 3, 3], Window { groups: 24, ..Window::new(1, 1) }),
        conv(
            [40, 1, 28, 28],
            [16, 1, 3, 3],
            Window { padding: [[0, 2], [1, 0]], dilation: [2, 1], ..Window::default() },
        ),
        conv([7, 64, 1, 1], [100, 64, 1, 1], Window::default()),
        // Minimal filtering: blocks that are one task each, blocks whose steps are shared out, and tiles of 4.
        conv([2, 24, 100, 90], [32, 24, 3, 3], Window::new(1, 1)),
        conv([1, 160, 40, 44], [192, 160, 3, 3], Window::new(1, 1)),
        conv([3, 48, 14, 14], [40, 48, 3, 3], Window::new(1, 1)),
        conv([4, 128, 16, 16], [144, 128, 4, 4], Window::new(2, 1)),
        // A kernel that covers the picture, and few outputs.
        conv([9, 100, 4, 4], [30, 100, 4, 4], Window::default()),
        conv([1, 32, 70, 66], [3, 32, 9, 9], Window::default()),
        // Lines of whole registers, read where they stand.
        conv([2, 3, 40, 64], [5, 3, 3, 3], Window::new(1, 1)),
        // Filters, and a result, that are written past the caches.
        conv([1, 1300, 37, 38], [54, 1300, 3, 3], Window::new(1, 1)),
        conv([1, 2, 512, 512], [32, 2, 3, 3], Window::new(1, 1)),
    ];
    for conv in geometries {
        let [x, w, y] = [Slot::X, Slot::W, Slot::Y].map(|slot| normal(slot as u64, conv.shape(slot)));
        same_bits(|| vec![conv.leave(Slot::X, &w, &y), conv.leave(Slot::W, &y, &x), conv.leave(Slot::Y, &x, &w)]);
    }
}

#[test]
fn matrix_products() {
    for (m, k, n) in [(301, 257, 131), (97, 1030, 2100), (3, 100_000, 5), (2000, 3, 70), (1, 5000, 1000), (1000, 1, 1)]
    {
        for (transpose_a, transpose_b) in [(false, false), (false, true), (true, false)] {
            let shape = |rows, columns, turned| if turned { [columns, rows] } else { [rows, columns] };
            let (a, b) = (normal(0, shape(m, k, transpose_a)), normal(1, shape(k, n, transpose_b)));
            same_bits(|| vec![MatMul { transpose_a, transpose_b }.run(&a, &b)]);
        }
    }
    let (a, b) = (normal(0, [17, 40, 50]), normal(1, [17, 50, 30]));
    let one = normal(2, [50, 30]);
    same_bits(|| vec![a.matmul(&b), a.matmul(&one)]);
    let (a, b) = (a.cast::<f64>(), b.cast::<f64>());
    same_bits(|| vec![a.matmul(&b)]);
}

#[test]
fn products_of_rows() {
    for shape in [[2, 64, 9001], [1, 300, 700]] {
        let x = normal(2, shape);
        same_bits(|| vec![x.products_of_rows()]);
    }
}

#[test]
fn sums() {
    for shape in [[1, 1, 1_000_003, 1], [16, 30, 33, 35], [300_000, 2, 1, 1], [2, 1, 1, 200_000], [64, 512, 4, 4]] {
        let (x, y) = (normal(0, shape), normal(1, shape));
        let channels = [1, shape[1], 1, 1];
        same_bits(|| {
            let ends = [Tensor::scalar(x.sum()), Tensor::scalar(x.mean()), Tensor::scalar(x.max_value())];
            let dot = Tensor::full([], x.dot(&y) as f32);
            let axes = [x.sum_axes(&[0, 2, 3]), x.sum_axes(&[1]), x.sum_axes(&[0]), x.sum_axes(&[2, 3])];
            let products = [x.mul_sum_to(&y, channels), x.mul_sum_to(&y, []), x.sum_to([shape[2], 1])];
            ends.into_iter().chain([dot]).chain(axes).chain(products).collect()
        });
    }
}

#[test]
fn normalisation() {
    for shape in [[16, 30, 33, 35], [2, 3, 200, 190], [500, 64, 1, 1]] {
        let c = [shape[1]];
        let (x, gamma, beta, g) = (normal(0, shape), normal(1, c), normal(2, c), normal(3, shape));
        for (groups, slope) in [(None, 1.0), (Some(shape[1]), 0.2), (None, 0.0), (Some(1), 0.2)] {
            let norm = Norm { groups, eps: 1e-5, slope };
            same_bits(|| {
                let (y, moments) = norm.run(&x, &gamma, &beta);
                let back = norm.backward(&x, &gamma, &beta, &moments, g.clone());
                vec![moments.mean, moments.scale, y, back.x, back.gamma, back.beta]
            });
        }
    }
}

#[test]
fn rows_pools_and_gates() {
    for shape in [[40_000, 10], [501, 1003]] {
        let (x, g) = (normal(0, shape), normal(1, shape));
        same_bits(|| {
            let [p, logs] = [x.softmax_rows(), x.log_softmax_rows()];
            let back = [p.softmax_rows_gradient(g.clone()), logs.log_softmax_rows_gradient(g.clone())];
            let best = Tensor::new([shape[0]], x.argmax_rows().into_iter().map(|i| i as f32).collect());
            let gates = [x.rectify(0.2).0, x.clone().gate(&x.bits(|v| v > 0.3), 1.0, 0.2)];
            [p, logs, x.logsumexp_rows(), best].into_iter().chain(back).chain(gates).collect()
        });
    }
    let x = normal(1, [6, 8, 61, 67]);
    let (up, down) = (Taps::upsample(61, 2, Upsample::Linear), Taps::average(67, 3, 2));
    same_bits(|| {
        let (pooled, places) = MaxPool { kernel: 3, stride: 2, padding: 0, ceil: true }.run(&x);
        let (spread, even) = (places.spread(&pooled), x.narrow(2, 0, 60).narrow(3, 0, 66));
        let (halved, places) = MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false }.run(&even);
        let halves = [places.spread(&halved), places.pick(&even), halved];
        let moved = [
            x.permute(&[1, 3, 0, 2]),
            x.permute(&[0, 2, 3, 1]),
            x.permute(&[0, 3, 1, 2]),
            Tensor::concat(&[&x, &x], 1),
            x.narrow(2, 3, 50),
        ];
        let maps = [x.resample(2, &up), x.resample(3, &down), x.resample(2, &up).resample(2, &up.transpose())];
        [pooled, spread].into_iter().chain(halves).chain(moved).chain(maps).collect()
    });
}

/// Every function of [`Lane`] in one formula.
struct Everything;
impl Formula for Everything {
    fn at<L: Lane>(&self, x: L) -> L {
        let positive = x.clone().abs() + L::splat(0.1);
        let waves = x.clone().sin() + x.clone().cos() + x.clone().tanh() + x.clone().erf();
        let logs = positive.clone().ln() + positive.clone().ln_1p() + positive.sqrt();
        waves + logs + x.clone().exp().max(x.clone()) / (x.clone().sigmoid() - x)
    }
}

#[test]
fn formulas_and_steps_of_optimisers() {
    let x = normal(0, [70_001]);
    same_bits(|| {
        let mut scaled = x.clone();
        scaled.scale_by(&x, &Everything);
        vec![x.map_by(&Everything), scaled]
    });
    let start = [0, 1, 2, 3].map(|stream| normal(stream, [70_001]).map(f32::abs));
    same_bits(|| {
        let [mut w, g, mut m, mut v] = start.clone();
        update::Adam { betas: [0.9, 0.99], rate: 0.1, eps: 1e-8, keep: 0.99 }.step(&mut w, &g, &mut m, &mut v);
        update::Momentum { momentum: 0.9, rate: 0.1, decay: 0.01 }.step(&mut w, &g, &mut m);
        update::average(&mut v, &w, 0.99);
        vec![w, m, v]
    });
}

#[test]
fn maps_and_random_numbers() {
    let (x, row, column) = (normal(0, [300, 500]), normal(1, [500]), normal(2, [300, 1]));
    same_bits(|| {
        let mut sum = x.zip(&row, |a, b| a * b).zip(&column, |a, b| a + b);
        sum.zip_assign(&x, |a, b| a - b);
        vec![sum, x.map(f32::exp), x.clone().into_map(f32::tanh), column.broadcast_to([300, 500])]
    });
    same_bits(|| {
        let mut random = Random::new(9, 1);
        let order = random.permutation(10_000).into_iter().map(|i| i as f32).collect();
        vec![random.normal([70_001], 0.0, 1.0), random.uniform([70_001], -1.0, 1.0), Tensor::new([10_000], order)]
    });
}

/// A training step of a small classifier, and the gradient of its gradient.
#[test]
fn a_whole_network() {
    let shapes: [&[usize]; 5] = [&[16, 1, 3, 3], &[16], &[16], &[24, 16, 3, 3], &[24, 10]];
    let labels: Vec<u32> = (0..20).map(|i| i * 7 % 10).collect();
    same_bits(|| {
        let w: Vec<Var> = (0..).zip(shapes).map(|(i, shape)| Var::param(normal(i, shape).map(|v| v * 0.2))).collect();
        let x = Var::param(normal(9, [20, 1, 28, 28]));
        let h = ops::conv2d(&x, &w[0], Window::new(1, 1));
        let h = ops::batch_norm(&h, &w[1], &w[2], 1e-5, 0.0).0;
        let h = fns::max_pool2d(&h, MaxPool { kernel: 2, stride: 2, padding: 0, ceil: false });
        let h = fns::leaky_relu(&ops::conv2d(&h, &w[3], Window::new(2, 1)), 0.2);
        let loss = ops::cross_entropy(&ops::matmul(&ops::mean_axes(&h, &[2, 3]), &w[4]), &labels);
        let slope = impasto_autograd::grad_graph(&loss, &[&x]).remove(0);
        let wrt: Vec<&Var> = w.iter().collect();
        grad(&(&loss + ops::sum(&(&slope * &slope))), &wrt)
    });
}

#[test]
fn metrics_for_generators() {
    let [x, y, z] = [0, 1, 2].map(|stream| normal(stream, [1700, 48]).map(|v| v.max(0.0)));
    same_bits(|| {
        let kernel = kernel_distance(&x, &y, Subsets { count: 2, size: 900, seed: 0 }).expect("enough rows");
        let balls = precision_recall(&x, &y, 3).expect("enough rows");
        let nearest = memorisation(&x, &y, &z).expect("enough rows");
        let distance = frechet_distance(&x, &y).expect("enough rows");
        let numbers = [distance, kernel.value, kernel.spread, balls.precision, balls.recall];
        let distances = nearest.pairs.iter().map(|pair| pair.distance);
        vec![Tensor::<f64>::new([5 + x.shape()[0]], numbers.into_iter().chain(distances).collect())]
    });
}
