//! What a variable remembers: a node with an id that grows with creation, and the record of the operation that made it.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use impasto_tensor::{Element, Shape, Tensor};

use crate::op::{Rule, Saved};
use crate::var::Var;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A point of the graph.
pub(crate) struct Node<T: Element> {
    pub(crate) id: u64,
    origin: Mutex<Origin<T>>,
}

/// Where a node came from.
pub(crate) enum Origin<T: Element> {
    /// Nowhere: a parameter.
    Leaf,
    /// From an operation.
    Record(Arc<Record<T>>),
    /// From an operation whose record a backward walk has used up.
    Consumed(&'static str),
}

/// One application of an operation: what its backward rule needs, and no more.
pub(crate) struct Record<T: Element> {
    pub(crate) rule: Box<dyn Rule<T>>,
    /// The nodes of the inputs; none for constants.
    pub(crate) edges: Vec<Option<Arc<Node<T>>>>,
    pub(crate) shapes: Vec<Shape>,
    /// The values of those inputs that the rule reads.
    pub(crate) inputs: Vec<Option<Tensor<T>>>,
    /// The value of the result, if the rule reads it.
    pub(crate) output: Option<Tensor<T>>,
    /// Statistics that the forward kernel left for the backward one.
    pub(crate) beside: Vec<Tensor<T>>,
}

impl<T: Element> Record<T> {
    /// What the rule sees: plain values, or, with `tracked`, values that know where they came from, so that the gradient
    /// can be differentiated again. That is the whole difference between first and higher order.
    pub(crate) fn saved(&self, node: &Arc<Node<T>>, tracked: bool, wanted: Vec<bool>) -> Saved<T> {
        let var = |value: &Tensor<T>, node: Option<&Arc<Node<T>>>| Var {
            value: value.clone(),
            node: node.filter(|_| tracked).cloned(),
        };
        Saved {
            op: self.rule.name(),
            shapes: self.shapes.clone(),
            inputs: self.inputs.iter().zip(&self.edges).map(|(v, e)| v.as_ref().map(|v| var(v, e.as_ref()))).collect(),
            output: self.output.as_ref().map(|v| var(v, Some(node))),
            beside: self.beside.clone(),
            wanted,
        }
    }
}

impl<T: Element> Node<T> {
    pub(crate) fn leaf() -> Self {
        Self::new(Origin::Leaf)
    }

    pub(crate) fn recorded(record: Record<T>) -> Self {
        Self::new(Origin::Record(Arc::new(record)))
    }

    fn new(origin: Origin<T>) -> Self {
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), origin: Mutex::new(origin) }
    }

    fn lock(&self) -> MutexGuard<'_, Origin<T>> {
        self.origin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record, `None` for a leaf, or the name of the operation whose record is used up.
    pub(crate) fn record(&self) -> Result<Option<Arc<Record<T>>>, &'static str> {
        match &*self.lock() {
            Origin::Leaf => Ok(None),
            Origin::Record(record) => Ok(Some(Arc::clone(record))),
            Origin::Consumed(op) => Err(op),
        }
    }

    /// Gives up the record.
    pub(crate) fn consume(&self) {
        let mut origin = self.lock();
        if let Origin::Record(record) = &*origin {
            *origin = Origin::Consumed(record.rule.name());
        }
    }
}

impl<T: Element> Drop for Node<T> {
    /// Takes the graph behind the node apart in a loop: dropping a chain of a million records must not recurse.
    fn drop(&mut self) {
        let take =
            |node: &mut Self| mem::replace(node.origin.get_mut().unwrap_or_else(PoisonError::into_inner), Origin::Leaf);
        let mut stack = vec![take(self)];
        while let Some(origin) = stack.pop() {
            let Origin::Record(record) = origin else { continue };
            let Some(record) = Arc::into_inner(record) else { continue };
            for edge in record.edges.into_iter().flatten() {
                if let Some(mut node) = Arc::into_inner(edge) {
                    stack.push(take(&mut node));
                }
            }
        }
    }
}
