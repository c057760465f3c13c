//! Normalisation by mean and deviation with scale, shift and activation, in the fewest passes over the data.
//!
//! Statistics are taken of each channel over the batch (batch norm), or of groups of channels of each picture (group norm; with
//! as many groups as channels it is instance norm, with one group layer norm).

mod passes;
mod planes;

use self::passes::{Line, Spread, draw_planes, line_gradients, line_sums, spread};
use self::planes::Planes;
use crate::element::Element;
use crate::parallel::{self, GRAIN};
use crate::tensor::Tensor;

/// Which normalisation, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// The groups of channels whose statistics are taken in each picture; none for statistics of each channel over the batch.
    pub groups: Option<usize>,
    /// Added to the variance.
    pub eps: f64,
    /// The factor for negative results: 1 for none, 0 for `relu`, 0.2 for a leaky one.
    pub slope: f64,
}

/// The biased statistics that a normalisation divided by: `[N, groups]`, or `[1, C]` over the batch.
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

impl Norm {
    /// The statistics of `x`, in one pass.
    ///
    /// # Panics
    /// If `x` has fewer than two axes, or channels that the groups do not divide.
    #[track_caller]
    pub fn moments<T: Element>(&self, x: &Tensor<T>) -> Moments<T> {
        let planes = Planes::of(x, self);
        let sets = planes.sets(self);
        let pairs = parallel::collect(sets[0] * sets[1], |set| self.pair(planes, set, x.data()));
        Self::gather(sets, &pairs)
    }

    /// Mean and 1 / deviation of a set.
    fn pair<T: Element>(&self, planes: Planes, set: usize, x: &[T]) -> [T; 2] {
        let mut all = Spread::default();
        planes.joined([x], planes.set(self, set), |[x]| all = all.join(spread(x)));
        // An empty batch has no spread.
        [T::splat(all.mean), T::splat(1.0 / (all.square / all.count.max(1.0) + self.eps).sqrt())]
    }

    fn gather<T: Element>(sets: [usize; 2], pairs: &[[T; 2]]) -> Moments<T> {
        let [mean, scale] = [0, 1].map(|k| Tensor::from_fn(sets, |i| pairs[i][k]));
        Moments { mean, scale }
    }

    /// y = act(gamma (x - mean) / sqrt(var + eps) + beta)
    ///
    /// # Shapes
    /// `x` `[N, C, ..]`, `gamma` and `beta` `[C]`
    ///
    /// # Panics
    /// If they do not fit each other, the groups or the moments.
    #[track_caller]
    pub fn forward<T: Element>(
        &self,
        x: &Tensor<T>,
        gamma: &Tensor<T>,
        beta: &Tensor<T>,
        moments: &Moments<T>,
    ) -> Tensor<T> {
        let planes = Planes::with(x, self, gamma, beta);
        planes.check(self, moments);
        let (size, lines) = (planes.size.max(1), self.lines(planes, gamma, beta, moments));
        let per_task = GRAIN.div_ceil(size);
        Tensor::build(*x.shape(), |out| {
            parallel::chunks(out, per_task * size, |task, out| {
                let first = task * per_task;
                draw_planes(&x.data()[first * size..][..out.len()], out, size, first, &lines);
            });
        })
    }

    /// [`moments`](Norm::moments) and [`forward`](Norm::forward) with them. Statistics of each picture are
    /// taken and used while its planes are in the cache.
    ///
    /// # Panics
    /// As [`forward`](Norm::forward).
    #[track_caller]
    pub fn run<T: Element>(&self, x: &Tensor<T>, gamma: &Tensor<T>, beta: &Tensor<T>) -> (Tensor<T>, Moments<T>) {
        let planes = Planes::with(x, self, gamma, beta);
        if self.groups.is_none() || x.is_empty() {
            let moments = self.moments(x);
            return (self.forward(x, gamma, beta, &moments), moments);
        }
        let (run, sets) = (planes.run(self), planes.sets(self));
        let mut pairs = vec![[T::splat(0.0); 2]; sets[0] * sets[1]];
        let y = Tensor::build(*x.shape(), |out| {
            parallel::chunks_of_two((out, run * planes.size), (&mut pairs, 1), |set, out, pair| {
                pair[0] = self.pair(planes, set, x.data());
                for (plane, out) in planes.set(self, set).zip(out.chunks_mut(planes.size)) {
                    let c = plane % planes.channels;
                    let line = self.through(pair[0], gamma.data()[c], beta.data()[c]);
                    draw_planes(planes.at(x.data(), plane), out, planes.size, 0, &[line]);
                }
            });
        });
        (y, Self::gather(planes.sets(self), &pairs))
    }

    /// The gradients of [`forward`](Norm::forward) for the upstream gradient `g`, statistics included:
    /// with x^ the normalised input and h the gradient for what the activation is given,
    /// dx = scale (gamma h - mean(gamma h) - x^ mean(gamma h x^)), dgamma = sum h x^, dbeta = sum h.
    ///
    /// # Source
    /// Ioffe and Szegedy, "Batch normalization", 2015, section 3; Wu and He, "Group normalization", 2018.
    ///
    /// # Panics
    /// As [`forward`](Norm::forward), and if `g` has not the shape of `x`.
    #[track_caller]
    pub fn backward<T: Element>(
        &self,
        x: &Tensor<T>,
        gamma: &Tensor<T>,
        beta: &Tensor<T>,
        moments: &Moments<T>,
        g: Tensor<T>,
    ) -> Gradients<T> {
        let planes = Planes::with(x, self, gamma, beta);
        planes.check(self, moments);
        assert!(g.shape() == x.shape(), "norm: expected a gradient {:?}, got {:?}", x.shape(), g.shape());
        let (count, size, run) = (planes.count(self), planes.size.max(1), planes.run(self));
        let lines = self.lines(planes, gamma, beta, moments);
        // Sums of h and h x^ where they are needed: for every line.
        let mut sums = vec![[0.0; 2]; lines.len()];
        let (x, mut dx) = (x.data(), g);
        if self.groups.is_some() && !x.is_empty() {
            // Both passes while the planes are in the cache.
            parallel::chunks_of_two((dx.data_mut(), run * size), (&mut sums, run), |set, g, sums| {
                let (first, mut means) = (set * run, [0.0; 2]);
                for (i, (g, sum)) in g.chunks(size).zip(&mut *sums).enumerate() {
                    *sum = line_sums(planes.at(x, first + i), g, lines[first + i]);
                    let gamma = gamma.data()[(first + i) % planes.channels].to_f64();
                    means = [0, 1].map(|k| means[k] + gamma * sum[k] / count);
                }
                let x = &x[first * size..][..g.len()];
                line_gradients(x, g, size, 0, &lines[first..][..run], &vec![means.map(T::splat); run]);
            });
        } else {
            parallel::chunks(&mut sums, 1, |c, sum| {
                planes.joined([x, dx.data()], planes.set(self, c), |[x, g]| {
                    let [h, hx] = line_sums(x, g, lines[c]);
                    sum[0] = [sum[0][0] + h, sum[0][1] + hx];
                });
            });
            let mean = |(sum, &gamma): (&[f64; 2], &T)| sum.map(|s| T::splat(gamma.to_f64() * s / count));
            let means: Vec<[T; 2]> = sums.iter().zip(gamma.data()).map(mean).collect();
            let per_task = GRAIN.div_ceil(size);
            parallel::chunks(dx.data_mut(), per_task * size, |task, g| {
                let first = task * per_task;
                line_gradients(&x[first * size..][..g.len()], g, size, first, &lines, &means);
            });
        }
        let of_channel = |c: usize, k: usize| sums.iter().skip(c).step_by(planes.channels).map(|s| s[k]).sum::<f64>();
        let [beta, gamma] = [0, 1].map(|k| Tensor::from_fn([planes.channels], |c| T::splat(of_channel(c, k))));
        Gradients { x: dx, gamma, beta }
    }

    /// The straight lines that elements go through: one for each channel where statistics are the batch's, else one for each
    /// plane.
    fn lines<T: Element>(
        &self,
        planes: Planes,
        gamma: &Tensor<T>,
        beta: &Tensor<T>,
        moments: &Moments<T>,
    ) -> Vec<Line<T>> {
        let line = |plane: usize| {
            let (c, set) = (plane % planes.channels, plane / planes.run(self));
            self.through([moments.mean.data()[set], moments.scale.data()[set]], gamma.data()[c], beta.data()[c])
        };
        (0..planes.channels * if self.groups.is_some() { planes.batch } else { 1 }).map(line).collect()
    }

    fn through<T: Element>(&self, [mean, scale]: [T; 2], gamma: T, beta: T) -> Line<T> {
        let a = gamma * scale;
        Line { a, b: beta - a * mean, mean, scale, slope: T::splat(self.slope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    #[test]
    fn a_small_spread_far_from_zero_is_seen() {
        let x = Tensor::<f32>::from_fn([2, 1, 100, 100], |i| 1000.0 + (i % 7) as f32 * 0.01);
        let exact = x.cast::<f64>();
        for groups in [None, Some(1)] {
            let norm = Norm { groups, eps: 0.0, slope: 1.0 };
            let (got, want) = (norm.moments(&x).scale, norm.moments(&exact).scale);
            assert!(got.data().iter().zip(want.data()).all(|(&g, &w)| (f64::from(g) / w - 1.0).abs() < 1e-4));
            let (gamma, beta) = (Tensor::ones([1]), Tensor::zeros([1]));
            let (y, moments) = norm.run(&x, &gamma, &beta);
            assert_eq!(y, norm.forward(&x, &gamma, &beta, &norm.moments(&x)));
            assert_eq!(moments.mean, norm.moments(&x).mean);
        }
    }

    /// Means of blocks of f32 and the mean of all need not round alike: a variance must not become negative for that.
    #[test]
    fn equal_numbers_have_no_spread() {
        for (size, value) in [(784, 765_349.06), (1000, 74_342.055), (1600, 0.1), (50_000, 3.3)] {
            let x = Tensor::<f32>::full([1, 1, size], value);
            let norm = Norm { groups: None, eps: 1e-5, slope: 1.0 };
            let y = norm.run(&x, &Tensor::ones([1]), &Tensor::zeros([1])).0;
            assert!(y.data().iter().all(|v| v.is_finite()), "{size} times {value}: {}", y.data()[0]);
        }
        let empty = Norm { groups: None, eps: 1e-5, slope: 1.0 }.moments(&Tensor::<f32>::zeros([0, 3, 4, 4]));
        assert!(empty.scale.data().iter().all(|v| v.is_finite()));
    }

    #[test]
    #[should_panic(expected = "norm: expected gamma and beta [3], got [5] and [3]")]
    fn a_scale_is_one_number_for_each_channel() {
        let norm = Norm { groups: Some(3), eps: 1e-5, slope: 1.0 };
        norm.run(&Tensor::<f32>::ones([2, 3, 4]), &Tensor::ones([5]), &Tensor::zeros([3]));
    }

    #[test]
    #[should_panic(expected = "norm: expected a gradient [2, 3, 4], got [2, 3, 2]")]
    fn a_gradient_has_the_shape_of_its_result() {
        let norm = Norm { groups: Some(3), eps: 1e-5, slope: 1.0 };
        let (x, gamma, beta) = (Tensor::<f32>::ones([2, 3, 4]), Tensor::ones([3]), Tensor::zeros([3]));
        norm.backward(&x, &gamma, &beta, &norm.moments(&x), Tensor::ones([2, 3, 2]));
    }

    #[test]
    fn a_normalised_batch_has_mean_beta_and_deviation_gamma() {
        let mut random = Random::new(0, 0);
        let x: Tensor<f64> = random.normal([4, 3, 5, 5], 2.0, 3.0);
        let (gamma, beta) = (Tensor::new([3], vec![1.0, 2.0, 0.5]), Tensor::new([3], vec![0.0, -1.0, 4.0]));
        for groups in [None, Some(3)] {
            let norm = Norm { groups, eps: 0.0, slope: 1.0 };
            let y = norm.forward(&x, &gamma, &beta, &norm.moments(&x));
            let again = Norm { eps: 0.0, ..norm }.moments(&y);
            for (i, (&m, &s)) in again.mean.data().iter().zip(again.scale.data()).enumerate() {
                assert!((m - beta.data()[i % 3]).abs() < 1e-12);
                assert!((1.0 / s - gamma.data()[i % 3]).abs() < 1e-12);
            }
        }
    }
}
