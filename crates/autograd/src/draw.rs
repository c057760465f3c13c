//! The graph behind a variable as a drawing, for `dot` of Graphviz.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use impasto_tensor::{Element, Shape};

use crate::graph::Node;
use crate::var::Var;

impl<T: Element> Var<T> {
    /// The operations that made this value, in Graphviz's language: boxes are operations, ellipses are parameters, and every
    /// arrow says the shape of what goes along it. Constants are not drawn, since nothing goes back to them.
    ///
    /// ```
    /// use impasto_autograd::{Var, ops::{exp, sum}};
    /// use impasto_tensor::Tensor;
    /// let x = Var::<f32>::param(Tensor::zeros([2, 3]));
    /// let dot = sum(&exp(&x)).to_dot();
    /// assert!(dot.starts_with("digraph {") && dot.contains("label=\"exp\"") && dot.contains("label=\"[2, 3]\""));
    /// ```
    pub fn to_dot(&self) -> String {
        let mut dot = "digraph {\n  rankdir=BT;\n  node [fontname=sans]; edge [fontname=sans];\n".to_owned();
        let arrow = |dot: &mut String, from: u64, to: &str, shape: &Shape| {
            _ = writeln!(dot, "  n{from} -> {to} [label=\"{shape:?}\"];");
        };
        dot.push_str("  result [shape=plaintext];\n");
        let mut stack: Vec<Arc<Node<T>>> = Vec::new();
        if let Some(node) = &self.node {
            arrow(&mut dot, node.id, "result", self.shape());
            stack.push(Arc::clone(node));
        }
        let mut seen = BTreeSet::new();
        while let Some(node) = stack.pop() {
            if !seen.insert(node.id) {
                continue;
            }
            let (label, look, record) = match node.record() {
                Ok(Some(record)) => (record.rule.name(), "box", Some(record)),
                Ok(None) => ("parameter", "ellipse", None),
                Err(op) => (op, "box, style=dashed", None),
            };
            _ = writeln!(dot, "  n{} [label=\"{label}\", shape={look}];", node.id);
            for (edge, shape) in record.iter().flat_map(|r| r.edges.iter().zip(&r.shapes)) {
                if let Some(edge) = edge {
                    arrow(&mut dot, edge.id, &format!("n{}", node.id), shape);
                    stack.push(Arc::clone(edge));
                }
            }
        }
        dot.push_str("}\n");
        dot
    }
}
