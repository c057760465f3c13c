//! Memory for time: a part of a network that is computed again on the way back instead of kept.

use std::sync::Arc;

use impasto_tensor::{Element, Tensor};

use crate::backward::{vjp, vjp_consuming};
use crate::graph::{Node, Record};
use crate::op::{Rule, Saved};
use crate::ops::reshape;
use crate::var::Var;

/// A function of variables, as the record of a checkpoint.
struct Again<F>(F);

impl<T: Element, F: Fn(&[Var<T>]) -> Var<T> + Send + Sync> Rule<T> for Again<F> {
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    /// The inputs know where they came from, and so does what is computed from them: this can be differentiated again. As for a
    /// fused op, each input gets a node of its own, where the walk ends: the engine goes on from there, once.
    fn vjp(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        let inputs = (0..saved.shapes().len()).map(|i| saved.input(i));
        let x: Vec<Var<T>> = inputs.map(|x| reshape(x, x.shape())).collect();
        let y = (self.0)(&x);
        wanted(saved, &x, |wrt| vjp(&y, g, wrt))
    }

    fn vjp_fast(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        let leaf = |i| {
            let value = saved.input(i).value().clone();
            if saved.wants(i) { Var::param(value) } else { Var::constant(value) }
        };
        let x: Vec<Var<T>> = (0..saved.shapes().len()).map(leaf).collect();
        let y = (self.0)(&x);
        wanted(saved, &x, |wrt| vjp_consuming(&y, g, wrt))
    }
}

/// The gradients of the wanted inputs in their places.
fn wanted<T: Element, R>(saved: &Saved<T>, x: &[Var<T>], walk: impl FnOnce(&[&Var<T>]) -> Vec<R>) -> Vec<Option<R>> {
    let wrt: Vec<&Var<T>> = x.iter().enumerate().filter(|&(i, _)| saved.wants(i)).map(|(_, x)| x).collect();
    let mut gradients = walk(&wrt).into_iter();
    saved.each(|_| gradients.next().expect("a gradient for each wanted input"))
}

/// `f(x)`, of which nothing but the inputs is kept: the way back computes it again, for one more forward pass of `f`.
///
/// `f` must give the same result every time, so random numbers are drawn outside, and whatever gradients are wanted for must
/// be among its inputs: what else `f` captures is a constant to it.
///
/// ```
/// use impasto_autograd::{Var, checkpoint, grad, ops::{exp, sum}};
/// use impasto_tensor::Tensor;
/// let x = Var::<f64>::param(Tensor::scalar(0.0));
/// let y = checkpoint(|x| exp(&exp(&exp(&x[0]))), &[&x]);
/// let e = std::f64::consts::E;
/// assert!((grad(&sum(&y), &[&x])[0].item() - e.exp() * e).abs() < 1e-9);
/// ```
///
/// # Gradient
/// that of `f`, of any order
///
/// # Source
/// Griewank, "Achieving logarithmic growth of temporal and spatial complexity in reverse automatic differentiation", 1992;
/// Chen et al., "Training deep nets with sublinear memory cost", 2016.
#[track_caller]
pub fn checkpoint<T: Element>(f: impl Fn(&[Var<T>]) -> Var<T> + Send + Sync + 'static, x: &[&Var<T>]) -> Var<T> {
    let value = f(&x.iter().map(|x| x.detach()).collect::<Vec<_>>()).into_value();
    let edges: Vec<_> = x.iter().map(|x| x.node.clone()).collect();
    if edges.iter().all(Option::is_none) {
        return Var::constant(value);
    }
    let record = Record {
        rule: Box::new(Again(f)),
        edges,
        shapes: x.iter().map(|x| *x.shape()).collect(),
        inputs: x.iter().map(|x| Some(x.value().clone())).collect(),
        output: None,
        beside: Vec::new(),
    };
    Var { value, node: Some(Arc::new(Node::recorded(record))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{grad, grad_graph, hvp, ops};

    fn inputs() -> [Var<f64>; 2] {
        [[0.3, -1.2, 0.7], [1.1, 0.4, -0.5]].map(|v| Var::param(Tensor::new([3], v.to_vec())))
    }

    fn f(x: &[Var<f64>]) -> Var<f64> {
        ops::sum(&ops::tanh(&(&x[0] * &ops::exp(&x[1]))))
    }

    #[test]
    fn derivatives_of_both_orders_are_those_of_the_function() {
        let [a, b] = inputs();
        let plain = f(&[a.clone(), b.clone()]);
        let kept = checkpoint(f, &[&a, &b]);
        assert_eq!(plain.item().to_bits(), kept.item().to_bits());
        let direction = [Var::constant(Tensor::ones([3])), Var::constant(Tensor::full([3], -2.0))];
        let second = |y: &Var<f64>| hvp(y, &[&a, &b], &[&direction[0], &direction[1]]);
        for (want, got) in second(&plain).iter().zip(&second(&kept)) {
            assert!(want.value().zip(got.value(), |w, g| (w - g).abs()).max_value() < 1e-12);
        }
        assert_eq!(grad(&plain, &[&a, &b]), grad(&kept, &[&a, &b]));
    }

    #[test]
    fn an_input_that_stands_twice_or_comes_from_another_counts_once() {
        let [a, _] = inputs();
        let product = |x: &[Var<f64>]| ops::sum(&ops::mul(&x[0], &ops::mul(&x[0], &x[1])));
        let direction = Var::constant(Tensor::full([3], 0.7));
        for second in [a.clone(), ops::exp(&a)] {
            let (plain, kept) = (product(&[a.clone(), second.clone()]), checkpoint(product, &[&a, &second]));
            let far = |w: &Var<f64>, g: &Var<f64>| w.value().zip(g.value(), |w, g| (w - g).abs()).max_value();
            assert!(far(&grad_graph(&plain, &[&a])[0], &grad_graph(&kept, &[&a])[0]) < 1e-12);
            assert!(far(&hvp(&plain, &[&a], &[&direction])[0], &hvp(&kept, &[&a], &[&direction])[0]) < 1e-12);
        }
    }

    #[test]
    fn a_frozen_input_gets_no_gradient_and_none_at_all_no_record() {
        let [a, b] = inputs();
        let y = checkpoint(f, &[&a, &b.detach()]);
        assert_eq!(grad_graph(&y, &[&a]).len(), 1);
        assert!(!checkpoint(f, &[&a.detach(), &b.detach()]).is_tracked());
    }
}
