//! The macro that admits operations of other crates, with their gradient check.

/// Declares operations outside this crate: implements [`Registered`](crate::Registered) for each and gives it a test that
/// runs its gradient check. The kind is one of `pointwise`, `linear`, `trilinear`, `fused`.
///
/// ```
/// use impasto_autograd::kinds::{Keeps, Map, Pointwise};
/// use impasto_autograd::{Var, apply, declare_op, gradcheck};
/// use impasto_tensor::{Lane, Tensor};
///
/// #[derive(Clone, Debug)]
/// struct Cube;
/// impl Pointwise for Cube {
///     const NAME: &'static str = "cube";
///     const KEEPS: Keeps = Keeps::Input;
///     fn f<L: Lane>(&self, x: L) -> L { x.clone() * x.clone() * x }
///     fn df<L: Lane>(&self, x: L) -> L { L::splat(3.0) * x.clone() * x }
///     fn cases() -> Vec<(Self, [f64; 2])> { vec![(Cube, [-2.0, 2.0])] }
/// }
/// declare_op! { pointwise Cube; }
///
/// let y = apply(Map(Cube), &[&Var::<f64>::constant(Tensor::scalar(2.0))]);
/// assert_eq!(y.item(), 8.0);
/// assert!(gradcheck::pointwise::<Cube>(2).passed());
/// ```
#[macro_export]
macro_rules! declare_op {
    ($($kind:ident $op:ident;)+) => {
        $(impl $crate::Registered for $op {})+
        #[cfg(test)]
        #[allow(non_snake_case, reason = "each check has the name of its operation")]
        mod gradient_checks {
            use super::*;
            $(#[test] fn $op() { $crate::gradcheck::$kind::<super::$op>(3).unwrap(); })+
        }
    };
}
