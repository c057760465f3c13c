//! The backward walk.
//!
//! Ids grow with creation, so taking the largest pending id first visits every result before its inputs: a map is all the
//! sorting there is, and nothing recurses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use impasto_tensor::{Element, Tensor};

use crate::graph::Node;
use crate::ops::{add, sum_to};
use crate::var::Var;

/// What a walk does with the records it passes, and with what it hands to the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Plain values; each record is freed behind the walk.
    Consume,
    /// Plain values; records stay.
    Keep,
    /// Tracked values: the gradients can be differentiated.
    Graph,
}

/// The gradients of a scalar for each of `wrt`. Frees the records that it walks; a second walk needs [`grad_keep`].
///
/// # Panics
/// If `loss` is not one number, one of `wrt` is a constant, or the graph was consumed before.
#[track_caller]
pub fn grad<T: Element>(loss: &Var<T>, wrt: &[&Var<T>]) -> Vec<Tensor<T>> {
    plain(walk(loss, one(loss), wrt, Mode::Consume))
}

/// [`grad`], leaving the records for another walk.
///
/// # Panics
/// As [`grad`].
#[track_caller]
pub fn grad_keep<T: Element>(loss: &Var<T>, wrt: &[&Var<T>]) -> Vec<Tensor<T>> {
    plain(walk(loss, one(loss), wrt, Mode::Keep))
}

/// [`grad`], returning variables that can be differentiated again.
///
/// # Panics
/// As [`grad`].
#[track_caller]
pub fn grad_graph<T: Element>(loss: &Var<T>, wrt: &[&Var<T>]) -> Vec<Var<T>> {
    walk(loss, one(loss), wrt, Mode::Graph)
}

/// The product of `seed`, shaped like `y`, with the Jacobian of `y` for each of `wrt`, differentiable again in `seed` and in
/// what `y` depends on.
///
/// # Panics
/// If the shapes of `y` and `seed` differ, one of `wrt` is a constant, or the graph was consumed before.
#[track_caller]
pub fn vjp<T: Element>(y: &Var<T>, seed: &Var<T>, wrt: &[&Var<T>]) -> Vec<Var<T>> {
    assert!(y.shape() == seed.shape(), "vjp: expected a seed of shape {:?}, got {:?}", y.shape(), seed.shape());
    walk(y, seed.clone(), wrt, Mode::Graph)
}

/// [`vjp`] in plain values, which frees the records that it walks.
#[track_caller]
pub(crate) fn vjp_consuming<T: Element>(y: &Var<T>, seed: Tensor<T>, wrt: &[&Var<T>]) -> Vec<Tensor<T>> {
    plain(walk(y, Var::constant(seed), wrt, Mode::Consume))
}

#[track_caller]
fn one<T: Element>(loss: &Var<T>) -> Var<T> {
    assert!(
        loss.value().len() == 1,
        "grad: expected a loss of one element, got shape {:?}; reduce it, or use vjp with a seed",
        loss.shape()
    );
    Var::constant(Tensor::ones(loss.shape()))
}

fn plain<T: Element>(gradients: Vec<Var<T>>) -> Vec<Tensor<T>> {
    gradients.into_iter().map(Var::into_value).collect()
}

/// Nodes older than the oldest of `wrt` are not walked.
#[track_caller]
fn walk<T: Element>(y: &Var<T>, seed: Var<T>, wrt: &[&Var<T>], mode: Mode) -> Vec<Var<T>> {
    let mut targets = Vec::with_capacity(wrt.len());
    for (i, v) in wrt.iter().enumerate() {
        let Some(node) = &v.node else { panic!("grad: input {i} is a constant; make it with Var::param") };
        targets.push(node.id);
    }
    let floor = targets.iter().min().copied().unwrap_or(u64::MAX);
    let mut done = BTreeMap::new();
    if let Some(node) = &y.node {
        let reaching = reaching(node, &targets, floor);
        let mut pending = BTreeMap::from([(node.id, (Arc::clone(node), seed))]);
        while let Some((id, (node, g))) = pending.pop_last() {
            if targets.contains(&id) {
                done.insert(id, g.clone());
            }
            if id < floor {
                continue;
            }
            for (input, gradient) in step(&node, g, mode, &reaching) {
                pending
                    .entry(input.id)
                    .and_modify(|(_, sum)| accumulate(sum, &gradient))
                    .or_insert_with(|| (input, gradient));
            }
        }
    }
    let zeros = |v: &Var<T>| Var::constant(Tensor::zeros(v.shape()));
    targets.iter().zip(wrt).map(|(id, v)| done.get(id).cloned().unwrap_or_else(|| zeros(v))).collect()
}

/// Adds a gradient to the sum so far, in place where nobody else holds it.
fn accumulate<T: Element>(sum: &mut Var<T>, gradient: &Var<T>) {
    if sum.is_tracked() || gradient.is_tracked() {
        *sum = add(sum, gradient);
    } else {
        sum.value.zip_assign(&gradient.value, |a, b| a + b);
    }
}

/// One node: the gradients of those of its inputs from which something wanted can be reached.
#[track_caller]
fn step<T: Element>(
    node: &Arc<Node<T>>,
    g: Var<T>,
    mode: Mode,
    reaching: &BTreeSet<u64>,
) -> Vec<(Arc<Node<T>>, Var<T>)> {
    let record = match node.record() {
        Ok(Some(record)) => record,
        Ok(None) => return Vec::new(),
        Err(op) => consumed(op),
    };
    let wanted: Vec<bool> = record.edges.iter().map(|e| e.as_ref().is_some_and(|n| reaching.contains(&n.id))).collect();
    if !wanted.contains(&true) {
        return Vec::new();
    }
    if mode == Mode::Consume {
        node.consume();
    }
    let saved = record.saved(node, mode == Mode::Graph, wanted);
    let gradients = if mode == Mode::Graph {
        record.rule.vjp(&saved, &g)
    } else {
        let gradients = record.rule.vjp_fast(&saved, g.value);
        gradients.into_iter().map(|g| g.map(Var::constant)).collect()
    };
    let inputs = record.edges.iter().zip(&record.shapes).zip(gradients);
    inputs
        .filter_map(|((edge, shape), gradient)| {
            let (edge, gradient) = (edge.as_ref()?, gradient?);
            // The input was stretched to the gradient's shape: sum it back.
            let gradient = if gradient.shape() == shape { gradient } else { sum_to(&gradient, *shape) };
            Some((Arc::clone(edge), gradient))
        })
        .collect()
}

#[track_caller]
fn consumed(op: &str) -> ! {
    panic!("grad: the record of `{op}` was consumed by an earlier walk; use grad_keep for all walks but the last");
}

/// The ids of the nodes behind `y` through which a target is reached, targets included.
#[track_caller]
fn reaching<T: Element>(y: &Arc<Node<T>>, targets: &[u64], floor: u64) -> BTreeSet<u64> {
    let mut inputs: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut stack = vec![Arc::clone(y)];
    while let Some(node) = stack.pop() {
        if node.id < floor || inputs.contains_key(&node.id) {
            continue;
        }
        let record = match node.record() {
            Ok(record) => record,
            Err(op) => consumed(op),
        };
        let edges: Vec<_> = record.iter().flat_map(|r| r.edges.iter().flatten().cloned()).collect();
        inputs.insert(node.id, edges.iter().map(|n| n.id).collect());
        stack.extend(edges);
    }
    let mut reaching: BTreeSet<u64> = targets.iter().copied().collect();
    for (id, inputs) in inputs {
        if inputs.iter().any(|i| reaching.contains(i)) {
            reaching.insert(id);
        }
    }
    reaching
}
