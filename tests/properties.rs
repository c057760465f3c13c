//! Kernels against their definitions over drawn geometries: loop nests, `ndarray`, brute force, and dot tests.

use impasto_autograd::{Var, ops, vjp};
use impasto_tensor::conv::{Slot, Window};
use impasto_tensor::pool::MaxPool;
use impasto_tensor::{Conv2d, Element, MatMul, Random, Taps, Tensor};
use ndarray::{ArrayView2, Ix2};
use proptest::collection::vec;
use proptest::prelude::*;

mod gradients;

/// So many draws; nothing is written to disk, the failing geometry stands in the message.
fn draws(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn normal(seed: u64, shape: impl Into<impasto_tensor::Shape>) -> Tensor<f64> {
    Random::new(seed, 1).normal(shape, 0.0, 1.0)
}

fn two(range: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = [usize; 2]> {
    [range.clone(), range]
}

/// Any convolution that fits, small.
fn convolutions(side: usize) -> impl Strategy<Value = Conv2d> {
    let window = (two(1..=3), [two(0..=2), two(0..=2)], two(1..=2));
    ((1..=3usize, 1..=3usize, 1..=2usize, 1..=2usize), two(1..=4), window, two(0..=side)).prop_map(
        |((batch, groups, c, o), kernel, (stride, padding, dilation), more)| {
            let side = |i: usize| {
                let reach = dilation[i] * (kernel[i] - 1) + 1;
                reach.saturating_sub(padding[i][0] + padding[i][1]).max(1) + more[i]
            };
            let window = Window { stride, padding, dilation, groups };
            let [h, w] = [side(0), side(1)];
            Conv2d::new(&[batch, c * groups, h, w], &[o * groups, c, kernel[0], kernel[1]], window)
                .expect("a geometry made to fit")
        },
    )
}

/// Whether `got` equals `want` up to `within` of the same sums taken over absolute values.
fn close<T: Element>(
    got: &Tensor<T>,
    want: &Tensor<f64>,
    sums: &Tensor<f64>,
    within: f64,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(got.shape(), want.shape());
    for ((got, want), sum) in got.data().iter().zip(want.data()).zip(sums.data()) {
        let error = (got.to_f64() - want).abs();
        prop_assert!(error <= within * sum, "{:?} and {}, off by {:e} of {}", got, want, error, sum);
    }
    Ok(())
}

fn equal(got: f64, want: f64, scale: f64) -> Result<(), TestCaseError> {
    prop_assert!((got - want).abs() <= 1e-12 * (1.0 + scale), "{} and {}", got, want);
    Ok(())
}

/// A shape and two that broadcast to it.
fn broadcasts() -> impl Strategy<Value = [Vec<usize>; 2]> {
    vec((1..=4usize, any::<bool>(), any::<bool>()), 0..=4).prop_flat_map(|axes| {
        let own = |which: fn(&(usize, bool, bool)) -> bool| -> Vec<usize> {
            axes.iter().map(|axis| if which(axis) { 1 } else { axis.0 }).collect()
        };
        // Never both stretched, so that the length survives; leading axes may be missing on one side.
        let (a, b) = (own(|axis| axis.1), own(|axis| axis.2 && !axis.1));
        let rank = a.len();
        (0..=rank, any::<bool>()).prop_map(move |(cut, first)| {
            let (mut a, mut b) = (a.clone(), b.clone());
            drop(if first { a.drain(..cut) } else { b.drain(..cut) });
            [a, b]
        })
    })
}

/// Any map along one axis of up to six places, repetitions and empty places included.
fn maps() -> impl Strategy<Value = Taps> {
    (1..=6usize).prop_flat_map(|from| {
        vec(vec((0..from, -2.0..2.0f64), 0..=3), 0..=6).prop_map(move |places| Taps::new(from, places))
    })
}

proptest! {
    #![proptest_config(draws(150))]

    #[test]
    fn convolution_is_its_loop_nest(conv in convolutions(6), seed: u64) {
        let [x, w, y] = [Slot::X, Slot::W, Slot::Y].map(|slot| normal(seed ^ slot as u64, conv.shape(slot)));
        for (slot, a, b) in [(Slot::X, &w, &y), (Slot::W, &y, &x), (Slot::Y, &x, &w)] {
            let want = conv.reference(slot, a, b);
            let sums = conv.reference(slot, &a.map(f64::abs), &b.map(f64::abs));
            close(&conv.leave(slot, a, b), &want, &sums, 1e-14)?;
            close(&conv.leave::<f32>(slot, &a.cast(), &b.cast()), &want, &sums, 2e-6)?;
        }
    }

    #[test]
    fn a_map_and_its_transpose_are_adjoint(taps in maps(), outer in 0..=3usize, inner in 0..=3usize, seed: u64) {
        let x = normal(seed, [outer, taps.from(), inner]);
        let y = normal(seed ^ 1, [outer, taps.to(), inner]);
        let (ax, ay) = (x.resample(1, &taps), y.resample(1, &taps.transpose()));
        equal(ax.dot(&y), x.dot(&ay), ax.map(f64::abs).dot(&y.map(f64::abs)))?;
        let again = x.resample(1, &taps.transpose().transpose());
        prop_assert_eq!(again.shape(), ax.shape());
        let v = Var::param(x);
        let g = vjp(&ops::resample(&v, 1, &taps), &Var::constant(y), &[&v]).remove(0);
        prop_assert_eq!(g.value(), &ay);
    }

    #[test]
    fn axes_are_permuted_as_ndarray_does(
        (dims, order) in vec(0..=4usize, 0..=5)
            .prop_flat_map(|dims| { let order: Vec<_> = (0..dims.len()).collect(); (Just(dims), Just(order).prop_shuffle()) }),
        seed: u64,
    ) {
        let x = Var::param(normal(seed, &dims[..]));
        let y = ops::permute(&x, &order);
        prop_assert_eq!(y.value(), &Tensor::from(x.value().view().permuted_axes(&order[..])));
        // A permutation keeps every number: its adjoint is its inverse, exactly.
        let back = vjp(&y, &y.detach(), &[&x]).remove(0);
        prop_assert_eq!(back.value(), x.value());
    }

    #[test]
    fn parts_of_a_joined_tensor_are_the_parts(
        lens in vec(0..=3usize, 1..=4), axis in 0..3usize, others in two(1..=3), seed: u64,
    ) {
        let mut shape = others.to_vec();
        shape.insert(axis, 0);
        let with = |len: usize| { let mut shape = shape.clone(); shape[axis] = len; shape };
        let parts: Vec<_> =
            lens.iter().enumerate().map(|(i, &len)| Var::param(normal(seed ^ i as u64, &with(len)[..]))).collect();
        let all = ops::concat(&parts.iter().collect::<Vec<_>>(), axis);
        let u = normal(!seed, all.shape());
        let gradients = vjp(&all, &Var::constant(u.clone()), &parts.iter().collect::<Vec<_>>());
        let mut start = 0;
        for ((part, gradient), &len) in parts.iter().zip(&gradients).zip(&lens) {
            let narrowed = ops::narrow(&all, axis, start, len);
            prop_assert_eq!(narrowed.value(), part.value());
            prop_assert_eq!(gradient.value(), &u.narrow(axis, start, len));
            // Narrowing's adjoint puts the part back where it stood, among zeros.
            let back = vjp(&narrowed, &part.detach(), &[&all]).remove(0);
            start += len;
            let zeros = [start - len, all.shape()[axis] - start].map(|len| Tensor::zeros(&with(len)[..]));
            prop_assert_eq!(back.value(), &Tensor::concat(&[&zeros[0], part.value(), &zeros[1]], axis));
        }
    }

    #[test]
    fn gathering_and_scattering_are_adjoint(
        (m, rows, indices) in (1..=6usize, 1..=3usize, 0..=8usize).prop_flat_map(|(m, rows, picks)| {
            (Just(m), Just(rows), vec(0..m as u32, rows * picks))
        }),
        seed: u64,
    ) {
        let picks = indices.len() / rows;
        let x = normal(seed, [rows, m]);
        let y = normal(seed ^ 1, [rows, picks]);
        let gathered = x.gather(rows, &indices);
        let mut scattered = Tensor::<f64>::zeros([rows, m]);
        for (i, &at) in indices.iter().enumerate() {
            let from = i / picks * m + at as usize;
            prop_assert_eq!(gathered.data()[i], x.data()[from]);
            scattered.data_mut()[from] += y.data()[i];
        }
        prop_assert_eq!(&y.scatter_add(rows, &indices, m), &scattered);
        let v = Var::param(x);
        let g = vjp(&ops::gather(&v, rows, indices.into(), [rows, picks]), &Var::constant(y), &[&v]).remove(0);
        prop_assert_eq!(g.value(), &scattered);
    }

    #[test]
    fn broadcasting_is_ndarrays([a, b] in broadcasts(), seed: u64) {
        let (a, b) = (Var::param(normal(seed, &a[..])), Var::param(normal(seed ^ 1, &b[..])));
        let (p, q) = (a.value().view(), b.value().view());
        prop_assert_eq!((&a + &b).into_value(), Tensor::from(&p + &q));
        prop_assert_eq!((&a - &b).into_value(), Tensor::from(&p - &q));
        let product = &a * &b;
        prop_assert_eq!(product.value(), &Tensor::from(&p * &q));
        // <u, da b + a db> by the rule and by the definition.
        let u = normal(seed ^ 2, product.shape());
        let g = vjp(&product, &Var::constant(u.clone()), &[&a, &b]);
        let (da, db) = (normal(seed ^ 3, a.shape()), normal(seed ^ 4, b.shape()));
        let change = Tensor::from(&da.view() * &q).zip(&Tensor::from(&p * &db.view()), |s, t| s + t);
        let scale = change.map(f64::abs).dot(&u.map(f64::abs));
        equal(g[0].value().dot(&da) + g[1].value().dot(&db), change.dot(&u), scale)?;
    }

    #[test]
    fn matrix_products_are_ndarrays(
        (m, k, n) in (0..=20usize, 0..=20usize, 0..=20usize), transpose_a: bool, transpose_b: bool, seed: u64,
    ) {
        let shape = |rows, columns, turned| if turned { [columns, rows] } else { [rows, columns] };
        let a = normal(seed, shape(m, k, transpose_a));
        let b = normal(seed ^ 1, shape(k, n, transpose_b));
        let (p, q) = (matrix(&a, transpose_a), matrix(&b, transpose_b));
        let want = Tensor::from(p.dot(&q).into_dyn());
        let sums = Tensor::from(p.mapv(f64::abs).dot(&q.mapv(f64::abs)).into_dyn());
        let how = MatMul { transpose_a, transpose_b };
        close(&how.run(&a, &b), &want, &sums, 1e-14)?;
        close(&how.run::<f32>(&a.cast(), &b.cast()), &want, &sums, 2e-6)?;
    }

    #[test]
    fn max_pooling_takes_the_first_of_the_largest(
        (kernel, stride, ceil) in (1..=4usize, 1..=4usize, any::<bool>()), more in two(0..=6), planes in two(1..=2),
        seed: u64,
    ) {
        let (h, w) = (kernel + more[0], kernel + more[1]);
        // Few values, so that ties abound.
        let x = Random::new(seed, 0).uniform::<f64>([planes[0], planes[1], h, w], -2.0, 2.0).map(f64::round);
        let (y, places) = MaxPool { kernel, stride, padding: 0, ceil }.run(&x);
        let sides = [h, w].map(|side| {
            let windows = (0..side).step_by(stride).filter(|start| ceil || start + kernel <= side);
            // With `ceil`, one window may reach over the edge.
            let whole = (0..side).step_by(stride).filter(|start| start + kernel <= side).count();
            let covered = (whole - 1) * stride + kernel >= side;
            windows.take(if ceil && !covered { whole + 1 } else { whole }).collect::<Vec<_>>()
        });
        prop_assert_eq!(&y.shape()[2..], &[sides[0].len(), sides[1].len()]);
        let mut taken = places.sources().zip(y.data());
        for plane in x.data().chunks(h * w) {
            for (&top, &left) in sides[0].iter().flat_map(|top| sides[1].iter().map(move |left| (top, left))) {
                let places = (top..(top + kernel).min(h)).flat_map(|i| (left..(left + kernel).min(w)).map(move |j| i * w + j));
                let best = places.rev().max_by(|&i, &j| plane[i].partial_cmp(&plane[j]).expect("numbers")).expect("a window");
                prop_assert_eq!(taken.next(), Some((best, &plane[best])));
            }
        }
    }
}

fn matrix(a: &Tensor<f64>, turned: bool) -> ArrayView2<'_, f64> {
    let a = a.view().into_dimensionality::<Ix2>().expect("two axes");
    if turned { a.reversed_axes() } else { a }
}
