//! The door into the graph: what an operation is, and [`apply`], which runs one and records it.

use std::fmt::Debug;
use std::sync::Arc;

use impasto_tensor::{Element, OrPanic, Shape, ShapeError, Tensor};

use crate::graph::{Node, Record};
use crate::var::Var;

/// Implemented for the operations of the table in [`ops`](crate::ops), and by
/// [`declare_op!`](crate::declare_op) outside this crate; both also run the operation's gradient check.
///
/// Without either, an operation does not compile:
///
/// ```compile_fail,E0277
/// use impasto_autograd::kinds::{Keeps, Map, Pointwise};
/// use impasto_tensor::Lane;
///
/// #[derive(Clone, Debug)]
/// struct Twice;
/// impl Pointwise for Twice {
///     const NAME: &'static str = "twice";
///     const KEEPS: Keeps = Keeps::Nothing;
///     fn f<L: Lane>(&self, x: L) -> L { L::splat(2.0) * x }
///     fn df<L: Lane>(&self, _: L) -> L { L::splat(2.0) }
///     fn cases() -> Vec<(Self, [f64; 2])> { vec![(Self, [-1.0, 1.0])] }
/// }
/// ```
///
/// With the declaration it does, and nothing else has changed:
///
/// ```
/// # use impasto_autograd::kinds::{Keeps, Map, Pointwise};
/// # use impasto_tensor::Lane;
/// # #[derive(Clone, Debug)]
/// # struct Twice;
/// # impl Pointwise for Twice {
/// #     const NAME: &'static str = "twice";
/// #     const KEEPS: Keeps = Keeps::Nothing;
/// #     fn f<L: Lane>(&self, x: L) -> L { L::splat(2.0) * x }
/// #     fn df<L: Lane>(&self, _: L) -> L { L::splat(2.0) }
/// #     fn cases() -> Vec<(Self, [f64; 2])> { vec![(Self, [-1.0, 1.0])] }
/// # }
/// impasto_autograd::declare_op! { pointwise Twice; }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not in the table of operations",
    note = "add a row for it to `ops!` in ops/mod.rs, or `declare_op!` it: that is what gives it a gradient check"
)]
pub trait Registered {}

/// Which values a record keeps for the backward rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// For each input, whether its value is kept.
    pub inputs: Vec<bool>,
    /// Whether the result's value is kept.
    pub output: bool,
}

/// An operation: one output from some inputs, and the rule for its gradient. Most are written as one of the
/// [`kinds`](crate::kinds), which implement this trait for them.
pub trait Op: Registered + Clone + Debug + Send + Sync + 'static {
    /// The name in messages and tables, as users call it.
    const NAME: &'static str;

    /// The shape of the result.
    ///
    /// # Errors
    /// If the inputs do not fit: what is wanted and what there is.
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError>;

    /// The result, and tensors beside it that the backward rule wants to see again.
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>);

    /// What the rule reads, given which inputs are tracked.
    fn keeps(&self, tracked: &[bool]) -> Keep;

    /// The gradients of the wanted inputs for the gradient `g` of the result, in differentiable operations. A gradient may
    /// have any shape that the input was stretched to; the engine sums it back.
    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>>;

    /// The same on plain tensors, for when nobody differentiates again. Takes `g` by value and may reuse its buffer.
    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        let gradients = self.vjp(saved, &Var::constant(g));
        gradients.into_iter().map(|g| g.map(Var::into_value)).collect()
    }
}

/// What a backward rule may look at.
pub struct Saved<T: Element> {
    pub(crate) op: &'static str,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) inputs: Vec<Option<Var<T>>>,
    pub(crate) output: Option<Var<T>>,
    pub(crate) beside: Vec<Tensor<T>>,
    pub(crate) wanted: Vec<bool>,
}

impl<T: Element> Saved<T> {
    /// The value of input `i`.
    ///
    /// # Panics
    /// If [`Op::keeps`] did not ask for it.
    #[track_caller]
    pub fn input(&self, i: usize) -> &Var<T> {
        let Some(input) = &self.inputs[i] else {
            panic!("{}: the rule reads input {i}, which `keeps` does not keep", self.op);
        };
        input
    }

    /// The value of the result.
    ///
    /// # Panics
    /// If [`Op::keeps`] did not ask for it.
    #[track_caller]
    pub fn output(&self) -> &Var<T> {
        let Some(output) = &self.output else {
            panic!("{}: the rule reads its result, which `keeps` does not keep", self.op);
        };
        output
    }

    /// The shapes of all inputs.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// What the forward kernel left beside its result.
    pub fn beside(&self) -> &[Tensor<T>] {
        &self.beside
    }

    /// Whether the gradient of input `i` is wanted.
    pub fn wants(&self, i: usize) -> bool {
        self.wanted[i]
    }

    /// `rule(i)` for every wanted input.
    pub fn each<R>(&self, mut rule: impl FnMut(usize) -> R) -> Vec<Option<R>> {
        self.wanted.iter().enumerate().map(|(i, &wanted)| wanted.then(|| rule(i))).collect()
    }
}

/// An operation with its element type fixed: what a record holds.
pub(crate) trait Rule<T: Element>: Send + Sync {
    fn name(&self) -> &'static str;
    fn vjp(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>>;
    fn vjp_fast(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>>;
}
impl<T: Element, O: Op> Rule<T> for O {
    fn name(&self) -> &'static str {
        O::NAME
    }
    fn vjp(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        Op::vjp(self, saved, g)
    }
    fn vjp_fast(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        Op::vjp_fast(self, saved, g)
    }
}

/// Runs an operation and records it if any input is tracked.
///
/// # Panics
/// On the caller's line, if the shapes do not fit.
#[track_caller]
pub fn apply<T: Element, O: Op>(op: O, x: &[&Var<T>]) -> Var<T> {
    apply_beside(op, x).0
}

/// [`apply`], returning a misfit of shapes as a value.
///
/// # Errors
/// If the shapes do not fit.
pub fn try_apply<T: Element, O: Op>(op: O, x: &[&Var<T>]) -> Result<Var<T>, ShapeError> {
    run(op, x).map(|(y, _)| y)
}

/// [`apply`], with what the forward kernel left beside its result.
///
/// # Panics
/// On the caller's line, if the shapes do not fit.
#[track_caller]
pub fn apply_beside<T: Element, O: Op>(op: O, x: &[&Var<T>]) -> (Var<T>, Vec<Tensor<T>>) {
    run(op, x).or_panic()
}

fn run<T: Element, O: Op>(op: O, x: &[&Var<T>]) -> Result<(Var<T>, Vec<Tensor<T>>), ShapeError> {
    let shapes: Vec<Shape> = x.iter().map(|v| *v.shape()).collect();
    let shape = op.shape(&shapes)?;
    let values: Vec<&Tensor<T>> = x.iter().map(|v| v.value()).collect();
    let (value, beside) = op.forward(&values);
    assert!(*value.shape() == shape, "{}: the shape rule says {shape:?}, the kernel {:?}", O::NAME, value.shape());
    Ok((record(op, x, value, beside.clone()), beside))
}

/// Records an operation whose result is known: one kernel did the work of several operations, or found out what the operation
/// is, the side of a kink or the largest of a window. Each still gets its record, and with it derivatives of every order.
pub(crate) fn record<T: Element, O: Op>(op: O, x: &[&Var<T>], value: Tensor<T>, beside: Vec<Tensor<T>>) -> Var<T> {
    let edges: Vec<_> = x.iter().map(|v| v.node.clone()).collect();
    let tracked: Vec<bool> = edges.iter().map(Option::is_some).collect();
    let node = tracked.contains(&true).then(|| {
        let keep = op.keeps(&tracked);
        let kept = |i: usize, v: &Var<T>| keep.inputs.get(i).is_some_and(|&k| k).then(|| v.value.clone());
        Arc::new(Node::recorded(Record {
            inputs: x.iter().enumerate().map(|(i, v)| kept(i, v)).collect(),
            output: keep.output.then(|| value.clone()),
            beside,
            rule: Box::new(op),
            edges,
            shapes: x.iter().map(|v| *v.shape()).collect(),
        }))
    });
    Var { value, node }
}
