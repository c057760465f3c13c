//! The graph and the walk: depth, consumption, what is frozen, what is freed, and whose line a panic names.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use impasto_autograd::kinds::{Leave, Lin, Linear, Trilinear};
use impasto_autograd::{Var, apply, declare_op, fns, grad, grad_graph, grad_keep, ops, try_apply, vjp};
use impasto_tensor::conv::Window;
use impasto_tensor::{Element, Random, Shape, ShapeError, Tensor};

mod blame;
mod blame_pictures;

fn normal<T: Element>(random: &mut Random, shape: &[usize]) -> Tensor<T> {
    random.normal(shape, 0.0, 1.0)
}

/// The elementwise product of two vectors, which counts how often each slot is computed.
#[derive(Clone, Debug)]
struct Counted {
    len: usize,
    calls: Arc<[AtomicUsize; 3]>,
}

impl Counted {
    fn new(len: usize) -> Self {
        Self { len, calls: Arc::default() }
    }

    fn calls(&self) -> [usize; 3] {
        [0, 1, 2].map(|slot| self.calls[slot].load(Ordering::Relaxed))
    }
}

impl Trilinear for Counted {
    const NAME: &'static str = "counted";
    fn slots(&self) -> [Shape; 3] {
        [Shape::new(&[self.len]); 3]
    }
    fn leave<T: Element>(&self, slot: usize, a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
        self.calls[slot].fetch_add(1, Ordering::Relaxed);
        a.zip(b, |a, b| a * b)
    }
    fn cases() -> Vec<Self> {
        vec![Self::new(3)]
    }
}

/// Counts itself: `0` is how many tokens of one graph live.
#[derive(Debug)]
struct Token(Arc<AtomicUsize>);

impl Token {
    fn new(live: &Arc<AtomicUsize>) -> Arc<Self> {
        live.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self(Arc::clone(live)))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The identity, which notes when its gradient is asked for how many of its kind are still recorded.
#[derive(Clone, Debug)]
struct Witness {
    token: Arc<Token>,
    most: Arc<AtomicUsize>,
    least: Arc<AtomicUsize>,
}

impl Linear for Witness {
    const NAME: &'static str = "witness";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].clone()
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        let live = self.token.0.load(Ordering::Relaxed);
        self.most.fetch_max(live, Ordering::Relaxed);
        self.least.fetch_min(live, Ordering::Relaxed);
        g.clone()
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        let token = Token::new(&Arc::default());
        vec![(Self { token, most: Arc::default(), least: Arc::default() }, vec![Shape::new(&[2])])]
    }
}

declare_op! {
    trilinear Counted;
    linear Witness;
}

#[test]
fn a_chain_of_a_million_is_walked_and_dropped_on_a_small_stack() {
    const LENGTH: usize = 1_000_000;
    let chain = |x: &Var<f64>| (0..LENGTH).fold(x.clone(), |y, _| ops::add(&y, x));
    let deep = move || {
        let x = Var::param(Tensor::scalar(1.0));
        let y = chain(&x);
        assert_eq!(grad(&y, &[&x])[0].item(), LENGTH as f64 + 1.0);
        drop(y);
        // Dropped as it was built, no walk before.
        drop(chain(&x));
    };
    let thread = thread::Builder::new().stack_size(256 * 1024).spawn(deep).expect("a thread");
    thread.join().expect("neither walking nor dropping recurses");
}

#[test]
fn walking_a_consumed_graph_names_grad_keep() {
    let x = Var::param(Tensor::scalar(2.0));
    let y = ops::exp(&x);
    let first = grad_keep(&y, &[&x]);
    assert_eq!(first, grad_keep(&y, &[&x]), "grad_keep leaves the records");
    assert_eq!(first, grad(&y, &[&x]));
    for walk in [grad, grad_keep] {
        let (_, message) = blame::panic_of(&|| drop(walk(&y, &[&x]))).expect("a panic");
        assert!(message.contains("`exp` was consumed") && message.contains("grad_keep"), "{message}");
    }
    let (_, message) = blame::panic_of(&|| drop(grad_graph(&y, &[&x]))).expect("a panic");
    assert!(message.contains("grad_keep"), "{message}");
}

#[test]
fn consuming_one_branch_leaves_the_other() {
    let x = Var::<f64>::param(Tensor::scalar(0.5));
    let (a, b) = (ops::exp(&x), ops::sin(&x));
    assert_eq!(grad(&a, &[&x])[0].item(), 0.5f64.exp());
    assert_eq!(grad(&b, &[&x])[0].item(), 0.5f64.cos());
}

#[test]
fn what_is_frozen_or_not_asked_for_costs_nothing() {
    let (x, w) = (Tensor::<f64>::ones([4]), Tensor::full([4], 3.0));
    for frozen in [Var::constant(w.clone()), Var::param(w)] {
        let op = Counted::new(4);
        let x = Var::param(x.clone());
        let y = apply(Leave(op.clone(), 2), &[&x, &frozen]);
        assert_eq!(grad_keep(&ops::sum(&y), &[&x])[0].data(), [3.0; 4]);
        assert_eq!(op.calls(), [1, 0, 1], "one forward, the gradient for x, none for w");
        drop(grad_graph(&ops::sum(&y), &[&x]));
        assert_eq!(op.calls(), [2, 0, 1]);
    }
    let op = Counted::new(4);
    let y = apply(Leave(op, 2), &[&Var::constant(x.clone()), &Var::constant(x)]);
    assert!(!y.is_tracked(), "constants give constants");
}

#[test]
fn a_branch_that_leads_to_no_target_is_not_walked() {
    let op = Counted::new(2);
    let [x, w] = [1.0, 2.0].map(|v| Var::<f64>::param(Tensor::full([2], v)));
    let aside = apply(Leave(op.clone(), 2), &[&w, &w]);
    let y = ops::sum(&(&x * aside));
    assert_eq!(grad(&y, &[&x])[0].data(), [4.0; 2]);
    assert_eq!(op.calls(), [0, 0, 1]);
}

#[test]
fn records_are_freed_behind_the_walk() {
    const LENGTH: usize = 20;
    for (walk, freed) in [(grad as fn(&_, &[&_]) -> Vec<_>, true), (grad_keep, false)] {
        let live: Arc<AtomicUsize> = Arc::default();
        let (most, least) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(usize::MAX)));
        let x = Var::<f64>::param(Tensor::ones([3]));
        let mut y = x.clone();
        for _ in 0..LENGTH {
            let op = Witness { token: Token::new(&live), most: Arc::clone(&most), least: Arc::clone(&least) };
            y = ops::tanh(&apply(Lin(op), &[&y]));
        }
        // tanh keeps its result; this clone shows whether anybody else still does.
        let activation = y.value().clone();
        let loss = ops::sum(&y);
        drop(y);
        assert!(activation.is_shared());
        drop(walk(&loss, &[&x]));
        let [most, least, left] = [&most, &least, &live].map(|n| n.load(Ordering::Relaxed));
        let expected = if freed { [LENGTH, 1, 0] } else { [LENGTH; 3] };
        assert_eq!([most, least, left], expected, "most and least records during the walk, and after it");
        assert_eq!(activation.is_shared(), !freed, "the loss still lives, what its gradient needed does not");
    }
}

#[test]
fn a_weight_used_twice_collects_from_both() {
    let mut random = Random::new(1, 0);
    let [a, b, w] = [[3, 4], [3, 4], [4, 4]].map(|shape| normal::<f64>(&mut random, &shape));
    let [a, b, w] = [a, b, w].map(Var::param);
    let (p, q) = (ops::sum(&ops::matmul(&a, &w)), ops::sum(&ops::matmul(&b, &w)));
    let both = grad_keep(&(&p + &q), &[&w]).remove(0);
    let apart = grad(&p, &[&w])[0].zip(&grad(&q, &[&w])[0], |p, q| p + q);
    assert_eq!(both, apart);
}

/// The same variable in two places of one operation, by the fast rules and by those of higher orders.
#[test]
fn one_variable_in_two_slots_collects_from_both() {
    type Case = (&'static str, fn(&Var<f64>, &Var<f64>) -> Var<f64>);
    let cases: [Case; 5] = [
        ("mul", |a, b| ops::mul(a, b)),
        ("add", |a, b| ops::add(a, b)),
        ("matmul", |a, b| ops::matmul(a, b)),
        ("concat", |a, b| ops::concat(&[a, b], 0)),
        ("batch_norm", |a, b| {
            let x = Var::constant(Tensor::from_fn([5, 3], |i| (i as f64).sin()));
            let [gamma, beta] = [a, b].map(|v| ops::sum_axes(v, &[0]));
            // Where the slots are the same variable, so are these.
            let beta = if std::ptr::eq(a, b) { gamma.clone() } else { beta };
            ops::batch_norm(&x, &gamma, &beta, 1e-5, 0.2).0
        }),
    ];
    let mut random = Random::new(2, 0);
    for (name, f) in cases {
        let value = normal::<f64>(&mut random, &[3, 3]);
        let [x, a, b] = [(); 3].map(|()| Var::param(value.clone()));
        let u = Var::constant(normal(&mut random, f(&a, &b).shape()));
        let apart = grad(&ops::sum(&(f(&a, &b) * &u)), &[&a, &b]);
        let want = apart[0].zip(&apart[1], |a, b| a + b);
        let got =
            [vjp(&f(&x, &x), &u, &[&x]).remove(0).into_value(), grad(&ops::sum(&(f(&x, &x) * &u)), &[&x]).remove(0)];
        for got in got {
            let worst = got.zip(&want, |g, w| (g - w).abs()).max_value();
            assert!(worst < 1e-12, "{name}: {got:?} and {want:?}");
        }
    }
}

/// A discriminator: two convolutions with leaky rectifiers and a linear layer.
fn discriminator(x: &Var<f64>, w: &[Var<f64>]) -> Var<f64> {
    let h = fns::leaky_relu(&ops::conv2d(x, &w[0], Window::new(2, 1)), 0.2);
    let h = fns::leaky_relu(&ops::conv2d(&h, &w[1], Window::new(2, 1)), 0.2);
    let rows = h.shape()[0];
    let width = h.value().len() / rows;
    ops::matmul(&ops::reshape(&h, [rows, width]), &w[2])
}

/// Mean squared length of the gradient for the pictures.
fn r1(x: &Tensor<f64>, w: &[Var<f64>]) -> Var<f64> {
    let x = Var::param(x.clone());
    let slope = grad_graph(&ops::sum(&discriminator(&x, w)), &[&x]).remove(0);
    ops::sum(&(&slope * &slope)) / x.shape()[0] as f64
}

#[test]
fn the_gradient_of_a_gradient_penalty_agrees_with_differences() {
    const STEP: f64 = 1e-5;
    let mut random = Random::new(3, 0);
    let x = normal(&mut random, &[3, 2, 8, 8]);
    let shapes: [&[usize]; 3] = [&[4, 2, 4, 4], &[5, 4, 4, 4], &[20, 1]];
    let w = shapes.map(|shape| normal::<f64>(&mut random, shape));
    let v = shapes.map(|shape| normal::<f64>(&mut random, shape));
    let params = w.clone().map(Var::param);
    let exact: f64 =
        grad(&r1(&x, &params), &params.each_ref()).iter().zip(&v).map(|(gradient, v)| gradient.dot(v)).sum();
    let at = |t: f64| {
        let moved: Vec<_> = w.iter().zip(&v).map(|(w, v)| Var::param(w.zip(v, |w, v| w + t * v))).collect();
        r1(&x, &moved).item()
    };
    let numeric = (8.0 * (at(STEP) - at(-STEP)) - (at(2.0 * STEP) - at(-2.0 * STEP))) / (12.0 * STEP);
    let error = (exact - numeric).abs() / exact.abs();
    assert!(error < 1e-8, "the rule says {exact}, differences {numeric}: {error:e}");
}

#[test]
fn a_misfit_can_be_had_as_a_value() {
    let [two, three] = [2, 3].map(|n| Var::<f64>::param(Tensor::ones([n])));
    let error = try_apply(Leave(Counted::new(2), 2), &[&two, &three]).expect_err("the shapes differ");
    assert_eq!(error, ShapeError::new("counted", "expected [2] and [2], got [[2], [3]]"));
    assert!(try_apply(Leave(Counted::new(2), 2), &[&two, &two]).is_ok());
}

#[test]
fn the_same_target_may_be_asked_for_twice_and_a_stranger_gets_zeros() {
    let [x, stranger] = [2.0, 5.0].map(|v| Var::<f64>::param(Tensor::full([2], v)));
    let h = &x * &x;
    let y = ops::sum(&h);
    let all = grad(&y, &[&x, &h, &x, &stranger]);
    assert_eq!(all.iter().map(|g| g.data()[0]).collect::<Vec<_>>(), [4.0, 1.0, 4.0, 0.0]);
    assert_eq!(grad(&ops::sum(&Var::constant(Tensor::ones([2]))), &[&x])[0].data(), [0.0; 2]);
}
