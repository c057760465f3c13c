//! What a normalisation does to the numbers of a plane, in one pass each.

use crate::element::Element;
use crate::reduce::{sum_of, sums_of_pairs};
use crate::simd::vectorised;

/// y = a x + b, then the activation.
#[derive(Clone, Copy)]
pub(super) struct Line<T> {
    pub(super) a: T,
    pub(super) b: T,
    pub(super) mean: T,
    pub(super) scale: T,
    /// The activation's factor where y is not positive.
    pub(super) slope: T,
}

impl<T: Element> Line<T> {
    /// The gradient for what the activation is given at `x`, from the gradient `g` of its result.
    #[inline(always)]
    pub(super) fn before_activation(self, x: T, g: T) -> T {
        if self.a * x + self.b > T::splat(0.0) { g } else { g * self.slope }
    }
}

/// How many elements there are, their mean, and the sum of their square distances from it.
#[derive(Clone, Copy, Default)]
pub(super) struct Spread {
    pub(super) count: f64,
    pub(super) mean: f64,
    pub(super) square: f64,
}

impl Spread {
    /// The spread of two parts together.
    ///
    /// # Source
    /// Chan, Golub and `LeVeque`, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
    pub(super) fn join(self, other: Self) -> Self {
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
pub(super) const NEAR: usize = 2048;

vectorised! {
    /// The spread of a slice: of every block the mean, then the distances from it.
    pub(super) fn spread[T: Element](x: &[T]) -> Spread {
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
    pub(super) fn draw_planes[T: Element](x: &[T], out: &mut [T], size: usize, first: usize, lines: &[Line<T>]) -> () {
        for (i, (x, out)) in x.chunks(size).zip(out.chunks_mut(size)).enumerate() {
            let Line { a, b, slope, .. } = lines[(first + i) % lines.len()];
            for (o, &v) in out.iter_mut().zip(x) {
                let y = a * v + b;
                *o = if y > T::splat(0.0) { y } else { y * slope };
            }
        }
    }

    /// The sums of h and of h x^ over a plane.
    pub(super) fn line_sums[T: Element](x: &[T], g: &[T], line: Line<T>) -> [f64; 2] {
        let [h, hx] = sums_of_pairs(x, g, |x, g| {
            let h = line.before_activation(x, g);
            [h, h * (x - line.mean)]
        });
        [h, hx * line.scale.to_f64()]
    }

    /// `g = scale (gamma h - mean(gamma h) - x^ mean(gamma h x^))`, plane by plane with lines and means as above.
    pub(super) fn line_gradients[T: Element](
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
