//! Batch, instance and group normalisation with the rectifier that follows.

use impasto_tensor::norm::{Moments, Norm};
use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use super::{mul, recip, reshape, sqrt, sum_to};
use crate::fns::leaky_relu;
use crate::kinds::{Fuse, Fused};
use crate::op::{Saved, apply_beside};
use crate::var::Var;

/// Inputs: x, gamma, beta.
#[derive(Clone, Debug)]
pub(super) struct Normalize(Norm);

impl Fused for Normalize {
    const NAME: &'static str = "norm";

    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        if x[0].len() >= 2 && x[1..].iter().all(|s| **s == x[0][1..2]) {
            return match self.0.groups {
                Some(groups) if groups == 0 || !x[0][1].is_multiple_of(groups) => Err(ShapeError::new(
                    Self::NAME,
                    format!("{groups} groups do not divide the channels of {:?}", x[0]),
                )),
                _ => Ok(x[0]),
            };
        }
        let detail = format!("expected [N, C, ..] with [C] and [C], got {x:?}");
        Err(ShapeError::new(Self::NAME, detail))
    }

    fn reference<T: Element>(&self, x: &[Var<T>]) -> Var<T> {
        let [x, gamma, beta] = x else { unreachable!("three inputs") };
        let shape = *x.shape();
        // One axis for all that shares statistics in a picture, or the axes as they are.
        let (seen, summed): (Shape, &[usize]) = match self.0.groups {
            Some(groups) => (Shape::new(&[shape[0], groups, shape[1..].iter().product::<usize>() / groups]), &[2]),
            None => (Shape::new(&[shape[0], shape[1], shape[2..].iter().product()]), &[0, 2]),
        };
        let moments = summed.iter().fold(seen, |moments, &axis| moments.with(axis, 1));
        let mean = |v: &Var<T>| sum_to(v, moments) / (seen.size() / moments.size()) as f64;
        let grouped = reshape(x, seen);
        let centered = &grouped - mean(&grouped);
        let deviation = sqrt(&(mean(&mul(&centered, &centered)) + self.0.eps));
        let mut channels = shape;
        for axis in (0..channels.len()).filter(|&a| a != 1) {
            channels = channels.with(axis, 1);
        }
        let y = reshape(&(centered * recip(&deviation)), shape) * reshape(gamma, channels) + reshape(beta, channels);
        leaky_relu(&y, self.0.slope)
    }

    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        let (y, moments) = self.0.run(x[0], x[1], x[2]);
        (y, vec![moments.mean, moments.scale])
    }

    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        let [x, gamma, beta] = [0, 1, 2].map(|i| saved.input(i).value());
        let [mean, scale] = saved.beside() else { unreachable!("two moments") };
        let moments = Moments { mean: mean.clone(), scale: scale.clone() };
        let gradients = self.0.backward(x, gamma, beta, &moments, g);
        let all = [gradients.x, gradients.gamma, gradients.beta];
        all.into_iter().enumerate().map(|(i, g)| saved.wants(i).then_some(g)).collect()
    }

    fn cases() -> Vec<(Self, Vec<Shape>)> {
        let case = |groups, slope, x: &[usize]| {
            let channels = Shape::new(&x[1..2]);
            (Self(Norm { groups, eps: 1e-5, slope }), vec![Shape::new(x), channels, channels])
        };
        vec![
            case(None, 1.0, &[3, 2, 3, 2]),
            case(Some(3), 1.0, &[2, 3, 3, 3]),
            case(None, 0.0, &[4, 3]),
            case(Some(2), 0.2, &[2, 2, 4, 3]),
            case(Some(2), 0.0, &[2, 4, 2, 2]),
            case(Some(1), 0.2, &[3, 6]),
        ]
    }
}

#[track_caller]
fn normalize<T: Element>(norm: Norm, x: &Var<T>, gamma: &Var<T>, beta: &Var<T>) -> (Var<T>, Moments<T>) {
    let (y, beside) = apply_beside(Fuse(Normalize(norm)), &[x, gamma, beta]);
    let [mean, scale] = <[_; 2]>::try_from(beside).expect("two moments");
    (y, Moments { mean, scale })
}

/// y = act(gamma (x - mean) / sqrt(var + eps) + beta) with mean and biased variance of each channel over the batch, and
/// `act` the leaky rectifier of the given slope (1 for none, 0 for `relu`). Also returns the moments.
///
/// # Shapes
/// `x` `[N, C, ..]`, `gamma` and `beta` `[C] -> [N, C, ..]`, moments `[1, C]`
///
/// # Gradient
/// through the statistics too
///
/// # Source
/// Ioffe and Szegedy, "Batch normalization", 2015.
#[track_caller]
pub fn batch_norm<T: Element>(x: &Var<T>, gamma: &Var<T>, beta: &Var<T>, eps: f64, slope: f64) -> (Var<T>, Moments<T>) {
    normalize(Norm { groups: None, eps, slope }, x, gamma, beta)
}

/// [`batch_norm`] with the statistics of each picture on its own.
///
/// # Shapes
/// `x` `[N, C, ..]`, `gamma` and `beta` `[C] -> [N, C, ..]`
///
/// # Gradient
/// through the statistics too
///
/// # Source
/// Ulyanov, Vedaldi and Lempitsky, "Instance normalization", 2016.
#[track_caller]
pub fn instance_norm<T: Element>(x: &Var<T>, gamma: &Var<T>, beta: &Var<T>, eps: f64, slope: f64) -> Var<T> {
    // Without a channel axis the shape rule finds the mistake.
    let channels = x.shape().get(1).copied();
    normalize(Norm { groups: channels.or(Some(1)), eps, slope }, x, gamma, beta).0
}

/// [`batch_norm`] with the statistics of each picture on its own, over groups of channels that follow each other. One group is
/// layer norm.
///
/// # Shapes
/// `x` `[N, C, ..]`, `gamma` and `beta` `[C] -> [N, C, ..]`
///
/// # Gradient
/// through the statistics too
///
/// # Source
/// Wu and He, "Group normalization", 2018; Ba, Kiros and Hinton, "Layer normalization", 2016.
#[track_caller]
pub fn group_norm<T: Element>(
    x: &Var<T>,
    groups: usize,
    gamma: &Var<T>,
    beta: &Var<T>,
    eps: f64,
    slope: f64,
) -> Var<T> {
    normalize(Norm { groups: Some(groups), eps, slope }, x, gamma, beta).0
}
