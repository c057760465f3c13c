//! The gradient checks can fail: rules with one planted mistake each are rejected, for that mistake, and pass without it.

use impasto_autograd::gradcheck::{self, Report};
use impasto_tensor::Shape;

mod planted;

/// Asserts that the check found the mistake and says so, and that the same code without the mistake passes.
fn caught(wrong: &Report, right: Report, reason: &str) {
    assert!(!wrong.passed(), "the mistake got through: {wrong}");
    let first = wrong.failures.first().unwrap_or_else(|| panic!("rejected without a reason: {wrong}"));
    assert!(first.contains(reason), "rejected, but not because of `{reason}`: {wrong}");
    right.unwrap();
}

/// The check of a hand-written operation on two 3 x 3 inputs, or one.
fn custom<O: impasto_autograd::Op>(op: &O, inputs: usize) -> Report {
    gradcheck::op(op, &vec![Shape::new(&[3, 3]); inputs], [0.5, 2.0])
}

#[test]
fn a_derivative_off_by_a_thousandth() {
    use planted::Cube;
    caught(&gradcheck::pointwise::<Cube<true>>(), gradcheck::pointwise::<Cube<false>>(), "derivative of order 1");
}

#[test]
fn a_derivative_that_is_not_a_number() {
    use planted::Root;
    caught(&gradcheck::pointwise::<Root<true>>(), gradcheck::pointwise::<Root<false>>(), "derivative of order 1");
}

#[test]
fn a_detached_derivative_is_right_at_first_order_only() {
    use planted::Square;
    caught(&custom(&Square::<true>, 1), custom(&Square::<false>, 1), "derivative of order 2");
}

#[test]
fn a_detached_second_derivative_is_wrong_at_third_order() {
    use planted::ThirdPower;
    caught(&custom(&ThirdPower::<true>, 1), custom(&ThirdPower::<false>, 1), "derivative of order 3");
}

#[test]
fn swapped_arguments() {
    use planted::{MatrixForm, Product};
    caught(&gradcheck::trilinear::<MatrixForm<true>>(), gradcheck::trilinear::<MatrixForm<false>>(), "dot test");
    caught(&custom(&Product::<true>, 2), custom(&Product::<false>, 2), "derivative of order 1");
}

#[test]
fn overwriting_instead_of_adding() {
    use planted::{Pick, Scatter};
    caught(&gradcheck::linear::<Scatter<true>>(), gradcheck::linear::<Scatter<false>>(), "dot test");
    caught(&gradcheck::linear::<Pick<true>>(), gradcheck::linear::<Pick<false>>(), "dot test");
}

#[test]
fn padding_on_the_wrong_side() {
    use planted::{Line, Pad, RIGHT, WRONG_PADDING};
    caught(&gradcheck::linear::<Pad<true>>(), gradcheck::linear::<Pad<false>>(), "dot test");
    caught(&gradcheck::trilinear::<Line<WRONG_PADDING>>(), gradcheck::trilinear::<Line<RIGHT>>(), "dot test");
}

#[test]
fn another_stride_in_the_gradient() {
    use planted::{Line, RIGHT, WRONG_STRIDE};
    caught(&gradcheck::trilinear::<Line<WRONG_STRIDE>>(), gradcheck::trilinear::<Line<RIGHT>>(), "dot test");
}

#[test]
fn a_missing_factor() {
    use planted::Triple;
    caught(&gradcheck::linear::<Triple<true>>(), gradcheck::linear::<Triple<false>>(), "dot test");
}

#[test]
fn a_map_that_is_not_linear() {
    use planted::Shift;
    caught(&gradcheck::linear::<Shift<true>>(), gradcheck::linear::<Shift<false>>(), "dot test");
}

#[test]
fn a_kernel_that_is_not_its_composite() {
    use planted::{Fusion, RIGHT, WRONG_KERNEL};
    caught(&gradcheck::fused::<Fusion<WRONG_KERNEL>>(), gradcheck::fused::<Fusion<RIGHT>>(), "kernel and composite");
}

#[test]
fn a_fast_rule_that_is_not_the_plain_one() {
    use planted::{Fusion, Hasty, RIGHT, WRONG_RULE};
    let reason = "fast and plain gradient";
    caught(&gradcheck::fused::<Fusion<WRONG_RULE>>(), gradcheck::fused::<Fusion<RIGHT>>(), reason);
    caught(&custom(&Hasty::<true>, 1), custom(&Hasty::<false>, 1), reason);
}

#[test]
fn a_kernel_that_is_another_in_f32() {
    use planted::Coarse;
    caught(&gradcheck::linear::<Coarse<true>>(), gradcheck::linear::<Coarse<false>>(), "f32 and f64");
}

#[test]
fn no_cases_are_no_check() {
    let report = gradcheck::linear::<planted::Unchecked>();
    assert!(!report.passed() && report.order() == 0);
    assert!(report.to_string().contains("it has no cases"), "{report}");
}

#[test]
#[should_panic(expected = "forgetful: the rule reads input 0, which `keeps` does not keep")]
fn a_rule_that_reads_what_is_not_kept() {
    custom(&planted::Forgetful, 1).unwrap();
}

#[test]
fn functions_are_checked_too() {
    use impasto_autograd::ops::{exp, mul, sum};
    // The engine is right, so a wrong function is one with a constant in the place of a variable.
    let run = |wrong: bool| {
        gradcheck::function("x e^x", &[&[2, 3]], [-1.0, 1.0], &|x| {
            let e = exp(&x[0]);
            sum(&mul(&x[0], &if wrong { e.detach() } else { e }))
        })
    };
    caught(&run(true), run(false), "derivative of order 1");
}
