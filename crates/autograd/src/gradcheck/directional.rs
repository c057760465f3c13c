//! Derivatives along random directions, against central differences, to any order.

use impasto_tensor::{Random, Shape, Tensor};

use super::Function;
use super::report::{Report, TOLERANCE};
use crate::backward::vjp;
use crate::ops::{add, mul, sum};
use crate::var::Var;

/// The step of the central differences; five points make their error of order h^4.
const STEP: f64 = 1e-3;
/// Draws of the inputs, and how often one that lies at a kink is replaced.
const DRAWS: usize = 2;
const REDRAWS: usize = 20;

/// What a comparison along one direction found.
enum Outcome {
    /// Equal, to the worst relative error of each order.
    Equal(Vec<f64>),
    /// The differences disagree with each other: the point lies at a kink.
    Kink,
    /// The rule is wrong.
    Wrong(String),
}

impl Report {
    /// Checks all derivatives of `f` at points drawn from an interval, up to the report's order, then with every input used
    /// twice.
    pub(crate) fn derivatives(&mut self, f: &Function, shapes: &[Shape], range: [f64; 2]) {
        let mut random = Random::new(0x5EED, self.cases as u64);
        for _ in 0..DRAWS {
            self.draw(f, shapes, range, &mut random, self.order);
        }
        let twice = |x: &[Var<f64>]| mul(&f(x), &f(x));
        self.draw(&twice, shapes, range, &mut random, 1);
    }

    fn draw(&mut self, f: &Function, shapes: &[Shape], [low, high]: [f64; 2], random: &mut Random, order: usize) {
        self.cases += 1;
        for _ in 0..REDRAWS {
            let x: Vec<Tensor<f64>> = shapes.iter().map(|s| random.uniform(s, low, high)).collect();
            match directional(f, &x, 1, order, random) {
                Outcome::Equal(errors) => {
                    for (worst, error) in self.worst.iter_mut().zip(errors) {
                        *worst = worst.max(error);
                    }
                    return;
                }
                Outcome::Wrong(what) => return self.fail(what),
                Outcome::Kink => {}
            }
        }
        self.fail(format!("{REDRAWS} draws in a row lay at kinks"));
    }
}

/// Compares `<u, J v>` by differences with `<J^T u, v>` by the rule, then does the same for `(x, u) -> <J^T u, r>`, which
/// is one order higher.
fn directional(f: &Function, x: &[Tensor<f64>], order: usize, highest: usize, random: &mut Random) -> Outcome {
    let params: Vec<Var<f64>> = x.iter().cloned().map(Var::param).collect();
    let y = f(&params);
    let u: Tensor<f64> = random.normal(y.shape(), 0.0, 1.0);
    let v: Vec<Tensor<f64>> = x.iter().map(|x| random.normal(x.shape(), 0.0, 1.0)).collect();
    if !y.is_tracked() {
        // Constant in all inputs: every further derivative is zero too, and differences must say so.
        return compare(f, x, &v, &u, 0.0, 1.0, order);
    }
    let gradients = vjp(&y, &Var::constant(u.clone()), &params.iter().collect::<Vec<_>>());
    let exact: f64 = gradients.iter().zip(&v).map(|(g, v)| g.value().dot(v)).sum();
    // The size of the terms that `exact` is the sum of: cancellation between them is no error.
    let scale: f64 = gradients.iter().zip(&v).map(|(g, v)| g.value().map(f64::abs).dot(&v.map(f64::abs))).sum();
    let mut errors = match compare(f, x, &v, &u, exact, scale, order) {
        Outcome::Equal(errors) => errors,
        other => return other,
    };
    if order < highest {
        let r: Vec<Tensor<f64>> = x.iter().map(|x| random.normal(x.shape(), 0.0, 1.0)).collect();
        let inputs = x.len();
        let gradient = |x: &[Var<f64>]| {
            // Also the numeric evaluations need a graph to take the gradient of.
            let tracked = |v: &Var<f64>| if v.is_tracked() { v.clone() } else { Var::param(v.value().clone()) };
            let x: Vec<Var<f64>> = x.iter().map(tracked).collect();
            let wrt: Vec<&Var<f64>> = x[..inputs].iter().collect();
            let gradients = vjp(&f(&x[..inputs]), &x[inputs], &wrt);
            let terms = gradients.iter().zip(&r).map(|(g, r)| sum(&mul(g, &Var::constant(r.clone()))));
            terms.reduce(|a, b| add(&a, &b)).expect("at least one input")
        };
        let mut more = x.to_vec();
        more.push(u);
        match directional(&gradient, &more, order + 1, highest, random) {
            Outcome::Equal(higher) => errors.extend(higher),
            other => return other,
        }
    }
    Outcome::Equal(errors)
}

fn compare(
    f: &Function,
    x: &[Tensor<f64>],
    v: &[Tensor<f64>],
    u: &Tensor<f64>,
    exact: f64,
    scale: f64,
    order: usize,
) -> Outcome {
    let along = |t: f64| {
        let moved = x.iter().zip(v).map(|(x, v)| Var::constant(x.zip(v, |x, v| x + t * v)));
        f(&moved.collect::<Vec<_>>()).value().dot(u)
    };
    let difference = |h: f64| (8.0 * (along(h) - along(-h)) - (along(2.0 * h) - along(-2.0 * h))) / (12.0 * h);
    let tolerance = TOLERANCE[order - 1];
    let numeric = difference(STEP);
    let error = (exact - numeric).abs() / scale.max(f64::MIN_POSITIVE).max(1e-3 * u.dot(u).sqrt());
    if error <= tolerance {
        return Outcome::Equal(vec![error]);
    }
    let finer = difference(STEP / 8.0);
    if (numeric - finer).abs() > 0.5 * (exact - numeric).abs() {
        return Outcome::Kink;
    }
    Outcome::Wrong(format!("derivative of order {order}: the rule says {exact}, differences {numeric}"))
}
