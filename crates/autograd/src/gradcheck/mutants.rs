//! The same operation with one mistake in its gradient. A check that lets a mutant live proves nothing.
//!
//! A mutant has the operation's value, so that differences see the right function, and the gradient of another one: where
//! `stop(v)` is v as a constant, `stop(f(x)) + m(x) - stop(m(x))` is f in value and m in every derivative. What m is makes the
//! mistake. One that leaves the gradient as it was, as turning round does to a sum, is no mistake and is not counted; nor is one
//! that shows at few points only, as the derivative at a neighbour of a function with straight pieces.

use impasto_tensor::{Random, Shape, Taps, Tensor};

use super::Function;
use super::kinds::{Case, Composite, cases};
use super::report::Report;
use crate::backward::vjp;
use crate::derivatives::{hvp, jvp};
use crate::kinds::{Fused, Linear, Pointwise, Trilinear};
use crate::op::{Op, apply};
use crate::ops::{add, affine, mul, resample, reshape, sub, sum};
use crate::var::Var;

/// A mistake in a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A thousandth too much.
    Scaled,
    /// The other sign.
    Negated,
    /// The last input has none.
    Lost,
    /// Inputs read from the other end.
    Flipped,
    /// Inputs read a place too far.
    Rolled,
    /// The first number of each input is left out.
    ShortOfOne,
    /// The last number of each input counts twice.
    LastTwice,
    /// The derivative at a neighbouring point.
    Neighbour,
    /// Right, but a constant: derivatives of higher order are lost.
    Constant,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Scaled,
        Self::Negated,
        Self::Lost,
        Self::Flipped,
        Self::Rolled,
        Self::ShortOfOne,
        Self::LastTwice,
        Self::Neighbour,
        Self::Constant,
    ];

    /// Whether it is one of geometry or formula, not of scale.
    pub fn is_structural(self) -> bool {
        !matches!(self, Self::Scaled | Self::Negated | Self::Lost)
    }

    /// `f` in value, mistaken in derivatives.
    fn planted(self, f: &Function, x: &[Var<f64>]) -> Var<f64> {
        let each = |change: &dyn Fn(&Var<f64>) -> Var<f64>| f(&x.iter().map(change).collect::<Vec<_>>());
        let other = match self {
            Self::Scaled => affine(&f(x), 1.001, 0.0),
            Self::Negated => affine(&f(x), -1.0, 0.0),
            Self::Lost => {
                let mut x = x.to_vec();
                let last = x.pop().expect("at least one input");
                x.push(last.detach());
                f(&x)
            }
            Self::Flipped => each(&|x| along(x, Taps::flip)),
            Self::Rolled => each(&|x| along(x, |n| Taps::select(n, (1..n).chain([0])))),
            Self::ShortOfOne => each(&|x| weighted(x, 0, 0.0)),
            Self::LastTwice => each(&|x| weighted(x, x.value().len() - 1, 2.0)),
            Self::Neighbour => each(&|x| affine(x, 1.0, 0.01)),
            Self::Constant => {
                let here: Vec<Var<f64>> = x.iter().map(|x| Var::param(x.value().clone())).collect();
                let step: Vec<Var<f64>> = x.iter().map(|x| sub(x, &x.detach())).collect();
                jvp(&f(&here), &here.iter().collect::<Vec<_>>(), &step.iter().collect::<Vec<_>>())
            }
        };
        add(&f(x).detach(), &sub(&other, &other.detach()))
    }
}

/// All numbers of `x` as one axis, mapped and put back.
fn along(x: &Var<f64>, taps: impl Fn(usize) -> Taps) -> Var<f64> {
    let n = x.value().len();
    reshape(&resample(&reshape(x, [n]), 0, &taps(n)), *x.shape())
}

/// `x`, whose number `at` has `weight` times its gradient.
fn weighted(x: &Var<f64>, at: usize, weight: f64) -> Var<f64> {
    let mut weights = Tensor::ones(x.shape());
    weights.data_mut()[at] = weight;
    let moves = mul(x, &Var::constant(weights));
    add(&x.detach(), &sub(&moves, &moves.detach()))
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// What is wrong with it.
    pub mistake: Mistake,
    /// Whether the check found it.
    pub killed: bool,
}

/// A function, and where its inputs are drawn.
type Subject<'a> = (&'a Function<'a>, Vec<Shape>, [f64; 2]);

/// Plants each mistake in the first of some functions whose derivatives it changes.
fn plant(subjects: &[Subject]) -> Vec<Mutant> {
    let mutant = |mistake| {
        let (f, shapes, range) = subjects.iter().find(|subject| changes(mistake, subject))?;
        let mut report = Report::new("mutant", "mutant", if mistake == Mistake::Constant { 2 } else { 1 });
        report.derivatives(&|x: &[Var<f64>]| mistake.planted(f, x), shapes, *range);
        Some(Mutant { mistake, killed: !report.passed() })
    };
    Mistake::ALL.into_iter().filter_map(mutant).collect()
}

/// Points at which a mistake must show.
const POINTS: u64 = 3;

/// Whether a mistake changes a derivative of first order, or of second where the first must stay, at each of some points.
fn changes(mistake: Mistake, (f, shapes, [low, high]): &Subject) -> bool {
    (0..POINTS).all(|stream| {
        let mut random = Random::new(0x317, stream);
        let x: Vec<Var<f64>> = shapes.iter().map(|s| Var::param(random.uniform(s, *low, *high))).collect();
        if x.iter().any(|x| x.value().is_empty()) {
            return false;
        }
        let y = f(&x);
        let u: Tensor<f64> = random.normal(y.shape(), 0.0, 1.0);
        let v: Vec<Var<f64>> = shapes.iter().map(|s| Var::constant(random.normal(s, 0.0, 1.0))).collect();
        let derivative = |y: &Var<f64>| {
            let (u, wrt) = (Var::constant(u.clone()), x.iter().collect::<Vec<_>>());
            let gradients = match mistake {
                Mistake::Constant => hvp(&sum(&mul(y, &u)), &wrt, &v.iter().collect::<Vec<_>>()),
                _ => vjp(y, &u, &wrt),
            };
            gradients.into_iter().map(Var::into_value).collect::<Vec<_>>()
        };
        let (right, wrong) = (derivative(&y), derivative(&mistake.planted(f, &x)));
        let largest =
            |differences: Vec<Tensor<f64>>| differences.iter().map(|d| d.map(f64::abs).max_value()).fold(0.0, f64::max);
        let apart = largest(right.iter().zip(&wrong).map(|(r, w)| r.zip(w, |r, w| r - w)).collect());
        apart > 1e-6 * largest(right).max(1e-3)
    })
}

/// Mutants of operations.
fn of<O: Op>(cases: Vec<Case<O>>) -> Vec<Mutant> {
    let runs: Vec<_> = cases
        .into_iter()
        .map(|(op, shapes, range)| {
            (move |x: &[Var<f64>]| apply(op.clone(), &x.iter().collect::<Vec<_>>()), shapes, range)
        })
        .collect();
    plant(&runs.iter().map(|(run, shapes, range)| (run as &Function, shapes.clone(), *range)).collect::<Vec<_>>())
}

/// Mutants of a pointwise function.
pub fn pointwise<P: Pointwise>() -> Vec<Mutant> {
    of(cases::pointwise::<P>())
}

/// Mutants of a linear map.
pub fn linear<A: Linear>() -> Vec<Mutant> {
    of(cases::linear::<A>())
}

/// Mutants of a trilinear form's three operations.
pub fn trilinear<F: Trilinear>() -> Vec<Mutant> {
    of(cases::trilinear::<F>())
}

/// Mutants of a fused operation.
pub fn fused<F: Fused>() -> Vec<Mutant> {
    of(cases::fused::<F>())
}

/// Mutants of a composite.
pub fn composite(composite: &Composite) -> Vec<Mutant> {
    plant(&[(&composite.function, composite.shapes.iter().map(|&s| s.into()).collect(), composite.range)])
}
