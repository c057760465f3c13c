//! `y = f(x)`, element by element: the gradient is `g f'`.

use std::fmt::Debug;

use impasto_tensor::{Element, Formula, Lane, Shape, ShapeError, Tensor};

use crate::op::{Keep, Op, Registered, Saved};
use crate::ops::mul;
use crate::var::Var;

/// What the derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// It is constant.
    Nothing,
    /// From x.
    Input,
    /// From y, where that is simpler: nothing but the result stays in memory.
    Output,
}

/// A function of one number and its derivative, written once for scalars, SIMD lanes and variables. Both are marked `#[inline]`,
/// so that they become part of loops over registers.
pub trait Pointwise: Registered + Clone + Debug + Send + Sync + 'static {
    /// The name in messages and tables.
    const NAME: &'static str;
    /// What [`df`](Pointwise::df) is given.
    const KEEPS: Keeps;

    /// y = f(x)
    fn f<L: Lane>(&self, x: L) -> L;

    /// f'(x), from x or from y, as [`KEEPS`](Pointwise::KEEPS) says.
    fn df<L: Lane>(&self, kept: L) -> L;

    /// Instances to check, each with the interval that inputs are drawn from.
    fn cases() -> Vec<(Self, [f64; 2])>;
}

/// `f` as a kernel.
struct Value<'a, P>(&'a P);
impl<P: Pointwise> Formula for Value<'_, P> {
    #[inline]
    fn at<L: Lane>(&self, x: L) -> L {
        self.0.f(x)
    }
}

/// `df` as a kernel.
struct Slope<'a, P>(&'a P);
impl<P: Pointwise> Formula for Slope<'_, P> {
    #[inline]
    fn at<L: Lane>(&self, kept: L) -> L {
        self.0.df(kept)
    }
}

/// A [`Pointwise`] function as an operation.
#[derive(Clone, Debug)]
pub struct Map<P>(pub P);

impl<P: Registered> Registered for Map<P> {}

impl<P: Pointwise> Op for Map<P> {
    const NAME: &'static str = P::NAME;

    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }

    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        (x[0].map_by(&Value(&self.0)), Vec::new())
    }

    fn keeps(&self, _: &[bool]) -> Keep {
        Keep { inputs: vec![P::KEEPS == Keeps::Input], output: P::KEEPS == Keeps::Output }
    }

    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        let kept = match P::KEEPS {
            Keeps::Nothing => Var::splat(0.0),
            Keeps::Input => saved.input(0).clone(),
            Keeps::Output => saved.output().clone(),
        };
        vec![Some(mul(g, &self.0.df(kept)))]
    }

    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, mut g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        let kept = match P::KEEPS {
            Keeps::Nothing => {
                let slope = self.0.df(T::splat(0.0));
                return vec![Some(g.into_map(|g| g * slope))];
            }
            Keeps::Input => saved.input(0).value(),
            Keeps::Output => saved.output().value(),
        };
        g.scale_by(kept, &Slope(&self.0));
        vec![Some(g)]
    }
}
