//! `y = sum of A_i x_i`: the gradient for `x_i` is the adjoint of `A_i` on `g`.

use std::fmt::Debug;

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use crate::op::{Keep, Op, Registered, Saved};
use crate::var::Var;

/// A linear map of any number of inputs. Nothing is kept for its gradient.
pub trait Linear: Registered + Clone + Debug + Send + Sync + 'static {
    /// The name in messages and tables.
    const NAME: &'static str;

    /// The shape of the result.
    ///
    /// # Errors
    /// If the inputs do not fit.
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError>;

    /// y
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T>;

    /// The adjoint for input `i`, in operations: `<A_i x, g> = <x, adjoint(g)>`. It may have any shape that `x[i]` was
    /// stretched to.
    fn adjoint<T: Element>(&self, i: usize, x: &[Shape], g: &Var<T>) -> Var<T>;

    /// [`adjoint`](Linear::adjoint) on plain tensors, for when nobody differentiates again. May reuse the buffer of `g`.
    fn adjoint_fast<T: Element>(&self, i: usize, x: &[Shape], g: Tensor<T>) -> Tensor<T> {
        self.adjoint(i, x, &Var::constant(g)).into_value()
    }

    /// Instances to check, each with the shapes of its inputs.
    fn cases() -> Vec<(Self, Vec<Shape>)>;
}

/// A [`Linear`] map as an operation.
#[derive(Clone, Debug)]
pub struct Lin<A>(pub A);

impl<A: Registered> Registered for Lin<A> {}

impl<A: Linear> Op for Lin<A> {
    const NAME: &'static str = A::NAME;

    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        self.0.shape(x)
    }

    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        (self.0.run(x), Vec::new())
    }

    fn keeps(&self, _: &[bool]) -> Keep {
        Keep::default()
    }

    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        saved.each(|i| self.0.adjoint(i, saved.shapes(), g))
    }

    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        // The last input that wants the gradient gets it unshared.
        let last = (0..saved.shapes().len()).rfind(|&i| saved.wants(i));
        let mut g = Some(g);
        saved.each(|i| {
            let g = if Some(i) == last { g.take() } else { g.clone() };
            self.0.adjoint_fast(i, saved.shapes(), g.expect("taken by the last only"))
        })
    }
}
