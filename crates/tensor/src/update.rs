//! The steps of optimisers, each one pass over weights, gradients and moments.

use crate::element::Element;
use crate::parallel::{self, GRAIN};
use crate::simd::vectorised;
use crate::tensor::Tensor;

/// One step of Adam, its corrections and decay moved into constants:
/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = keep w - rate m / (sqrt(v) + eps).
///
/// # Source
/// Kingma and Ba, "Adam", 2015, section 2; Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// b1 and b2: what stays of the mean and of the mean square of gradients.
    pub betas: [f64; 2],
    /// The length of a step.
    pub rate: f64,
    /// Keeps the division finite.
    pub eps: f64,
    /// What stays of a weight: 1 without decay.
    pub keep: f64,
}

impl Adam {
    /// Changes the weights `w` and the moments `m` and `v` by the gradient `g`, in place where nobody shares them.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn step<T: Element>(&self, w: &mut Tensor<T>, g: &Tensor<T>, m: &mut Tensor<T>, v: &mut Tensor<T>) {
        let shapes = [w.shape(), m.shape(), v.shape()];
        assert!(shapes.iter().all(|s| *s == g.shape()), "adam: {:?} and {shapes:?} differ", g.shape());
        let g = g.data();
        parallel::grains_of_three([w.data_mut(), m.data_mut(), v.data_mut()], |i, wmv| {
            adam(wmv, &g[i * GRAIN..], *self);
        });
    }
}

/// One step of gradient descent with momentum: v = momentum v + g + decay w, w = w - rate v.
///
/// # Source
/// Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in the form of the
/// frameworks.
#[derive(Clone, Copy, Debug)]
pub struct Momentum {
    /// What stays of the velocity.
    pub momentum: f64,
    /// The length of a step.
    pub rate: f64,
    /// The pull of weights to zero.
    pub decay: f64,
}

impl Momentum {
    /// Changes the weights `w` and the velocity `v` by the gradient `g`, in place where nobody shares them.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn step<T: Element>(&self, w: &mut Tensor<T>, g: &Tensor<T>, v: &mut Tensor<T>) {
        let shapes = [w.shape(), v.shape()];
        assert!(shapes.iter().all(|s| *s == g.shape()), "momentum: {:?} and {shapes:?} differ", g.shape());
        let g = g.data();
        let (w, v) = ((w.data_mut(), GRAIN), (v.data_mut(), GRAIN));
        parallel::chunks_of_two(w, v, |i, w, v| momentum(w, v, &g[i * GRAIN..], *self));
    }
}

/// A step of an exponential moving average: mean = w + decay (mean - w).
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn average<T: Element>(mean: &mut Tensor<T>, w: &Tensor<T>, decay: f64) {
    let decay = T::splat(decay);
    mean.zip_assign(w, |mean, w| w + decay * (mean - w));
}

// Both read all that a place needs before they write it: tensors of one size often begin at the same place of a page, and a read
// waits for a write whose address has the same last twelve bits (ADR 0029).
vectorised! {
    fn adam[T: Element](wmv: [&mut [T]; 3], g: &[T], step: Adam) -> () {
        let Adam { betas, rate, eps, keep } = step;
        let [b1, b2] = betas.map(T::splat);
        let [c1, c2] = betas.map(|b| T::splat(1.0) - T::splat(b));
        let [rate, eps, keep] = [rate, eps, keep].map(T::splat);
        let [w, m, v] = wmv;
        for ((w, &g), (m, v)) in w.iter_mut().zip(g).zip(m.iter_mut().zip(v)) {
            let (mean, square, kept) = (b1 * *m + c1 * g, b2 * *v + c2 * g * g, keep * *w);
            *m = mean;
            *v = square;
            *w = kept - rate * mean / (square.sqrt() + eps);
        }
    }

    fn momentum[T: Element](w: &mut [T], v: &mut [T], g: &[T], step: Momentum) -> () {
        let [momentum, rate, decay] = [step.momentum, step.rate, step.decay].map(T::splat);
        for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
            let (velocity, weight) = (momentum * *v + (g + decay * *w), *w);
            *v = velocity;
            *w = weight - rate * velocity;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave<T: Element>(phase: f64) -> Tensor<T> {
        Tensor::from_fn([50_003], |i| T::splat((i as f64 * 0.37 + phase).sin()))
    }

    fn near(got: &Tensor<f32>, want: &Tensor<f64>) {
        assert!(got.data().iter().zip(want.data()).all(|(&g, &w)| (f64::from(g) - w).abs() < 1e-6 * (1.0 + w.abs())));
    }

    /// Both element types through one step; the results of f32 near those of f64.
    #[test]
    fn steps_agree_with_f64() {
        fn adam<T: Element>() -> [Tensor<T>; 3] {
            let [mut w, mut m, mut v] = [wave(0.0), wave(1.0), wave::<T>(2.0).map(|v| v * v)];
            Adam { betas: [0.9, 0.99], rate: 0.01, eps: 1e-3, keep: 0.999 }.step(&mut w, &wave(3.0), &mut m, &mut v);
            [w, m, v]
        }
        fn descent<T: Element>() -> [Tensor<T>; 3] {
            let [mut w, mut v, mut mean] = [wave(0.0), wave(1.0), wave(2.0)];
            Momentum { momentum: 0.9, rate: 0.1, decay: 0.01 }.step(&mut w, &wave(3.0), &mut v);
            average(&mut mean, &w, 0.99);
            [w, v, mean]
        }
        adam().iter().zip(&adam()).for_each(|(got, want)| near(got, want));
        descent().iter().zip(&descent()).for_each(|(got, want)| near(got, want));
    }
}
