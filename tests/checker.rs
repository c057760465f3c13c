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
    gradcheck::op(op, &vec![Shape::new(&[3, 3]); inputs], [0.5, 2.0], 3)
}

#[test]
fn a_derivative_off_by_a_thousandth() {
    use planted::Cube;
    caught(&gradcheck::pointwise::<Cube<true>>(3), gradcheck::pointwise::<Cube<false>>(3), "derivative of order 1");
}

#[test]
fn a_derivative_that_is_not_a_number() {
    use planted::Root;
    caught(&gradcheck::pointwise::<Root<true>>(3), gradcheck::pointwise::<Root<false>>(3), "derivative of order 1");
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
    caught(&gradcheck::trilinear::<MatrixForm<true>>(3), gradcheck::trilinear::<MatrixForm<false>>(3), "dot test");
    caught(&custom(&Product::<true>, 2), custom(&Product::<false>, 2), "derivative of order 1");
}

#[test]
fn overwriting_instead_of_adding() {
    use planted::{Pick, Scatter};
    caught(&gradcheck::linear::<Scatter<true>>(3), gradcheck::linear::<Scatter<false>>(3), "dot test");
    caught(&gradcheck::linear::<Pick<true>>(3), gradcheck::linear::<Pick<false>>(3), "dot test");
}

#[test]
fn padding_on_the_wrong_side() {
    use planted::{Line, Pad, RIGHT, WRONG_PADDING};
    caught(&gradcheck::linear::<Pad<true>>(3), gradcheck::linear::<Pad<false>>(3), "dot test");
    caught(&gradcheck::trilinear::<Line<WRONG_PADDING>>(3), gradcheck::trilinear::<Line<RIGHT>>(3), "dot test");
}

#[test]
fn another_stride_in_the_gradient() {
    use planted::{Line, RIGHT, WRONG_STRIDE};
    caught(&gradcheck::trilinear::<Line<WRONG_STRIDE>>(3), gradcheck::trilinear::<Line<RIGHT>>(3), "dot test");
}

#[test]
fn a_missing_factor() {
    use planted::Triple;
    caught(&gradcheck::linear::<Triple<true>>(3), gradcheck::linear::<Triple<false>>(3), "dot test");
}

#[test]
fn a_map_that_is_not_linear() {
    use planted::Shift;
    caught(&gradcheck::linear::<Shift<true>>(3), gradcheck::linear::<Shift<false>>(3), "dot test");
}

#[test]
fn a_kernel_that_is_not_its_composite() {
    use planted::{Fusion, RIGHT, WRONG_KERNEL};
    caught(&gradcheck::fused::<Fusion<WRONG_KERNEL>>(3), gradcheck::fused::<Fusion<RIGHT>>(3), "kernel and composite");
}

#[test]
fn a_fast_rule_that_is_not_the_plain_one() {
    use planted::{Fusion, Hasty, RIGHT, WRONG_RULE};
    let reason = "fast and plain gradient";
    caught(&gradcheck::fused::<Fusion<WRONG_RULE>>(3), gradcheck::fused::<Fusion<RIGHT>>(3), reason);
    caught(&custom(&Hasty::<true>, 1), custom(&Hasty::<false>, 1), reason);
}

#[test]
fn a_kernel_that_is_another_in_f32() {
    use planted::Coarse;
    caught(&gradcheck::linear::<Coarse<true>>(3), gradcheck::linear::<Coarse<false>>(3), "f32 and f64");
}

#[test]
fn no_cases_are_no_check() {
    let report = gradcheck::linear::<planted::Unchecked>(3);
    assert!(!report.passed() && report.cases == 0);
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
        gradcheck::function("x e^x", &[&[2, 3]], [-1.0, 1.0], 3, &|x| {
            let e = exp(&x[0]);
            sum(&mul(&x[0], &if wrong { e.detach() } else { e }))
        })
    };
    caught(&run(true), run(false), "derivative of order 1");
}

#[test]
#[allow(clippy::print_stdout, reason = "the table of planted and killed mutants")]
fn every_operation_has_mutants_and_all_are_killed() {
    let mut wrong = Vec::new();
    for row in gradcheck::table() {
        let mutants = row.mutants();
        let killed = mutants.iter().filter(|m| m.killed).count();
        let structural = mutants.iter().filter(|m| m.mistake.is_structural()).count();
        println!("{:<26} {killed} of {} killed, {structural} of geometry or formula", row.name, mutants.len());
        // A constant between two steps has no gradient that could be wrong.
        if row.name == "sign" && mutants.is_empty() {
            continue;
        }
        if killed < mutants.len() || killed < 5 || structural < 2 {
            wrong.push(format!("{}: {mutants:?}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
