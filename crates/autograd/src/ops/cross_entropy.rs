//! The classification loss, with the softmax inside.

use std::sync::Arc;

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use super::{gather, mean, sub};
use crate::fns::logsumexp;
use crate::kinds::{Fuse, Fused};
use crate::op::{Saved, apply};
use crate::var::Var;

#[derive(Clone, Debug)]
pub(super) struct CrossEntropy {
    labels: Arc<[u32]>,
}

impl Fused for CrossEntropy {
    const NAME: &'static str = "cross_entropy";

    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        let fits = |n: usize, k: usize| n == self.labels.len() && self.labels.iter().all(|&l| (l as usize) < k);
        match x[0][..] {
            [n, k] if n > 0 && fits(n, k) => Ok(Shape::new(&[])),
            _ => {
                let most = self.labels.iter().max();
                let detail = format!("{} labels up to {most:?} do not fit logits {:?}", self.labels.len(), x[0]);
                Err(ShapeError::new(Self::NAME, detail))
            }
        }
    }

    fn reference<T: Element>(&self, x: &[Var<T>]) -> Var<T> {
        let rows = self.labels.len();
        let picked = gather(&x[0], rows, Arc::clone(&self.labels), [rows, 1]);
        mean(&sub(&logsumexp(&x[0]), &picked))
    }

    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        let picked = x[0].gather(self.labels.len(), &self.labels).reshape([self.labels.len()]);
        let (p, logs) = x[0].softmax_and_logsumexp_rows();
        (Tensor::scalar(logs.zip(&picked, |l, p| l - p).mean()), vec![p])
    }

    /// (softmax(x) - onehot) g / N
    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        let scale = g.item() * T::splat(1.0 / self.labels.len() as f64);
        let mut dx = saved.beside()[0].map(|p| p * scale);
        let classes = dx.shape()[1];
        for (row, &label) in dx.data_mut().chunks_mut(classes).zip(self.labels.iter()) {
            row[label as usize] -= scale;
        }
        vec![Some(dx)]
    }

    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self { labels: Arc::new([2, 0, 2]) }, vec![Shape::new(&[3, 4])])]
    }
}

/// The mean of `-ln softmax(x)[label]` over the batch.
///
/// # Shapes
/// `x` `[N, K]`, `N` labels below `K -> []`
///
/// # Gradient
/// `(softmax(x) - onehot(label)) g / N`
#[track_caller]
pub fn cross_entropy<T: Element>(x: &Var<T>, labels: &[u32]) -> Var<T> {
    apply(Fuse(CrossEntropy { labels: labels.into() }), &[x])
}
