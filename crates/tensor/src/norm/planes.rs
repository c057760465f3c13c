//! A tensor as planes, and which of them share statistics.

use super::passes::NEAR;
use super::{Moments, Norm};
use crate::element::Element;
use crate::tensor::Tensor;

/// `[N, C, H, W]` (or `[N, C]`, or `[N, C, L]`) seen as planes.
#[derive(Clone, Copy)]
pub(super) struct Planes {
    pub(super) batch: usize,
    pub(super) channels: usize,
    pub(super) size: usize,
}

impl Planes {
    #[track_caller]
    pub(super) fn of<T: Element>(x: &Tensor<T>, norm: &Norm) -> Self {
        let (batch, channels, size) = x.shape().around(1);
        let groups = norm.groups.unwrap_or(1);
        assert!(
            groups > 0 && channels.is_multiple_of(groups),
            "norm: {groups} groups do not divide {channels} channels"
        );
        Self { batch, channels, size }
    }

    /// The same, beside a scale and a shift that have to fit.
    #[track_caller]
    pub(super) fn with<T: Element>(x: &Tensor<T>, norm: &Norm, gamma: &Tensor<T>, beta: &Tensor<T>) -> Self {
        let planes = Self::of(x, norm);
        let (want, [gamma, beta]) = ([planes.channels], [gamma.shape(), beta.shape()]);
        assert!(*gamma == want && *beta == want, "norm: expected gamma and beta {want:?}, got {gamma:?} and {beta:?}");
        planes
    }

    /// Those of statistics that have to fit too.
    #[track_caller]
    pub(super) fn check<T: Element>(self, norm: &Norm, moments: &Moments<T>) {
        let (want, [mean, scale]) = (self.sets(norm), [moments.mean.shape(), moments.scale.shape()]);
        assert!(*mean == want && *scale == want, "norm: expected moments {want:?}, got {mean:?} and {scale:?}");
    }

    /// Planes that follow each other and share statistics.
    pub(super) fn run(self, norm: &Norm) -> usize {
        norm.groups.map_or(1, |groups| self.channels / groups)
    }

    /// Planes that share statistics: their numbers, for the `i`-th set.
    pub(super) fn set(self, norm: &Norm, i: usize) -> impl Iterator<Item = usize> + Clone {
        let run = self.run(norm);
        let (first, count, step) =
            if norm.groups.is_some() { (i * run, run, 1) } else { (i, self.batch, self.channels) };
        (0..count).map(move |n| first + n * step)
    }

    pub(super) fn sets(self, norm: &Norm) -> [usize; 2] {
        norm.groups.map_or([1, self.channels], |groups| [self.batch, groups])
    }

    /// Elements of one set.
    pub(super) fn count(self, norm: &Norm) -> f64 {
        (self.size * if norm.groups.is_some() { self.run(norm) } else { self.batch }) as f64
    }

    /// Calls `f` with the elements of some planes of each of the arrays; those of small planes are put together first.
    pub(super) fn joined<T: Copy, const K: usize>(
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

    pub(super) fn at<T>(self, x: &[T], plane: usize) -> &[T] {
        &x[plane * self.size..][..self.size]
    }
}
