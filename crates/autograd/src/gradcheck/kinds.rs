//! The checks of each kind of operation, and the cases that they and the mutants share.

use impasto_tensor::{Element, Random, Shape, Tensor};

use super::Function;
use super::report::Report;
use crate::backward::vjp;
use crate::kinds::{Fuse, Fused, Leave, Lin, Linear, Map, Pointwise, Trilinear};
use crate::op::{Op, apply};
use crate::ops::mul;
use crate::var::Var;

/// The interval that inputs are drawn from where the operation does not say.
const UNIT: [f64; 2] = [-1.0, 1.0];
/// Two ways to the same sum may differ by this.
const ROUNDING: f64 = 1e-11;

/// An operation with its geometry fixed, the shapes of its inputs, and the interval that they are drawn from.
pub(super) type Case<O> = (O, Vec<Shape>, [f64; 2]);

/// Every kind's cases as operations.
pub(super) mod cases {
    use super::{Case, Fuse, Fused, Leave, Lin, Linear, Map, Pointwise, Shape, Trilinear, UNIT};

    pub(in crate::gradcheck) fn pointwise<P: Pointwise>() -> Vec<Case<Map<P>>> {
        P::cases().into_iter().map(|(f, range)| (Map(f), vec![Shape::new(&[3, 2])], range)).collect()
    }

    pub(in crate::gradcheck) fn linear<A: Linear>() -> Vec<Case<Lin<A>>> {
        A::cases().into_iter().map(|(map, shapes)| (Lin(map), shapes, UNIT)).collect()
    }

    /// Each form with each of its slots left out.
    pub(in crate::gradcheck) fn trilinear<F: Trilinear>() -> Vec<Case<Leave<F>>> {
        let each = |form: F| {
            let slots = form.slots();
            [0, 1, 2].map(|slot| (Leave(form.clone(), slot), vec![slots[(slot + 1) % 3], slots[(slot + 2) % 3]], UNIT))
        };
        F::cases().into_iter().flat_map(each).collect()
    }

    pub(in crate::gradcheck) fn fused<F: Fused>() -> Vec<Case<Fuse<F>>> {
        F::cases().into_iter().map(|(fused, shapes)| (Fuse(fused), shapes, UNIT)).collect()
    }
}

/// A composite and what its check needs.
pub struct Composite {
    /// The function's name.
    pub name: &'static str,
    /// The shapes of its inputs.
    pub shapes: &'static [&'static [usize]],
    /// The interval that inputs are drawn from.
    pub range: [f64; 2],
    /// The function.
    pub function: fn(&[Var<f64>]) -> Var<f64>,
}

impl Composite {
    /// Checks the composite's derivatives up to an order.
    pub fn check(&self, order: usize) -> Report {
        super::function(self.name, self.shapes, self.range, order, &self.function)
    }
}

/// Checks a pointwise function, up to an order of derivatives from 1 to 3.
pub fn pointwise<P: Pointwise>(order: usize) -> Report {
    let mut report = Report::new(P::NAME, "pointwise", order);
    for c in &cases::pointwise::<P>() {
        case(&mut report, c);
    }
    report
}

/// Checks a linear map: its derivatives, and exactly that `<A_i x, g> = <x, adjoint(g)>`.
pub fn linear<A: Linear>(order: usize) -> Report {
    let mut report = Report::new(A::NAME, "linear", order);
    let mut random = Random::new(1, 0);
    for c in cases::linear::<A>() {
        let (Lin(map), shapes, _) = &c;
        for i in 0..shapes.len() {
            // Only input i is not zero: the result is A_i x.
            let x: Vec<Tensor<f64>> =
                shapes.iter().enumerate().map(|(j, s)| random.normal(s, 0.0, if i == j { 1.0 } else { 0.0 })).collect();
            let y = map.run(&x.iter().collect::<Vec<_>>());
            let g: Tensor<f64> = random.normal(y.shape(), 0.0, 1.0);
            let adjoint = map.adjoint(i, shapes, &Var::constant(g.clone()));
            report.equal("dot test", adjoint.value().sum_to(shapes[i]).dot(&x[i]), y.dot(&g), ROUNDING);
        }
        case(&mut report, &c);
    }
    report
}

/// Checks a trilinear form: exactly that it is the same number whichever slot is left out, and the derivatives of all three
/// operations.
pub fn trilinear<F: Trilinear>(order: usize) -> Report {
    let mut report = Report::new(F::NAME, "trilinear", order);
    let mut random = Random::new(2, 0);
    for form in F::cases() {
        let t: Vec<Tensor<f64>> = form.slots().iter().map(|s| random.normal(s, 0.0, 1.0)).collect();
        let value = |slot: usize| form.leave(slot, &t[(slot + 1) % 3], &t[(slot + 2) % 3]).dot(&t[slot]);
        report.equal("dot test", value(1), value(0), ROUNDING);
        report.equal("dot test", value(2), value(0), ROUNDING);
    }
    for c in &cases::trilinear::<F>() {
        case(&mut report, c);
    }
    report
}

/// Checks a fused operation: its derivatives, and that kernel and composite agree.
pub fn fused<F: Fused>(order: usize) -> Report {
    let mut report = Report::new(F::NAME, "fused", order);
    let mut random = Random::new(3, 0);
    for c in cases::fused::<F>() {
        let (Fuse(fused), shapes, _) = &c;
        let x: Vec<Tensor<f64>> = shapes.iter().map(|s| random.normal(s, 0.0, 1.0)).collect();
        let kernel = fused.forward(&x.iter().collect::<Vec<_>>()).0;
        let composite = fused.reference(&x.into_iter().map(Var::constant).collect::<Vec<_>>());
        close(&mut report, "kernel and composite", &kernel, composite.value());
        case(&mut report, &c);
    }
    report
}

/// Checks a hand-written operation on inputs of the given shapes.
pub fn op<O: Op>(op: &O, shapes: &[Shape], range: [f64; 2], order: usize) -> Report {
    let mut report = Report::new(O::NAME, "custom", order);
    case(&mut report, &(op.clone(), shapes.to_vec(), range));
    report
}

/// What every kind has in common.
fn case<O: Op>(report: &mut Report, (op, shapes, range): &Case<O>) {
    let range = *range;
    let run: &Function = &|x: &[Var<f64>]| apply(op.clone(), &x.iter().collect::<Vec<_>>());
    report.derivatives(run, shapes, range);
    let mut random = Random::new(4, report.cases as u64);
    let x: Vec<Tensor<f64>> = shapes.iter().map(|s| random.uniform(s, range[0], range[1])).collect();
    let copies: Vec<Tensor<f64>> = x.iter().map(|x| x.map(|v| v)).collect();
    let params: Vec<Var<f64>> = x.iter().cloned().map(Var::param).collect();
    let wrt: Vec<&Var<f64>> = params.iter().collect();
    let y = run(&params);

    let single: Vec<Var<f32>> = x.iter().map(|x| Var::constant(x.cast())).collect();
    let f32 = apply(op.clone(), &single.iter().collect::<Vec<_>>()).value().cast::<f64>();
    let size = 1.0 + y.value().map(f64::abs).max_value();
    let worst = f32.zip(y.value(), |a, b| (a - b).abs()).max_value() / size;
    report.equal("f32 and f64", worst, 0.0, 1e-5);

    // The same gradients by the rules for higher orders and by the fast ones.
    let u: Tensor<f64> = random.normal(y.shape(), 0.0, 1.0);
    let plain = vjp(&y, &Var::constant(u.clone()), &wrt);
    let fast = crate::backward::grad(&crate::ops::sum(&mul(&y, &Var::constant(u))), &wrt);
    for (plain, fast) in plain.iter().zip(&fast) {
        close(report, "fast and plain gradient", fast, plain.value());
    }
    if x != copies {
        report.fail("an input was changed");
    }
}

fn close<T: Element>(report: &mut Report, what: &str, got: &Tensor<T>, want: &Tensor<T>) {
    if got.shape() != want.shape() {
        return report.fail(format!("{what}: shapes {:?} and {:?} differ", got.shape(), want.shape()));
    }
    for (g, w) in got.data().iter().zip(want.data()) {
        report.equal(what, g.to_f64(), w.to_f64(), ROUNDING);
    }
}
