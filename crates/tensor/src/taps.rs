//! Linear maps along one axis: padding, cropping, flipping, enlarging and averaging are the same thing.
//!
//! Each place of the new axis is a weighted sum of a few places of the old one. The adjoint is the transposed table and
//! again gathers, so it needs no scatter, has no race, and adds in a fixed order.

use std::ops::Range;
use std::sync::Arc;

use crate::element::Element;
use crate::parallel;
use crate::shape::{OrPanic, ShapeError};
use crate::simd::vectorised;
use crate::tensor::Tensor;

/// A sparse matrix for one axis: `y[i] = sum of weight * x[index]` over the taps of place `i`.
///
/// ```
/// use impasto_tensor::{Taps, Tensor};
/// let x = Tensor::<f32>::new([1, 3], vec![1.0, 2.0, 3.0]);
/// assert_eq!(x.resample(1, &Taps::reflect(3, 1, 2)).data(), [2.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Taps {
    table: Arc<Table>,
}

#[derive(Debug, PartialEq)]
struct Table {
    from: usize,
    /// The taps of place `i` are `taps[ends[i - 1]..ends[i]]`.
    ends: Vec<usize>,
    taps: Vec<(usize, f64)>,
    form: Form,
}

/// What is regular about a table, for kernels that need not look at every tap.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// `factor` places copy each old one, times `weight`.
    Repeat { factor: usize, weight: f64 },
    /// Each place is the sum of `factor` old ones, times `weight`.
    Gather { factor: usize, weight: f64 },
    /// `len` places from `to` on copy the old ones from `from` on; the others are anything.
    Copy { to: usize, from: usize, len: usize },
}

/// How [`Taps::upsample`] fills the places between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upsample {
    /// Every place is repeated.
    Nearest,
    /// Straight lines between the centres of the places; the ends are held (half-pixel centres, `align_corners` off).
    Linear,
}

impl Taps {
    /// A map from an axis of `from` places, given the taps (place, weight) of each new place.
    ///
    /// # Panics
    /// If a tap lies outside the axis.
    #[track_caller]
    pub fn new(from: usize, places: impl IntoIterator<Item = Vec<(usize, f64)>>) -> Self {
        let (mut ends, mut taps) = (Vec::new(), Vec::new());
        for place in places {
            taps.extend(place);
            ends.push(taps.len());
        }
        assert!(taps.iter().all(|&(i, _)| i < from), "taps: expected places below {from}, got {taps:?}");
        let form = Form::of(from, &ends, &taps);
        Self { table: Arc::new(Table { from, ends, taps, form }) }
    }

    /// Each new place copies one old place.
    #[track_caller]
    pub fn select(from: usize, places: impl IntoIterator<Item = usize>) -> Self {
        Self::new(from, places.into_iter().map(|i| vec![(i, 1.0)]))
    }

    /// The places `range`.
    #[track_caller]
    pub fn range(from: usize, range: Range<usize>) -> Self {
        Self::select(from, range)
    }

    /// The places in reverse order.
    pub fn flip(from: usize) -> Self {
        Self::select(from, (0..from).rev())
    }

    /// `before` and `after` zeros at the ends.
    pub fn zeros(from: usize, before: usize, after: usize) -> Self {
        let inside = |i: usize| i.checked_sub(before).filter(|&j| j < from);
        Self::new(from, (0..before + from + after).map(|i| inside(i).map(|j| (j, 1.0)).into_iter().collect()))
    }

    /// The axis mirrored at its ends, which are not repeated.
    ///
    /// # Panics
    /// If a side is not shorter than the axis.
    #[track_caller]
    pub fn reflect(from: usize, before: usize, after: usize) -> Self {
        assert!(before.max(after) < from.max(1), "reflect: padding {before} and {after} must be below {from}");
        Self::around(from, before, after, |i, n| match i {
            i if i < 0 => -i,
            i if i >= n => 2 * (n - 1) - i,
            i => i,
        })
    }

    /// The ends repeated.
    ///
    /// # Panics
    /// If the axis is empty and there are places to fill.
    #[track_caller]
    pub fn replicate(from: usize, before: usize, after: usize) -> Self {
        Self::around(from, before, after, |i, n| i.clamp(0, n - 1))
    }

    /// The axis as a ring.
    ///
    /// # Panics
    /// As [`replicate`](Taps::replicate).
    #[track_caller]
    pub fn circular(from: usize, before: usize, after: usize) -> Self {
        Self::around(from, before, after, isize::rem_euclid)
    }

    #[track_caller]
    fn around(from: usize, before: usize, after: usize, place: impl Fn(isize, isize) -> isize) -> Self {
        assert!(from > 0 || before + after == 0, "taps: an empty axis cannot be extended");
        let ends = (before as isize, (from + after) as isize);
        Self::select(from, (-ends.0..ends.1).map(|i| place(i, from as isize) as usize))
    }

    /// The axis enlarged by a whole factor.
    pub fn upsample(from: usize, factor: usize, how: Upsample) -> Self {
        match how {
            Upsample::Nearest => Self::select(from, (0..from * factor).map(|i| i / factor)),
            Upsample::Linear => Self::resize(from, from * factor),
        }
    }

    /// The axis drawn at another length: straight lines between the centres of the places when it grows, means under a
    /// triangle two new places wide when it shrinks, so that nothing aliases. The ends are held.
    ///
    /// # Panics
    /// If the axis has no places.
    #[track_caller]
    pub fn resize(from: usize, to: usize) -> Self {
        assert!(from > 0, "resize: an axis without places cannot be drawn");
        let step = from as f64 / to as f64;
        let reach = step.max(1.0);
        let place = |i: usize| {
            let center = (i as f64 + 0.5) * step - 0.5;
            let (first, last) = ((center - reach).ceil().max(0.0), (center + reach).floor().min((from - 1) as f64));
            let weight = |j: f64| 1.0 - (j - center).abs() / reach;
            let near = (first as usize..=last as usize).map(|j| (j, weight(j as f64))).filter(|&(_, w)| w > 0.0);
            let sum: f64 = near.clone().map(|(_, w)| w).sum();
            near.map(|(j, w)| (j, w / sum)).collect()
        };
        Self::new(from, (0..to).map(place))
    }

    /// Means of windows of `kernel` places, `stride` apart, without padding.
    ///
    /// # Panics
    /// If the window is longer than the axis.
    #[track_caller]
    pub fn average(from: usize, kernel: usize, stride: usize) -> Self {
        assert!(0 < kernel && kernel <= from && stride > 0, "average: no window of {kernel} by {stride} in {from}");
        let window = |i: usize| (0..kernel).map(|k| (i * stride + k, 1.0 / kernel as f64)).collect();
        Self::new(from, (0..=(from - kernel) / stride).map(window))
    }

    /// The adjoint map: `<A x, y> = <x, A* y>`.
    #[must_use]
    pub fn transpose(&self) -> Self {
        let mut places = vec![Vec::new(); self.from()];
        for to in 0..self.to() {
            for &(from, weight) in self.at(to) {
                places[from].push((to, weight));
            }
        }
        Self::new(self.to(), places)
    }

    /// The length of the axis that the map takes.
    pub fn from(&self) -> usize {
        self.table.from
    }

    /// The length of the axis that the map gives.
    pub fn to(&self) -> usize {
        self.table.ends.len()
    }

    /// The taps of a place.
    fn at(&self, place: usize) -> &[(usize, f64)] {
        let start = if place == 0 { 0 } else { self.table.ends[place - 1] };
        &self.table.taps[start..self.table.ends[place]]
    }

    /// Whether the map takes `axis` of `shape`.
    ///
    /// # Errors
    /// If the axis does not exist or has another length.
    pub fn fits(&self, axis: usize, shape: &[usize]) -> Result<(), ShapeError> {
        if shape.get(axis) == Some(&self.from()) {
            return Ok(());
        }
        Err(ShapeError::new("resample", format!("expected axis {axis} of length {}, got {shape:?}", self.from())))
    }
}

impl Form {
    fn of(from: usize, ends: &[usize], taps: &[(usize, f64)]) -> Self {
        let to = ends.len();
        let weight = taps.first().map_or(0.0, |t| t.1);
        let (long, short) = (from.max(to), from.min(to).max(1));
        let factor = long / short;
        if factor > 1 && short * factor == long && taps.len() == long {
            if to > from && taps.iter().enumerate().all(|(i, &t)| t == (i / factor, weight) && ends[i] == i + 1) {
                return Self::Repeat { factor, weight };
            }
            let whole = ends.iter().enumerate().all(|(i, &e)| e == (i + 1) * factor);
            if to < from && whole && taps.iter().enumerate().all(|(i, &t)| t == (i, weight)) {
                return Self::Gather { factor, weight };
            }
        }
        // The longest run of copies.
        let starts = [0].iter().chain(ends);
        let source = |(&start, &end): (&usize, &usize)| match taps[start..end] {
            [(i, 1.0)] => Some(i),
            _ => None,
        };
        let sources: Vec<Option<usize>> = starts.zip(ends).map(source).collect();
        let runs = sources.chunk_by(|a, b| a.is_some_and(|a| Some(a + 1) == *b));
        let (mut to, mut best) = (0, Self::Copy { to: 0, from: 0, len: 0 });
        for run in runs {
            if let (Some(from), Self::Copy { len, .. }) = (run[0], best)
                && run.len() > len
            {
                best = Self::Copy { to, from, len: run.len() };
            }
            to += run.len();
        }
        best
    }
}

impl<T: Element> Tensor<T> {
    /// Applies a map along one axis.
    ///
    /// # Shapes
    /// `[.., from, ..] -> [.., to, ..]`
    ///
    /// # Panics
    /// If the axis does not have the length that the map takes.
    #[track_caller]
    pub fn resample(&self, axis: usize, taps: &Taps) -> Self {
        taps.fits(axis, self.shape()).or_panic();
        let (_, from, inner) = self.shape().around(axis);
        let x = self.data();
        Self::build(self.shape().with(axis, taps.to()), |out| {
            parallel::rows(out, taps.to() * inner, |outer, out| {
                let x = &x[outer * from * inner..][..from * inner];
                match taps.table.form {
                    Form::Repeat { factor, weight } if inner == 1 => repeat(x, out, factor, T::splat(weight)),
                    Form::Gather { factor, weight } if inner == 1 => gather(x, out, factor, T::splat(weight)),
                    Form::Copy { to, from, len } => {
                        out[to * inner..][..len * inner].copy_from_slice(&x[from * inner..][..len * inner]);
                        rows(x, taps, 0..to, inner, out);
                        rows(x, taps, to + len..taps.to(), inner, out);
                    }
                    _ => rows(x, taps, 0..taps.to(), inner, out),
                }
            });
        })
    }
}

/// Every place of the axis is a row of `inner` elements; those in `range` are written.
fn rows<T: Element>(x: &[T], taps: &Taps, range: Range<usize>, inner: usize, out: &mut [T]) {
    for place in range {
        let row = |i: usize| &x[i * inner..][..inner];
        let out = &mut out[place * inner..][..inner];
        match taps.at(place) {
            [] => out.fill(T::splat(0.0)),
            &[(i, 1.0)] => out.copy_from_slice(row(i)),
            taps if inner == 1 => out[0] = taps.iter().map(|&(i, w)| x[i] * T::splat(w)).sum(),
            &[(i, w), ref taps @ ..] => {
                weigh(out, row(i), T::splat(w));
                for &(i, w) in taps {
                    add_weighed(out, row(i), T::splat(w));
                }
            }
        }
    }
}

vectorised! {
    /// `out = w x`
    fn weigh[T: Element](out: &mut [T], x: &[T], w: T) -> () {
        out.iter_mut().zip(x).for_each(|(o, &v)| *o = w * v);
    }

    /// `out += w x`
    fn add_weighed[T: Element](out: &mut [T], x: &[T], w: T) -> () {
        out.iter_mut().zip(x).for_each(|(o, &v)| *o += w * v);
    }

    /// Every element `factor` times, times `weight`.
    fn repeat[T: Element](x: &[T], out: &mut [T], factor: usize, weight: T) -> () {
        if factor == 2 {
            let (pairs, _) = out.as_chunks_mut();
            pairs.iter_mut().zip(x).for_each(|(pair, &v)| *pair = [v * weight; 2]);
        } else {
            out.chunks_mut(factor).zip(x).for_each(|(out, &v)| out.fill(v * weight));
        }
    }

    /// The sum of every `factor` elements, times `weight`.
    fn gather[T: Element](x: &[T], out: &mut [T], factor: usize, weight: T) -> () {
        if factor == 2 {
            let (pairs, _) = x.as_chunks();
            out.iter_mut().zip(pairs).for_each(|(o, &[a, b])| *o = (a + b) * weight);
        } else {
            let windows = x.chunks(factor);
            out.iter_mut().zip(windows).for_each(|(o, x)| *o = x.iter().copied().sum::<T>() * weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_modes_match_their_pictures() {
        let x = Tensor::<f64>::new([4], vec![1.0, 2.0, 3.0, 4.0]);
        for (taps, want) in [
            (Taps::zeros(4, 1, 2), vec![0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0]),
            (Taps::reflect(4, 2, 3), vec![3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0]),
            (Taps::replicate(4, 2, 1), vec![1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 4.0]),
            (Taps::circular(4, 5, 1), vec![4.0, 1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 1.0]),
            (Taps::flip(4), vec![4.0, 3.0, 2.0, 1.0]),
            (Taps::upsample(4, 2, Upsample::Nearest), vec![1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]),
            (Taps::upsample(4, 2, Upsample::Linear), vec![1.0, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4.0]),
            (Taps::resize(4, 2), vec![3.0 / 1.75, 5.75 / 1.75]),
            (Taps::resize(4, 4), vec![1.0, 2.0, 3.0, 4.0]),
            (Taps::average(4, 3, 1), vec![2.0, 3.0]),
            (Taps::average(4, 2, 2), vec![1.5, 3.5]),
        ] {
            assert!(x.resample(0, &taps).data().iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-15), "{taps:?}");
        }
    }

    #[test]
    fn the_transpose_is_the_adjoint_along_any_axis() {
        let mut random = crate::Random::new(4, 0);
        for taps in [
            Taps::reflect(5, 2, 3),
            Taps::upsample(5, 3, Upsample::Linear),
            Taps::average(5, 3, 2),
            Taps::range(5, 1..4),
            Taps::zeros(5, 0, 1),
            Taps::zeros(5, 1, 0),
            Taps::flip(5),
            Taps::upsample(5, 2, Upsample::Nearest),
            Taps::upsample(5, 3, Upsample::Nearest),
            Taps::average(5, 5, 5),
        ] {
            for (axis, shape) in [(0, [5, 2, 3]), (1, [2, 5, 3]), (2, [2, 3, 5])] {
                let x: Tensor<f64> = random.normal(shape, 0.0, 1.0);
                let y: Tensor<f64> = random.normal(Shape::new(&shape).with(axis, taps.to()), 0.0, 1.0);
                let (a, b) = (x.resample(axis, &taps).dot(&y), x.dot(&y.resample(axis, &taps.transpose())));
                assert!((a - b).abs() < 1e-12, "{a} {b}");
            }
        }
    }

    use crate::shape::Shape;
}
