//! Normalisation by mean and deviation with scale, shift and activation, in the fewest passes over the data.
//!
//! Statistics are taken per channel over the batch (batch norm) or per channel of each picture (instance norm).

use crate::element::Element;
use crate::parallel;
use crate::reduce::sum_slice;
use crate::tensor::Tensor;

/// Which normalisation, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// Statistics per picture (instance norm) or over the whole batch (batch norm).
    pub per_picture: bool,
    /// Added to the variance.
    pub eps: f64,
    /// The factor for negative results: 1 for none, 0 for `relu`, 0.2 for a leaky one.
    pub slope: f64,
}

/// The biased statistics that a normalisation divided by: `[N, C]` per picture, else `[1, C]`.
#[derive(Clone, Debug)]
pub struct Moments<T: Element> {
    /// Means.
    pub mean: Tensor<T>,
    /// 1 / sqrt(variance + eps).
    pub scale: Tensor<T>,
}

/// The gradients that [`Norm::backward`] gives.
pub struct Gradients<T: Element> {
    /// For the input.
    pub x: Tensor<T>,
    /// For the scale `gamma`, `[C]`.
    pub gamma: Tensor<T>,
    /// For the shift `beta`, `[C]`.
    pub beta: Tensor<T>,
}

/// `[N, C, H, W]` (or `[N, C]`, or `[N, C, L]`) seen as planes.
#[derive(Clone, Copy)]
struct Planes {
    batch: usize,
    channels: usize,
    size: usize,
}

impl Planes {
    fn of<T: Element>(x: &Tensor<T>) -> Self {
        let (batch, channels, size) = x.shape().around(1);
        Self { batch, channels, size }
    }

    /// Planes that share statistics: their numbers, for the `i`-th set.
    fn set(self, norm: &Norm, i: usize) -> impl Iterator<Item = usize> + Clone {
        let (first, count) = if norm.per_picture { (i, 1) } else { (i, self.batch) };
        (0..count).map(move |n| first + n * self.channels)
    }

    fn sets(self, norm: &Norm) -> [usize; 2] {
        [if norm.per_picture { self.batch } else { 1 }, self.channels]
    }

    /// Elements of one set.
    fn count(self, norm: &Norm) -> f64 {
        (self.size * if norm.per_picture { 1 } else { self.batch }) as f64
    }

    fn at<T>(self, x: &[T], plane: usize) -> &[T] {
        &x[plane * self.size..][..self.size]
    }
}

impl Norm {
    /// The statistics of `x`, by two passes: the mean first, then the mean square distance from it.
    pub fn moments<T: Element>(&self, x: &Tensor<T>) -> Moments<T> {
        let planes = Planes::of(x);
        let (count, sets) = (planes.count(self), planes.sets(self));
        let pairs = parallel::collect(sets[0] * sets[1], |i| {
            let set = planes.set(self, i);
            let mean = set.clone().map(|p| sum_slice(planes.at(x.data(), p))).sum::<f64>() / count;
            let center = T::splat(mean);
            let square = set.map(|p| sum_of(planes.at(x.data(), p), |v| (v - center) * (v - center))).sum::<f64>();
            (center, T::splat(1.0 / (square / count + self.eps).sqrt()))
        });
        let (mean, scale) = pairs.into_iter().unzip();
        Moments { mean: Tensor::new(sets, mean), scale: Tensor::new(sets, scale) }
    }

    /// y = act(gamma (x - mean) / sqrt(var + eps) + beta)
    ///
    /// # Shapes
    /// `x` `[N, C, ..]`, `gamma` and `beta` `[C]`
    pub fn forward<T: Element>(
        &self,
        x: &Tensor<T>,
        gamma: &Tensor<T>,
        beta: &Tensor<T>,
        moments: &Moments<T>,
    ) -> Tensor<T> {
        let planes = Planes::of(x);
        let slope = T::splat(self.slope);
        Tensor::build(*x.shape(), |out| {
            parallel::rows(out, planes.size, |plane, out| {
                let Affine { a, b, .. } = self.affine(planes, plane, gamma, beta, moments);
                for (o, &v) in out.iter_mut().zip(planes.at(x.data(), plane)) {
                    let y = a * v + b;
                    *o = if y > T::splat(0.0) { y } else { y * slope };
                }
            });
        })
    }

    /// The gradients of [`forward`](Norm::forward) for the upstream gradient `g`, statistics included:
    /// with x^ the normalised input and h the gradient behind the activation,
    /// dx = gamma scale (h - mean(h) - x^ mean(h x^)), dgamma = sum h x^, dbeta = sum h.
    ///
    /// # Source
    /// Ioffe and Szegedy, "Batch normalization", 2015, section 3.
    pub fn backward<T: Element>(
        &self,
        x: &Tensor<T>,
        gamma: &Tensor<T>,
        beta: &Tensor<T>,
        moments: &Moments<T>,
        g: Tensor<T>,
    ) -> Gradients<T> {
        let planes = Planes::of(x);
        let (count, sets) = (planes.count(self), planes.sets(self));
        let slope = T::splat(self.slope);
        let behind = |a: T, b: T, v: T, g: T| if a * v + b > T::splat(0.0) { g } else { g * slope };
        // Sums of h and of h x^ for every plane.
        let sums = parallel::collect(planes.batch * planes.channels, |plane| {
            let Affine { a, b, mean, scale } = self.affine(planes, plane, gamma, beta, moments);
            let (x, g) = (planes.at(x.data(), plane), planes.at(g.data(), plane));
            pair_sum(x, g, |v, g| {
                let h = behind(a, b, v, g);
                (h, h * ((v - mean) * scale))
            })
        });
        let total =
            |set: &mut dyn Iterator<Item = usize>| set.fold((0.0, 0.0), |(h, hx), p| (h + sums[p].0, hx + sums[p].1));
        let means: Vec<(T, T)> = (0..sets[0] * sets[1])
            .map(|i| {
                let (h, hx) = total(&mut planes.set(self, i));
                (T::splat(h / count), T::splat(hx / count))
            })
            .collect();
        let of_channel = |c: usize| total(&mut (0..planes.batch).map(|n| n * planes.channels + c));
        let gamma_gradient = Tensor::from_fn([planes.channels], |c| T::splat(of_channel(c).1));
        let beta_gradient = Tensor::from_fn([planes.channels], |c| T::splat(of_channel(c).0));
        let mut dx = g;
        parallel::rows(dx.data_mut(), planes.size, |plane, g| {
            let Affine { a, b, mean, scale } = self.affine(planes, plane, gamma, beta, moments);
            let (h, hx) = means[self.set_of(planes, plane)];
            for (g, &v) in g.iter_mut().zip(planes.at(x.data(), plane)) {
                *g = a * (behind(a, b, v, *g) - h - (v - mean) * scale * hx);
            }
        });
        Gradients { x: dx, gamma: gamma_gradient, beta: beta_gradient }
    }

    fn set_of(&self, planes: Planes, plane: usize) -> usize {
        if self.per_picture { plane } else { plane % planes.channels }
    }

    /// What a plane's elements are multiplied by and what is added.
    fn affine<T: Element>(
        &self,
        planes: Planes,
        plane: usize,
        gamma: &Tensor<T>,
        beta: &Tensor<T>,
        moments: &Moments<T>,
    ) -> Affine<T> {
        let (set, c) = (self.set_of(planes, plane), plane % planes.channels);
        let (mean, scale) = (moments.mean.data()[set], moments.scale.data()[set]);
        let a = gamma.data()[c] * scale;
        Affine { a, b: beta.data()[c] - a * mean, mean, scale }
    }
}

struct Affine<T> {
    a: T,
    b: T,
    mean: T,
    scale: T,
}

/// The sum of `f` over a slice, by [`sum_slice`] over short pieces.
fn sum_of<T: Element>(x: &[T], f: impl Fn(T) -> T) -> f64 {
    const PIECE: usize = 256;
    let mut piece = [T::splat(0.0); PIECE];
    let sum = |part: &[T]| {
        for (p, &v) in piece.iter_mut().zip(part) {
            *p = f(v);
        }
        sum_slice(&piece[..part.len()])
    };
    x.chunks(PIECE).map(sum).sum()
}

/// The sums of both results of `f` over two slices.
fn pair_sum<T: Element>(x: &[T], y: &[T], f: impl Fn(T, T) -> (T, T)) -> (f64, f64) {
    const PIECE: usize = 256;
    let (mut first, mut second) = ([T::splat(0.0); PIECE], [T::splat(0.0); PIECE]);
    let mut sums = (0.0, 0.0);
    for (x, y) in x.chunks(PIECE).zip(y.chunks(PIECE)) {
        for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
            (first[i], second[i]) = f(x, y);
        }
        sums.0 += sum_slice(&first[..x.len()]);
        sums.1 += sum_slice(&second[..x.len()]);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    #[test]
    fn a_normalised_batch_has_mean_beta_and_deviation_gamma() {
        let mut random = Random::new(0, 0);
        let x: Tensor<f64> = random.normal([4, 3, 5, 5], 2.0, 3.0);
        let (gamma, beta) = (Tensor::new([3], vec![1.0, 2.0, 0.5]), Tensor::new([3], vec![0.0, -1.0, 4.0]));
        for per_picture in [false, true] {
            let norm = Norm { per_picture, eps: 0.0, slope: 1.0 };
            let y = norm.forward(&x, &gamma, &beta, &norm.moments(&x));
            let again = Norm { eps: 0.0, ..norm }.moments(&y);
            for (i, (&m, &s)) in again.mean.data().iter().zip(again.scale.data()).enumerate() {
                assert!((m - beta.data()[i % 3]).abs() < 1e-12);
                assert!((1.0 / s - gamma.data()[i % 3]).abs() < 1e-12);
            }
        }
    }
}
