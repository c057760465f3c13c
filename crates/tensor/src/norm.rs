//! Normalisation by mean and deviation with scale, shift and activation, in the fewest passes over the data.
//!
//! Statistics are taken of each channel over the batch (batch norm), or of groups of channels of each picture (group norm; with
//! as many groups as channels it is instance norm, with one group layer norm).

use crate::element::Element;
use crate::parallel::{self, GRAIN};
use crate::reduce::{sum_of, sums_of_pairs};
use crate::simd::vectorised;
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

/// `[N, C, H, W]` (or `[N, C]`, or `[N, C, L]`) seen as planes.
#[derive(Clone, Copy)]
struct Planes {
    batch: usize,
    channels: usize,
    size: usize,
}

impl Planes {
    #[track_caller]
    fn of<T: Element>(x: &Tensor<T>, norm: &Norm) -> Self {
        let (batch, channels, size) = x.shape().around(1);
        let divides = |groups: usize| groups > 0 && channels.is_multiple_of(groups);
        assert!(norm.groups.is_none_or(divides), "norm: {:?} groups do not divide {channels} channels", norm.groups);
        Self { batch, channels, size }
    }

    /// The same, beside a scale and a shift that have to fit.
    #[track_caller]
    fn with<T: Element>(x: &Tensor<T>, norm: &Norm, gamma: &Tensor<T>, beta: &Tensor<T>) -> Self {
        let planes = Self::of(x, norm);
        let (want, [gamma, beta]) = ([planes.channels], [gamma.shape(), beta.shape()]);
        assert!(*gamma == want && *beta == want, "norm: expected gamma and beta {want:?}, got {gamma:?} and {beta:?}");
        planes
    }

    /// Those of statistics that have to fit too.
    #[track_caller]
    fn check<T: Element>(self, norm: &Norm, moments: &Moments<T>) {
        let (want, [mean, scale]) = (self.sets(norm), [moments.mean.shape(), moments.scale.shape()]);
        assert!(*mean == want && *scale == want, "norm: expected moments {want:?}, got {mean:?} and {scale:?}");
    }

    /// Planes that follow each other and share statistics.
    fn run(self, norm: &Norm) -> usize {
        norm.groups.map_or(1, |groups| self.channels / groups)
    }

    /// Planes that share statistics: their numbers, for the `i`-th set.
    fn set(self, norm: &Norm, i: usize) -> impl Iterator<Item = usize> + Clone {
        let run = self.run(norm);
        let (first, count, step) =
            if norm.groups.is_some() { (i * run, run, 1) } else { (i, self.batch, self.channels) };
        (0..count).map(move |n| first + n * step)
    }

    fn sets(self, norm: &Norm) -> [usize; 2] {
        norm.groups.map_or([1, self.channels], |groups| [self.batch, groups])
    }

    /// Elements of one set.
    fn count(self, norm: &Norm) -> f64 {
        (self.size * if norm.groups.is_some() { self.run(norm) } else { self.batch }) as f64
    }

    /// Calls `f` with the elements of some planes of each of the arrays; those of small planes are put together first.
    fn joined<T: Copy, const K: usize>(
        self,
        arrays: [&[T]; K],
        planes: impl Iterator<Item = usize>,
        mut f: impl FnMut([&[T]; K]),
    ) {
        if 8 * self.size > NEAR {
            return planes.for_each(|plane| f(arrays.map(|x| self.at(x, plane))));
        }
        let mut near = arrays.map(|_| Vec::with_capacity(NEAR));
        for plane in planes {
            if near.iter().any(|near| near.len() + self.size > NEAR) {
                f(near.each_ref().map(Vec::as_slice));
                near.iter_mut().for_each(Vec::clear);
            }
            near.iter_mut().zip(arrays).for_each(|(near, x)| near.extend_from_slice(self.at(x, plane)));
        }
        f(near.each_ref().map(Vec::as_slice));
    }

    fn at<T>(self, x: &[T], plane: usize) -> &[T] {
        &x[plane * self.size..][..self.size]
    }
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
            parallel::both((out, run * planes.size), (&mut pairs, 1), |set, out, pair| {
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
            parallel::both((dx.data_mut(), run * size), (&mut sums, run), |set, g, sums| {
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

/// y = a x + b, then the activation.
#[derive(Clone, Copy)]
struct Line<T> {
    a: T,
    b: T,
    mean: T,
    scale: T,
    /// The activation's factor where y is not positive.
    slope: T,
}

impl<T: Element> Line<T> {
    /// The gradient for what the activation is given at `x`, from the gradient `g` of its result.
    #[inline(always)]
    fn before_activation(self, x: T, g: T) -> T {
        if self.a * x + self.b > T::splat(0.0) { g } else { g * self.slope }
    }
}

/// How many elements there are, their mean, and the sum of their square distances from it.
#[derive(Clone, Copy, Default)]
struct Spread {
    count: f64,
    mean: f64,
    square: f64,
}

impl Spread {
    /// The spread of two parts together.
    ///
    /// # Source
    /// Chan, Golub and `LeVeque`, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
    fn join(self, other: Self) -> Self {
        let count = self.count + other.count;
        let (share, distance) = (other.count / count.max(1.0), other.mean - self.mean);
        Self {
            count,
            mean: self.mean + distance * share,
            square: self.square + other.square + distance * distance * self.count * share,
        }
    }
}

/// Elements that are read twice, the second time from the first cache.
const NEAR: usize = 2048;

vectorised! {
    /// The spread of a slice: of every block the mean, then the distances from it.
    fn spread[T: Element](x: &[T]) -> Spread {
        let mut all = Spread::default();
        for x in x.chunks(NEAR) {
            let count = x.len() as f64;
            let mean = sum_of(x, |v| v) / count;
            let center = T::splat(mean);
            let rounded = mean - center.to_f64();
            let square = sum_of(x, |v| (v - center) * (v - center)) - count * rounded * rounded;
            // Of equal numbers only what was rounded is left, below zero. NaN stays.
            let square = if square < 0.0 { 0.0 } else { square };
            all = all.join(Spread { count, mean, square });
        }
        all
    }

    /// `out = act(a x + b)`, plane by plane; the first takes the line numbered `first`, and behind the last the lines begin
    /// again.
    fn draw_planes[T: Element](x: &[T], out: &mut [T], size: usize, first: usize, lines: &[Line<T>]) -> () {
        for (i, (x, out)) in x.chunks(size).zip(out.chunks_mut(size)).enumerate() {
            let Line { a, b, slope, .. } = lines[(first + i) % lines.len()];
            for (o, &v) in out.iter_mut().zip(x) {
                let y = a * v + b;
                *o = if y > T::splat(0.0) { y } else { y * slope };
            }
        }
    }

    /// The sums of h and of h x^ over a plane.
    fn line_sums[T: Element](x: &[T], g: &[T], line: Line<T>) -> [f64; 2] {
        let [h, hx] = sums_of_pairs(x, g, |x, g| {
            let h = line.before_activation(x, g);
            [h, h * (x - line.mean)]
        });
        [h, hx * line.scale.to_f64()]
    }

    /// `g = scale (gamma h - mean(gamma h) - x^ mean(gamma h x^))`, plane by plane with lines and means as above.
    fn line_gradients[T: Element](
        x: &[T],
        g: &mut [T],
        size: usize,
        first: usize,
        lines: &[Line<T>],
        means: &[[T; 2]],
    ) -> () {
        for (i, (x, g)) in x.chunks(size).zip(g.chunks_mut(size)).enumerate() {
            let at = (first + i) % lines.len();
            let (line, means) = (lines[at], means[at]);
            let (shift, tilt) = (line.scale * means[0], line.scale * line.scale * means[1]);
            for (g, &x) in g.iter_mut().zip(x) {
                *g = line.a * line.before_activation(x, *g) - shift - (x - line.mean) * tilt;
            }
        }
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
