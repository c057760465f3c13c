//! One step of training: a loss, its gradients, a change of the weights.

use impasto_autograd::Var;

use crate::optim::Optimiser;
use crate::params::Params;
use crate::scope::{Pass, Scope};

/// Lets `optimiser` take one step down `loss`, with the learning rate `lr`, and returns the loss before the step.
///
/// ```
/// use impasto_autograd::ops::sum;
/// use impasto_models::{Init, Params, descend, optim::Sgd};
///
/// let mut params = Params::create(0, |s| drop(s.weight("w", [1], Init::Constant(1.0))));
/// let mut sgd = Sgd::default();
/// let loss = descend(&mut params, &mut sgd, 0.25, |s| {
///     let w = s.weight("w", [1], Init::Constant(1.0));
///     sum(&(&w * &w))
/// });
/// assert_eq!((loss, params.get("w").unwrap().item()), (1.0, 0.5));
/// ```
///
/// # Panics
/// If the loss is not one number.
#[track_caller]
pub fn descend(params: &mut Params, optimiser: &mut impl Optimiser, lr: f64, loss: impl FnOnce(&Scope) -> Var) -> f64 {
    let pass = Pass::train(params);
    let loss = loss(&pass.root());
    let gradients = pass.gradients(&loss);
    params.commit(pass.into_updates());
    optimiser.step(params, &gradients, lr);
    f64::from(loss.item())
}
