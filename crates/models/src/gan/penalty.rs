//! Gradient penalties of a discriminator, whose way back from the scores is walked once for the loss and for the penalties.
//!
//! A network of convolutions, linear layers and rectifiers is, between two kinks, linear in its picture x and its biases b
//! together, so each score is the sum of both times their own gradients (Euler):
//!
//! s = <∂s/∂x, x> + Σ <∂s/∂b, b>
//!
//! The penalties need these gradients anyway. Written like this, the loss is a function of them too, and the one way back
//! through their graph gives what both ask of the weights: for each batch, four convolutions a layer in place of six.

use impasto_autograd::ops::{add, mul, reshape, sum};
use impasto_autograd::{Var, grad, grad_graph};
use impasto_tensor::{Element, Tensor};

/// Slopes of the loss below this are not divided by.
const FAINT: f64 = 1e-12;
/// How far the scores may be from what their gradients say, to the sum of the terms' sizes.
const ROUNDING: f64 = 1e-3;

/// `loss(scores) + weight Σ mean ‖∂s/∂x‖²`, the sum over batches and the mean over the pictures of each: with real and made
/// pictures as batches these are R1 and R2. Each of `judged` is a batch of pictures and its scores, each score of its own
/// picture alone.
///
/// The network has convolutions, linear layers and (leaky) rectifiers, and `biases` are all that it adds
/// ([`Scope::biases`](crate::Scope::biases)); there is no normalisation by the batch.
///
/// # Shapes
/// pictures `[N, C, H, W]`, scores `[N]` or `[N, 1] -> []`
///
/// # Panics
/// If pictures are constants, or the scores are not what the gradients for pictures and biases say: a bias is missing, or
/// the network does something else.
///
/// # Source
/// Mescheder, Geiger and Nowozin, "Which training methods for GANs do actually converge?", 2018, for R1 and R2.
#[track_caller]
pub fn penalised<T: Element>(
    judged: &[(&Var<T>, &Var<T>)],
    biases: &[Var<T>],
    weight: f64,
    loss: impl Fn(&[Var<T>]) -> Var<T>,
) -> Var<T> {
    let leaves: Vec<Var<T>> = judged.iter().map(|(_, scores)| Var::param(scores.value().clone())).collect();
    let value = loss(&leaves);
    let slopes = grad(&value, &leaves.iter().collect::<Vec<_>>());
    if slopes.iter().flat_map(Tensor::data).any(|s| s.to_f64().abs() < FAINT) {
        return apart(judged, weight, loss);
    }
    let total = |terms: Vec<Var<T>>| terms.into_iter().reduce(|a, b| a + b).expect("a batch of pictures");
    let weighted =
        judged.iter().zip(&slopes).map(|((_, scores), slope)| sum(&mul(scores, &Var::constant(slope.clone()))));
    let weighted = total(weighted.collect());
    let inputs: Vec<&Var<T>> = judged.iter().map(|(x, _)| *x).chain(biases).collect();
    let gradients = grad_graph(&weighted, &inputs);

    let terms: Vec<Var<T>> = inputs.iter().zip(&gradients).map(|(input, g)| sum(&mul(g, input))).collect();
    let size: f64 = terms.iter().map(|t| t.item().to_f64().abs()).sum();
    let scores = total(terms);
    let off = (scores.item().to_f64() - weighted.item().to_f64()).abs();
    assert!(
        off <= ROUNDING * size || !off.is_finite(),
        "penalised: expected scores that are linear in pictures and biases between kinks, got {off:.1e} beside {size:.1e}; name \
         every bias, or add the penalty to the loss"
    );

    let penalties = gradients.iter().zip(&slopes).map(|(g, slope)| {
        let n = slope.len();
        // The gradient of the score itself, for that of the loss.
        let unit = slope.map(|s| T::splat(1.0 / s.to_f64()));
        let columns: Vec<usize> = std::iter::once(n).chain(std::iter::repeat_n(1, g.shape().len() - 1)).collect();
        mean_square(&mul(g, &reshape(&Var::constant(unit), columns.as_slice())))
    });
    let penalty = total(penalties.collect()) * weight;
    // The terms have the gradients of the loss; this gives them its value.
    let level = value.value().zip(scores.value(), |v, s| v - s);
    add(&(scores + penalty), &Var::constant(level))
}

/// The same by its definition, for any network whose scores are each of their own picture alone.
#[track_caller]
fn apart<T: Element>(judged: &[(&Var<T>, &Var<T>)], weight: f64, loss: impl Fn(&[Var<T>]) -> Var<T>) -> Var<T> {
    let scores: Vec<Var<T>> = judged.iter().map(|(_, scores)| (*scores).clone()).collect();
    let penalties = judged.iter().map(|(x, scores)| mean_square(&grad_graph(&sum(scores), &[x]).remove(0)));
    penalties.fold(loss(&scores), |total, penalty| total + penalty * weight)
}

/// The mean over pictures of the squares.
fn mean_square<T: Element>(g: &Var<T>) -> Var<T> {
    sum(&mul(g, g)) * (1.0 / g.shape()[0] as f64)
}

#[cfg(test)]
mod tests {
    use impasto_autograd::fns::leaky_relu;
    use impasto_autograd::ops::{matmul, mean, softplus};
    use impasto_tensor::Random;

    use super::*;

    /// Pictures, weights and biases, drawn from a seed.
    fn drawn() -> Vec<Var<f64>> {
        let mut random = Random::new(4, 0);
        [&[3, 5][..], &[3, 5], &[5, 6], &[6], &[6, 1], &[1]]
            .map(|shape| Var::param(random.normal(shape, 0.0, 1.0)))
            .into()
    }

    fn score(x: &Var<f64>, w: &[Var<f64>]) -> Var<f64> {
        matmul(&leaky_relu(&(matmul(x, &w[0]) + &w[1]), 0.2), &w[2]) + &w[3]
    }

    /// Value and gradients of the pairing loss of scores, made larger by `scale`.
    fn both(scale: f64, biases: &[usize], together: bool) -> Vec<Tensor<f64>> {
        let v = drawn();
        let [on_real, on_fake] = [0, 1].map(|i| score(&v[i], &v[2..]));
        let loss = |s: &[Var<f64>]| mean(&softplus(&((&s[1] - &s[0]) * scale)));
        let judged = [(&v[0], &on_real), (&v[1], &on_fake)];
        let biases: Vec<Var<f64>> = biases.iter().map(|&i| v[i].clone()).collect();
        let total = if together { penalised(&judged, &biases, 0.7, loss) } else { apart(&judged, 0.7, loss) };
        let gradients = grad(&total, &v.iter().collect::<Vec<_>>());
        std::iter::once(total.into_value()).chain(gradients).collect()
    }

    #[test]
    fn one_way_back_gives_what_two_give() {
        // At 40, some pictures are judged so surely that their loss has no slope to divide by.
        for scale in [1.0, 40.0] {
            for (one, two) in both(scale, &[3, 5], true).iter().zip(&both(scale, &[3, 5], false)) {
                let largest = two.data().iter().fold(0.0, |m: f64, v| m.max(v.abs()));
                let off = one.data().iter().zip(two.data()).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
                assert!(off <= 1e-13 * largest, "{one:?} {two:?}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "name every bias")]
    fn a_bias_that_was_not_named_is_noticed() {
        both(1.0, &[5], true);
    }
}
