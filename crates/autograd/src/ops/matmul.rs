//! Matrix products, batched, with either operand read transposed.

use impasto_tensor::{Element, MatMul, OrPanic, Shape, Tensor};

use crate::kinds::{Leave, Trilinear};
use crate::op::apply;
use crate::var::Var;

/// t(a, b, y) = sum of a[m, k] b[k, n] y[m, n]
#[derive(Clone, Debug)]
pub(super) struct Product {
    how: MatMul,
    a: Shape,
    b: Shape,
    y: Shape,
}

impl Product {
    #[track_caller]
    fn new(how: MatMul, a: Shape, b: Shape) -> Self {
        let y = how.shape(&a, &b).or_panic();
        Self { how, a, b, y }
    }
}

impl Trilinear for Product {
    const NAME: &'static str = "matmul";
    fn slots(&self) -> [Shape; 3] {
        [self.a, self.b, self.y]
    }
    fn leave<T: Element>(&self, slot: usize, p: &Tensor<T>, q: &Tensor<T>) -> Tensor<T> {
        let MatMul { transpose_a, transpose_b } = self.how;
        let product = |transpose_a, transpose_b, l: &Tensor<T>, r| MatMul { transpose_a, transpose_b }.run(l, r);
        match (slot, transpose_a, transpose_b) {
            // a = y bᵀ, or its transpose b yᵀ
            (0, false, tb) => product(false, !tb, q, p),
            (0, true, tb) => product(tb, true, p, q),
            // b = aᵀ y, or its transpose yᵀ a
            (1, ta, false) => product(!ta, false, q, p),
            (1, ta, true) => product(true, ta, p, q),
            _ => self.how.run(p, q),
        }
        // A matrix that served the whole batch collects from the whole batch.
        .sum_to(self.slots()[slot])
    }
    fn cases() -> Vec<Self> {
        let mut cases = Vec::new();
        for (transpose_a, transpose_b) in [(false, false), (false, true), (true, false), (true, true)] {
            let how = MatMul { transpose_a, transpose_b };
            for (batch_a, batch_b) in [(&[][..], &[][..]), (&[2], &[2]), (&[], &[2]), (&[2], &[]), (&[2, 1], &[1, 2])] {
                let dims = |batch: &[usize], r, c, t| Shape::new(&[batch, &if t { [c, r] } else { [r, c] }].concat());
                cases.push(Self::new(how, dims(batch_a, 2, 3, transpose_a), dims(batch_b, 3, 4, transpose_b)));
            }
        }
        cases
    }
}

/// The product of the last two axes; leading axes are a batch, broadcast.
///
/// # Shapes
/// `[.., M, K], [.., K, N] -> [.., M, N]`
///
/// # Gradient
/// `g bᵀ` and `aᵀ g`: the same form with another matrix left out, summed back where an input served several
#[track_caller]
pub fn matmul<T: Element>(a: &Var<T>, b: &Var<T>) -> Var<T> {
    matmul_as(MatMul::default(), a, b)
}

/// [`matmul`] with either operand read transposed; nothing is copied for it.
#[track_caller]
pub fn matmul_as<T: Element>(how: MatMul, a: &Var<T>, b: &Var<T>) -> Var<T> {
    apply(Leave(Product::new(how, *a.shape(), *b.shape()), 2), &[a, b])
}
