//! A fast kernel for a composite of other operations, which stays its reference: first order runs the fast rule, higher
//! order builds the composite and differentiates that.

use std::fmt::Debug;

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use crate::backward::vjp;
use crate::op::{Keep, Op, Registered, Saved};
use crate::ops::reshape;
use crate::var::Var;

/// A composite with a kernel and a first-order rule of its own. The gradient check holds both equal to the composite.
pub trait Fused: Registered + Clone + Debug + Send + Sync + 'static {
    /// The name in messages and tables.
    const NAME: &'static str;

    /// The shape of the result.
    ///
    /// # Errors
    /// If the inputs do not fit.
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError>;

    /// The composite.
    fn reference<T: Element>(&self, x: &[Var<T>]) -> Var<T>;

    /// The same in one kernel, with what the fast rule wants to see again.
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>);

    /// The gradients of all wanted inputs.
    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>>;

    /// Instances to check, each with the shapes of its inputs.
    fn cases() -> Vec<(Self, Vec<Shape>)>;
}

/// A [`Fused`] composite as an operation.
#[derive(Clone, Debug)]
pub struct Fuse<F>(pub F);

impl<F: Registered> Registered for Fuse<F> {}

impl<F: Fused> Op for Fuse<F> {
    const NAME: &'static str = F::NAME;

    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        self.0.shape(x)
    }

    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        self.0.forward(x)
    }

    /// The composite is built from all inputs.
    fn keeps(&self, tracked: &[bool]) -> Keep {
        Keep { inputs: vec![true; tracked.len()], output: false }
    }

    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        // Each input gets a node of its own, where the walk ends: it sees nothing of the graph that the inputs stand in,
        // and a variable that stands in two places is asked for its gradient in each.
        let inputs: Vec<Var<T>> =
            (0..saved.shapes().len()).map(|i| saved.input(i)).map(|x| reshape(x, x.shape())).collect();
        // Inputs that are constants here still take part in the composite; gradients are asked for the wanted ones only.
        let wanted: Vec<&Var<T>> = inputs.iter().enumerate().filter(|(i, _)| saved.wants(*i)).map(|(_, v)| v).collect();
        let mut gradients = vjp(&self.0.reference(&inputs), g, &wanted).into_iter();
        saved.each(|_| gradients.next().expect("a gradient for every wanted input"))
    }

    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        self.0.vjp_fast(saved, g)
    }
}
