//! Products, element by element, broadcast.

use impasto_tensor::{Element, Shape, Tensor};

use crate::kinds::{Leave, Trilinear};
use crate::op::apply;
use crate::var::Var;

/// t(a, b, y) = sum of a b y over the broadcast shape
#[derive(Clone, Debug)]
pub(super) struct Mul {
    a: Shape,
    b: Shape,
    y: Shape,
}

impl Mul {
    #[track_caller]
    fn new(a: Shape, b: Shape) -> Self {
        let Some(y) = a.broadcast(&b) else { panic!("mul: {a:?} and {b:?} do not broadcast") };
        Self { a, b, y }
    }
}

impl Trilinear for Mul {
    const NAME: &'static str = "mul";
    fn slots(&self) -> [Shape; 3] {
        [self.a, self.b, self.y]
    }
    fn leave<T: Element>(&self, slot: usize, p: &Tensor<T>, q: &Tensor<T>) -> Tensor<T> {
        p.mul_sum_to(q, self.slots()[slot])
    }
    fn cases() -> Vec<Self> {
        let case = |a: &[usize], b: &[usize]| Self::new(Shape::new(a), Shape::new(b));
        vec![case(&[3, 2], &[3, 2]), case(&[2, 3, 2], &[3, 1]), case(&[], &[4]), case(&[2, 1], &[1, 3])]
    }
}

/// y = a b, broadcast.
///
/// # Gradient
/// `g b` and `g a`, summed back where an input was stretched; the stretched product is never stored
#[track_caller]
pub fn mul<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    apply(Leave(Mul::new(*a.shape(), *b.shape()), 2), &[a, b])
}
