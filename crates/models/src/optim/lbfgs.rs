//! L-BFGS: a quasi-Newton method for one picture and a smooth loss.

use std::collections::VecDeque;

use impasto_tensor::{Element, Tensor};

use crate::params::{Kind, Params};

/// Limited-memory BFGS over one tensor. Keeps the last `history` steps, two tensors each.
///
/// Steps are not searched along a line, as is usual in style transfer: the loss may rise now and then. A step moves the
/// elements by at most `reach` in root mean square, which keeps an early, poor estimate of the curvature from doing harm.
///
/// # Source
/// Nocedal, "Updating quasi-Newton matrices with limited storage", 1980; Nocedal and Wright, "Numerical optimization",
/// algorithm 7.4.
#[derive(Clone, Debug)]
pub struct Lbfgs<T: Element = f32> {
    history: usize,
    reach: f64,
    /// (step, change of gradient, 1 / their inner product), oldest first.
    pairs: VecDeque<(Tensor<T>, Tensor<T>, f64)>,
    last: Option<(Tensor<T>, Tensor<T>)>,
}

impl<T: Element> Lbfgs<T> {
    /// Remembers `history` steps, none of them longer than `reach`.
    pub fn new(history: usize, reach: f64) -> Self {
        Self { history, reach, pairs: VecDeque::new(), last: None }
    }

    /// The next point, given the gradient at `x`.
    ///
    /// # Shapes
    /// both of one shape, the same at every call
    pub fn step(&mut self, x: &Tensor<T>, gradient: &Tensor<T>) -> Tensor<T> {
        if let Some((x0, g0)) = self.last.take() {
            let s = x.zip(&x0, |a, b| a - b);
            let y = gradient.zip(&g0, |a, b| a - b);
            let curvature = s.dot(&y);
            // A pair without positive curvature would make the direction point uphill.
            if curvature > 1e-10 * y.dot(&y) {
                self.pairs.push_back((s, y, 1.0 / curvature));
                if self.pairs.len() > self.history {
                    self.pairs.pop_front();
                }
            }
        }
        self.last = Some((x.clone(), gradient.clone()));
        let direction = self.direction(gradient);
        // Before there is curvature, a small step.
        let first = if self.pairs.is_empty() { 0.1 } else { 1.0 };
        let length = (direction.dot(&direction) / direction.len() as f64).sqrt();
        let scale = first * (self.reach / length.max(f64::MIN_POSITIVE)).min(1.0);
        x.zip(&direction, |x, d| x - T::splat(scale) * d)
    }

    /// Shortens the steps to come.
    pub fn soften(&mut self, factor: f64) {
        self.reach *= factor;
    }

    /// The inverse Hessian's estimate times the gradient, by the two-loop recursion.
    fn direction(&self, gradient: &Tensor<T>) -> Tensor<T> {
        let mut q = gradient.clone();
        let mut alphas = Vec::with_capacity(self.pairs.len());
        for (s, y, rho) in self.pairs.iter().rev() {
            let alpha = rho * s.dot(&q);
            q.zip_assign(y, |q, y| q - T::splat(alpha) * y);
            alphas.push(alpha);
        }
        if let Some((_, y, rho)) = self.pairs.back() {
            let gamma = 1.0 / (rho * y.dot(y));
            q = q.into_map(|v| v * T::splat(gamma));
        }
        for ((s, y, rho), alpha) in self.pairs.iter().zip(alphas.into_iter().rev()) {
            let beta = rho * y.dot(&q);
            q.zip_assign(s, |q, s| q + T::splat(alpha - beta) * s);
        }
        q
    }
}

impl Lbfgs {
    /// What the next step depends on: the last point and gradient, and each remembered step with its change of the gradient.
    pub fn state(&self) -> Params {
        let mut state = Params::default();
        let mut put = |name: String, tensor: &Tensor| state.insert(name, tensor.clone(), Kind::Buffer);
        if let Some((x, gradient)) = &self.last {
            put("point".into(), x);
            put("gradient".into(), gradient);
        }
        for (i, (s, y, _)) in self.pairs.iter().enumerate() {
            put(format!("step.{i:02}"), s);
            put(format!("change.{i:02}"), y);
        }
        state
    }

    /// Goes back to a saved state.
    pub fn restore(&mut self, state: &Params) {
        let take = |name: &str| state.get(name).cloned();
        self.last = take("point").zip(take("gradient"));
        let pairs = (0..self.history).map_while(|i| take(&format!("step.{i:02}")).zip(take(&format!("change.{i:02}"))));
        self.pairs = pairs.map(|(s, y)| (1.0 / s.dot(&y), s, y)).map(|(rho, s, y)| (s, y, rho)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_bowl_is_left_for_its_bottom() {
        let scales = Tensor::<f64>::from_fn([10], |i| 10f64.powf(i as f64 / 3.0));
        let gradient = |x: &Tensor<f64>| x.zip(&scales, |x, s| 2.0 * s * (x - 1.0));
        let mut x = Tensor::zeros([10]);
        let mut lbfgs = Lbfgs::new(10, 0.5);
        for _ in 0..200 {
            x = lbfgs.step(&x, &gradient(&x));
        }
        assert!(x.data().iter().all(|v| (v - 1.0).abs() < 1e-6), "{x:?}");
    }
}
