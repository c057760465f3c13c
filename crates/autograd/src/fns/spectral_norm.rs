//! A weight divided by how much it can stretch a vector.

use impasto_tensor::{Element, MatMul, Random, Shape, Tensor};

use crate::ops::{matmul, mul, recip, reshape};
use crate::var::Var;

/// Estimates of the first singular vectors of a weight `[O, ..]`, seen as a matrix of `O` rows. They are data: a training run keeps
/// them from step to step.
#[derive(Clone, Debug)]
pub struct SingularVectors<T: Element> {
    /// Of the rows' side, `[O, 1]`.
    pub left: Tensor<T>,
    /// Of the columns' side, `[columns, 1]`.
    pub right: Tensor<T>,
}

impl<T: Element> SingularVectors<T> {
    /// Random ones for a weight of the given shape, to be [improved](SingularVectors::improved).
    ///
    /// # Panics
    /// If the weight has no axes or no elements.
    #[track_caller]
    pub fn random(weight: &Shape, random: &mut Random) -> Self {
        let [rows, columns] = sides(weight);
        let mut vector = |len: usize| unit(&random.normal([len, 1], 0.0, 1.0));
        Self { left: vector(rows), right: vector(columns) }
    }

    /// The vectors after some steps of power iteration: `right = unit(wᵀ left)`, `left = unit(w right)`.
    ///
    /// # Panics
    /// If the weight is not of their shape.
    #[track_caller]
    #[must_use]
    pub fn improved(mut self, weight: &Tensor<T>, steps: usize) -> Self {
        self.check(weight.shape());
        let w = weight.reshape(sides(weight.shape()));
        for _ in 0..steps {
            self.right = unit(&MatMul { transpose_a: true, transpose_b: false }.run(&w, &self.left));
            self.left = unit(&w.matmul(&self.right));
        }
        self
    }

    #[track_caller]
    fn check(&self, weight: &Shape) {
        let [rows, columns] = sides(weight);
        assert!(
            self.left.shape() == &[rows, 1] && self.right.shape() == &[columns, 1],
            "spectral_norm: vectors {:?} and {:?} do not fit a weight {weight:?}",
            self.left.shape(),
            self.right.shape()
        );
    }
}

/// A weight's rows and columns.
#[track_caller]
fn sides(weight: &Shape) -> [usize; 2] {
    assert!(!weight.is_empty() && weight.size() > 0, "spectral_norm: expected a weight [O, ..], got {weight:?}");
    [weight[0], weight.size() / weight[0]]
}

/// The vector at length 1.
fn unit<T: Element>(v: &Tensor<T>) -> Tensor<T> {
    let scale = 1.0 / v.dot(v).sqrt().max(1e-12);
    v.map(|v| v * T::splat(scale))
}

/// y = w / sigma, sigma = leftᵀ w right: the weight divided by its largest singular value, as far as the vectors are right.
///
/// # Shapes
/// `w` `[O, ..]`, vectors `[O, 1]` and `[columns, 1] -> [O, ..]`
///
/// # Gradient
/// `(g - sum(g y) left rightᵀ) / sigma`; the vectors are data
///
/// # Source
/// Miyato et al., "Spectral normalization for generative adversarial networks", 2018.
#[track_caller]
pub fn spectral_norm<T: Element>(w: &Var<T>, vectors: &SingularVectors<T>) -> Var<T> {
    vectors.check(w.shape());
    let matrix = reshape(w, sides(w.shape()));
    let left = Var::constant(vectors.left.transpose());
    let sigma = matmul(&left, &matmul(&matrix, &Var::constant(vectors.right.clone())));
    mul(w, &recip(&reshape(&sigma, [])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_singular_value_becomes_one() {
        // 3 times an orthonormal column, and one orthogonal to it of length 2.
        let w = Tensor::<f64>::new([3, 2], vec![3.0, 0.0, 0.0, 1.2, 0.0, 1.6]);
        let vectors = SingularVectors::random(w.shape(), &mut Random::new(1, 0)).improved(&w, 60);
        let y = spectral_norm(&Var::constant(w.clone()), &vectors);
        assert!(y.value().zip(&w, |y, w| (y - w / 3.0).abs()).max_value() < 1e-12);
    }

    #[test]
    #[should_panic(expected = "spectral_norm: vectors [3, 1] and [2, 1] do not fit a weight [2, 3]")]
    fn vectors_of_another_weight_are_refused() {
        let vectors = SingularVectors::<f32>::random(&Shape::new(&[3, 2]), &mut Random::new(1, 0));
        let _ = spectral_norm(&Var::constant(Tensor::ones([2, 3])), &vectors);
    }
}
