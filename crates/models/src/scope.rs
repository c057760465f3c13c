//! One run of a network over its weights: [`Pass`] holds them, [`Scope`] hands them out by path.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use impasto_autograd::{Var, grad};
use impasto_tensor::{Shape, Tensor};

use crate::init::Init;
use crate::params::{Gradients, Kind, Params};

/// What a pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Weights that are missing are made.
    Create { seed: u64 },
    /// Weights are tracked, layers take their statistics from the batch.
    Train,
    /// As `Train`, but weights are constants: gradients pass through and cost nothing for the weights.
    Frozen,
    /// Weights are constants, layers use their running statistics.
    Evaluate,
}

/// One run of a network. The same path is the same variable throughout, so weights are shared by name.
pub struct Pass {
    params: RefCell<Params>,
    vars: RefCell<BTreeMap<String, Var>>,
    updates: RefCell<BTreeMap<String, Tensor>>,
    mode: Mode,
}

impl Pass {
    /// A pass whose weights get gradients.
    pub fn train(params: &Params) -> Self {
        Self::new(params.clone(), Mode::Train)
    }

    /// A pass in training mode whose weights are constants.
    pub fn frozen(params: &Params) -> Self {
        Self::new(params.clone(), Mode::Frozen)
    }

    /// A pass with constant weights and running statistics.
    pub fn evaluate(params: &Params) -> Self {
        Self::new(params.clone(), Mode::Evaluate)
    }

    pub(crate) fn create(seed: u64) -> Self {
        Self::new(Params::default(), Mode::Create { seed })
    }

    fn new(params: Params, mode: Mode) -> Self {
        Self { params: params.into(), vars: RefCell::default(), updates: RefCell::default(), mode }
    }

    /// The scope of the empty path.
    pub fn root(&self) -> Scope<'_> {
        Scope { pass: self, path: String::new() }
    }

    /// The gradients of a scalar for every weight that was used. Consumes the graph.
    ///
    /// # Panics
    /// If `loss` is not one number.
    #[track_caller]
    pub fn gradients(&self, loss: &Var) -> Gradients {
        let vars = self.vars.borrow();
        let (paths, wrt): (Vec<_>, Vec<_>) = vars.iter().filter(|(_, v)| v.is_tracked()).unzip();
        paths.into_iter().cloned().zip(grad(loss, &wrt)).collect()
    }

    /// The new values of the buffers, for [`Params::commit`].
    pub fn into_updates(self) -> BTreeMap<String, Tensor> {
        self.updates.into_inner()
    }

    pub(crate) fn into_params(self) -> Params {
        self.params.into_inner()
    }
}

/// A part of a path: a name, a number, or both.
pub trait Segment {
    /// Appends the part to a path.
    fn append(&self, path: &mut String);
}
impl<T: fmt::Display + ?Sized> Segment for &T {
    fn append(&self, path: &mut String) {
        use fmt::Write;
        write!(path, "{self}").expect("writing to a string does not fail");
    }
}
impl Segment for (&str, usize) {
    fn append(&self, path: &mut String) {
        (&self.0).append(path);
        path.push('.');
        (&self.1).append(path);
    }
}

/// A place in the tree of weights.
#[derive(Clone)]
pub struct Scope<'p> {
    pass: &'p Pass,
    path: String,
}

impl<'p> Scope<'p> {
    /// The place below: `at("conv")`, `at(("block", 2))`.
    #[allow(clippy::needless_pass_by_value, reason = "a segment is a reference or a small pair")]
    pub fn at(&self, segment: impl Segment) -> Scope<'p> {
        let mut path = self.path.clone();
        if !path.is_empty() {
            path.push('.');
        }
        segment.append(&mut path);
        Scope { pass: self.pass, path }
    }

    /// Whether layers take their statistics from the batch.
    pub fn is_training(&self) -> bool {
        self.pass.mode != Mode::Evaluate
    }

    /// The weight `name` here: made if the pass creates, else found and checked.
    ///
    /// # Panics
    /// If there is none of that name, or its shape is another.
    #[track_caller]
    pub fn weight(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Var {
        let (path, shape) = (self.at(name).path, shape.into());
        if let Some(var) = self.pass.vars.borrow().get(&path) {
            assert!(*var.shape() == shape, "scope: expected `{path}` of shape {shape:?}, got {:?}", var.shape());
            return var.clone();
        }
        let tensor = self.tensor(&path, shape, init, Kind::Weight);
        let var = if self.pass.mode == Mode::Train { Var::param(tensor) } else { Var::constant(tensor) };
        self.pass.vars.borrow_mut().insert(path, var.clone());
        var
    }

    /// The buffer `name` here, as it was when the pass began.
    ///
    /// # Panics
    /// If there is none of that name, or its shape is another.
    #[track_caller]
    pub fn buffer(&self, name: &str, shape: impl Into<Shape>, value: f64) -> Tensor {
        self.tensor(&self.at(name).path, shape.into(), Init::Constant(value), Kind::Buffer)
    }

    /// The biases that were handed out so far, here and below.
    pub fn biases(&self) -> Vec<Var> {
        let vars = self.pass.vars.borrow();
        // With the dot: `block` is not above `block2`.
        let here = self.at("").path;
        let is_bias = |path: &str| path.strip_prefix(&here).is_some_and(|rest| rest.rsplit('.').next() == Some("bias"));
        vars.iter().filter(|(path, _)| is_bias(path)).map(|(_, var)| var.clone()).collect()
    }

    /// Proposes a new value for a buffer. Where a network runs twice in a pass, the last one counts: a discriminator's running
    /// statistics are those of the pictures that it saw last.
    pub fn update(&self, name: &str, value: Tensor) {
        self.pass.updates.borrow_mut().insert(self.at(name).path, value);
    }

    #[track_caller]
    fn tensor(&self, path: &str, shape: Shape, init: Init, kind: Kind) -> Tensor {
        let mut params = self.pass.params.borrow_mut();
        if let (Mode::Create { seed }, None) = (self.pass.mode, params.get(path)) {
            params.insert(path, init.tensor(seed, path, shape), kind);
        }
        let Some(tensor) = params.get(path) else { panic!("scope: there is no `{path}` of shape {shape:?}") };
        assert!(*tensor.shape() == shape, "scope: expected `{path}` of shape {shape:?}, got {:?}", tensor.shape());
        tensor.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_autograd::ops::sum;

    #[test]
    fn one_path_is_one_variable_and_its_gradients_add_up() {
        let params = Params::create(1, |s| {
            s.at(("block", 0)).weight("w", [2], Init::Normal(0.0, 1.0));
        });
        assert_eq!(params.iter().map(|e| e.0).collect::<Vec<_>>(), ["block.0.w"]);
        let pass = Pass::train(&params);
        let w = || pass.root().at(("block", 0)).weight("w", [2], Init::He);
        let gradients = pass.gradients(&sum(&(w() * w())));
        let want = params.get("block.0.w").unwrap().map(|w| 2.0 * w);
        assert_eq!(gradients["block.0.w"], want);
    }

    #[test]
    fn the_biases_of_a_place_are_its_own() {
        let paths = ["bias", "net.bias", "net.conv.bias", "net.conv.weight", "net.bias.weight", "net2.bias"];
        let params = Params::create(0, |s| {
            for (i, path) in paths.iter().enumerate() {
                s.weight(path, [i + 1], Init::Constant(0.0));
            }
        });
        let pass = Pass::train(&params);
        for (i, path) in paths.iter().enumerate() {
            pass.root().weight(path, [i + 1], Init::Constant(0.0));
        }
        let lengths = |s: &Scope| s.biases().iter().map(|b| b.value().len()).collect::<Vec<_>>();
        assert_eq!(lengths(&pass.root()), [1, 2, 3, 6]);
        assert_eq!(lengths(&pass.root().at("net")), [2, 3]);
    }

    #[test]
    fn initial_values_depend_on_the_path_and_not_on_the_order() {
        let make = |order: [&str; 2]| {
            Params::create(3, |s| {
                for name in order {
                    s.weight(name, [4], Init::He);
                }
            })
        };
        assert_eq!(make(["a", "b"]), make(["b", "a"]));
    }

    #[test]
    #[should_panic(expected = "there is no `a`")]
    fn a_missing_weight_is_named() {
        Pass::evaluate(&Params::default()).root().weight("a", [1], Init::He);
    }
}
