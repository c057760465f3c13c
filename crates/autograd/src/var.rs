//! [`Var`]: a value that may know where it came from.

use std::fmt;
use std::sync::Arc;

use impasto_tensor::{Element, Shape, Tensor};

use crate::graph::Node;

/// A tensor and, if gradients are wanted for something it depends on, its node in the graph. A constant has no node, so
/// what is frozen costs nothing. Cloning shares both.
pub struct Var<T: Element = f32> {
    pub(crate) value: Tensor<T>,
    pub(crate) node: Option<Arc<Node<T>>>,
}

impl<T: Element> Var<T> {
    /// A value that gradients can be asked for.
    pub fn param(value: Tensor<T>) -> Self {
        Self { value, node: Some(Arc::new(Node::leaf())) }
    }

    /// A value that no gradient goes to.
    pub fn constant(value: Tensor<T>) -> Self {
        Self { value, node: None }
    }

    /// The numbers.
    pub fn value(&self) -> &Tensor<T> {
        &self.value
    }

    /// The numbers, giving up the place in the graph.
    pub fn into_value(self) -> Tensor<T> {
        self.value
    }

    /// The lengths of the axes.
    pub fn shape(&self) -> &Shape {
        self.value.shape()
    }

    /// The only element.
    ///
    /// # Panics
    /// If there is not exactly one.
    #[track_caller]
    pub fn item(&self) -> T {
        self.value.item()
    }

    /// The same numbers as a constant: gradients stop here.
    pub fn detach(&self) -> Self {
        Self::constant(self.value.clone())
    }

    /// Whether gradients can flow to something behind this value.
    pub fn is_tracked(&self) -> bool {
        self.node.is_some()
    }
}

impl<T: Element> Clone for Var<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), node: self.node.clone() }
    }
}

impl<T: Element> fmt::Debug for Var<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_tracked() { "tracked" } else { "constant" };
        write!(f, "Var({kind} {:?})", self.value)
    }
}

impl<T: Element> From<Tensor<T>> for Var<T> {
    /// A constant.
    fn from(value: Tensor<T>) -> Self {
        Self::constant(value)
    }
}
