//! A number `t(a, b, c)` that is linear in each of three arguments. Leaving one out gives an operation of the other two,
//! and the gradient of that operation is the same form with another one left out.

use std::fmt::Debug;

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use crate::op::{Keep, Op, Registered, Saved, apply};
use crate::var::Var;

/// A form of three arguments, called slots 0, 1 and 2. It knows all three shapes.
pub trait Trilinear: Registered + Clone + Debug + Send + Sync + 'static {
    /// The name in messages and tables.
    const NAME: &'static str;

    /// The shapes of the three slots.
    fn slots(&self) -> [Shape; 3];

    /// The derivative of the form for `slot`: a tensor of that slot's shape, from the two others in cyclic order behind it.
    fn leave<T: Element>(&self, slot: usize, a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T>;

    /// Instances to check.
    fn cases() -> Vec<Self>;
}

/// A [`Trilinear`] form with one slot left out, as an operation of the two others.
#[derive(Clone, Debug)]
pub struct Leave<F>(pub F, pub usize);

impl<F: Registered> Registered for Leave<F> {}

impl<F: Trilinear> Op for Leave<F> {
    const NAME: &'static str = F::NAME;

    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        let slots = self.0.slots();
        let want = [slots[(self.1 + 1) % 3], slots[(self.1 + 2) % 3]];
        if x == want {
            return Ok(slots[self.1]);
        }
        Err(ShapeError::new(F::NAME, format!("expected {:?} and {:?}, got {x:?}", want[0], want[1])))
    }

    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        (self.0.leave(self.1, x[0], x[1]), Vec::new())
    }

    /// The gradient of one input needs the other one.
    fn keeps(&self, tracked: &[bool]) -> Keep {
        Keep { inputs: vec![tracked[1], tracked[0]], output: false }
    }

    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        saved.each(|i| {
            let other = Leave(self.0.clone(), (self.1 + 1 + i) % 3);
            // In cyclic order behind the slot left out now: (b, g) for a, (g, a) for b.
            if i == 0 { apply(other, &[saved.input(1), g]) } else { apply(other, &[g, saved.input(0)]) }
        })
    }
}
