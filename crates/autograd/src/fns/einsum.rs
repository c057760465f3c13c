//! Sums of products over named axes: contractions, traces, transposes, outer products.

use std::collections::BTreeMap;

use impasto_tensor::{Element, MAX_RANK, Taps};

use crate::ops::{matmul, mul, permute, resample, reshape, sum_axes};
use crate::var::Var;

/// The product of all operands, summed over every letter that the result does not name. A letter names an axis of every
/// operand it stands in; twice in one operand it names the diagonal.
///
/// | formula | is |
/// |---|---|
/// | `ij->ji` | the transpose |
/// | `ii->` | the trace |
/// | `i,j->ij` | the outer product |
/// | `bij,bjk->bik` | products of matrices |
/// | `bi,ij,bj->b` | a form of each pair of rows |
///
/// ```
/// use impasto_autograd::{Var, fns::einsum};
/// use impasto_tensor::Tensor;
/// let x = Var::<f32>::constant(Tensor::new([2, 2], vec![1.0, 2.0, 3.0, 4.0]));
/// assert_eq!(einsum("ij,ij->i", &[&x, &x]).value().data(), [5.0, 25.0]);
/// ```
///
/// Operands are multiplied from left to right, two at a time, and a letter is summed as soon as nothing behind needs it: put
/// those first whose product is small.
///
/// # Shapes
/// as named; a product has at most [`MAX_RANK`] letters
///
/// # Gradient
/// for each operand the product of `g` and the others, summed over the letters that it does not have
///
/// # Source
/// The notation is that of numpy, with an explicit result and without `...`.
///
/// # Panics
/// If the formula is none or the operands do not fit it: the message names the letter.
#[track_caller]
pub fn einsum<T: Element>(formula: &str, x: &[&Var<T>]) -> Var<T> {
    let (operands, result) = parse(formula);
    assert!(operands.len() == x.len(), "einsum `{formula}`: expected {} operands, got {}", operands.len(), x.len());
    let mut lens = BTreeMap::new();
    for (axes, x) in operands.iter().zip(x) {
        let shape = x.shape();
        assert!(axes.len() == shape.len(), "einsum `{formula}`: {} letters for the axes of {shape:?}", axes.len());
        for (axis, &len) in axes.iter().zip(shape.iter()) {
            let first = *lens.entry(axis).or_insert(len);
            assert!(first == len, "einsum `{formula}`: `{axis}` has length {first} and {len}");
        }
    }
    let mut terms = operands.iter().zip(x).map(|(axes, &x)| Term::new(axes, x));
    let mut product = terms.next().expect("a formula has an operand");
    for (i, term) in terms.enumerate() {
        let behind = operands[i + 2..].iter().chain([&result]);
        product = product.times(&term, |axis| behind.clone().any(|axes| axes.contains(&axis)));
    }
    product.sum_but(|axis| result.contains(&axis)).ordered(&result)
}

/// The letters of each operand, and of the result.
#[track_caller]
fn parse(formula: &str) -> (Vec<Vec<char>>, Vec<char>) {
    let plain: String = formula.chars().filter(|c| *c != ' ').collect();
    let Some((operands, result)) = plain.split_once("->") else {
        panic!("einsum `{formula}`: expected operands, an arrow and a result, as in `ij,jk->ik`");
    };
    let operands: Vec<Vec<char>> = operands.split(',').map(|axes| axes.chars().collect()).collect();
    let result: Vec<char> = result.chars().collect();
    if let Some(other) = operands.iter().flatten().chain(&result).find(|c| !c.is_ascii_alphabetic()) {
        panic!("einsum `{formula}`: `{other}` is not a letter");
    }
    for (i, axis) in result.iter().enumerate() {
        assert!(!result[..i].contains(axis), "einsum `{formula}`: `{axis}` stands twice in the result");
        let found = operands.iter().any(|axes| axes.contains(axis));
        assert!(found, "einsum `{formula}`: `{axis}` stands in no operand");
    }
    (operands, result)
}

/// A value whose axes have names, all different.
struct Term<T: Element> {
    axes: Vec<char>,
    value: Var<T>,
}

impl<T: Element> Term<T> {
    /// A name that stands twice is that of the diagonal.
    fn new(axes: &[char], value: &Var<T>) -> Self {
        let (mut axes, mut value) = (axes.to_vec(), value.clone());
        let twice =
            |axes: &[char]| (0..axes.len()).find_map(|j| Some((axes[..j].iter().position(|&a| a == axes[j])?, j)));
        while let Some((i, j)) = twice(&axes) {
            // Both go behind the others, where the diagonal is every (n + 1)-th element.
            let rest: Vec<usize> = (0..axes.len()).filter(|&axis| axis != i && axis != j).collect();
            let n = value.shape()[i];
            let mut dims: Vec<usize> = rest.iter().map(|&axis| value.shape()[axis]).collect();
            dims.push(n * n);
            let flat = reshape(&permute(&value, &[&rest[..], &[i, j]].concat()), dims.as_slice());
            value = resample(&flat, rest.len(), &Taps::select(n * n, (0..n).map(|k| k * (n + 1))));
            axes = rest.iter().map(|&axis| axes[axis]).chain([axes[i]]).collect();
        }
        Self { axes, value }
    }

    fn has(&self, axis: char) -> bool {
        self.axes.contains(&axis)
    }

    /// The sum over all axes but those to keep.
    fn sum_but(&self, keep: impl Fn(char) -> bool) -> Self {
        let gone: Vec<usize> = (0..self.axes.len()).filter(|&i| !keep(self.axes[i])).collect();
        let value = if gone.is_empty() { self.value.clone() } else { sum_axes(&self.value, &gone) };
        Self { axes: self.axes.iter().copied().filter(|&axis| keep(axis)).collect(), value }
    }

    /// The value with its axes in this order.
    fn ordered(&self, order: &[char]) -> Var<T> {
        if self.axes == order {
            return self.value.clone();
        }
        permute(&self.value, &order.iter().map(|&axis| self.place(axis)).collect::<Vec<_>>())
    }

    /// The value with these groups of axes, each as one.
    fn grouped(&self, groups: [&[char]; 3]) -> Var<T> {
        let lens = groups.map(|group| group.iter().map(|&axis| self.len(axis)).product());
        reshape(&self.ordered(&groups.concat()), lens)
    }

    fn place(&self, axis: char) -> usize {
        self.axes.iter().position(|&a| a == axis).expect("one of its axes")
    }

    fn len(&self, axis: char) -> usize {
        self.value.shape()[self.place(axis)]
    }

    /// The product, summed over what is not needed later: products of matrices, a batch of them for what both have and keep.
    #[track_caller]
    fn times(&self, other: &Self, later: impl Fn(char) -> bool) -> Self {
        let a = self.sum_but(|axis| later(axis) || other.has(axis));
        let b = other.sum_but(|axis| later(axis) || self.has(axis));
        let (batch, summed): (Vec<char>, Vec<char>) =
            a.axes.iter().filter(|&&axis| b.has(axis)).partition(|&&axis| later(axis));
        let rows: Vec<char> = a.axes.iter().copied().filter(|&axis| !b.has(axis)).collect();
        let columns: Vec<char> = b.axes.iter().copied().filter(|&axis| !a.has(axis)).collect();
        let axes = [&batch[..], &rows, &columns].concat();
        assert!(axes.len() <= MAX_RANK, "einsum: a product of {} letters, more than {MAX_RANK}", axes.len());
        let (left, right) = (a.grouped([&batch, &rows, &summed]), b.grouped([&batch, &summed, &columns]));
        let product = if summed.is_empty() { mul(&left, &right) } else { matmul(&left, &right) };
        let dims: Vec<usize> = axes.iter().map(|&axis| if a.has(axis) { a.len(axis) } else { b.len(axis) }).collect();
        Self { value: reshape(&product, dims.as_slice()), axes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Tensor;

    fn x(shape: &[usize]) -> Var<f32> {
        Var::constant(Tensor::from_fn(shape, |i| i as f32))
    }

    #[test]
    fn one_operand_is_enough() {
        assert_eq!(einsum("ii ->", &[&x(&[3, 3])]).item(), 12.0);
        assert_eq!(einsum("ij->j", &[&x(&[2, 3])]).value().data(), [3.0, 5.0, 7.0]);
        assert_eq!(einsum("iii->i", &[&x(&[2, 2, 2])]).value().data(), [0.0, 7.0]);
        assert_eq!(einsum("->", &[&x(&[])]).shape(), &[]);
    }

    #[test]
    fn nothing_sums_to_zero() {
        assert_eq!(einsum("ij,jk->ik", &[&x(&[2, 0]), &x(&[0, 1])]).value().data(), [0.0, 0.0]);
        assert_eq!(einsum("i,j->ij", &[&x(&[0]), &x(&[2])]).shape(), &[0, 2]);
    }

    #[test]
    #[should_panic(expected = "einsum `ij,jk`: expected operands, an arrow and a result, as in `ij,jk->ik`")]
    fn a_formula_has_an_arrow() {
        let _ = einsum("ij,jk", &[&x(&[2, 3]), &x(&[3, 2])]);
    }

    #[test]
    #[should_panic(expected = "einsum `i1->i`: `1` is not a letter")]
    fn axes_are_letters() {
        let _ = einsum("i1->i", &[&x(&[2, 3])]);
    }

    #[test]
    #[should_panic(expected = "einsum `ij->ii`: `i` stands twice in the result")]
    fn a_result_has_no_diagonal() {
        let _ = einsum("ij->ii", &[&x(&[2, 3])]);
    }

    #[test]
    #[should_panic(expected = "einsum `ij->ik`: `k` stands in no operand")]
    fn a_letter_of_the_result_comes_from_somewhere() {
        let _ = einsum("ij->ik", &[&x(&[2, 3])]);
    }

    #[test]
    #[should_panic(expected = "einsum `ij,j->i`: expected 2 operands, got 1")]
    fn operands_are_counted() {
        let _ = einsum("ij,j->i", &[&x(&[2, 3])]);
    }

    #[test]
    #[should_panic(expected = "einsum `ijk->i`: 3 letters for the axes of [2, 3]")]
    fn axes_are_counted() {
        let _ = einsum("ijk->i", &[&x(&[2, 3])]);
    }

    #[test]
    #[should_panic(expected = "einsum: a product of 9 letters, more than 8")]
    fn letters_at_a_time_are_few() {
        let _ = einsum("abcde,fghi->abcdefghi", &[&x(&[1; 5]), &x(&[1; 4])]);
    }

    #[test]
    #[should_panic(expected = "einsum `ij,jk->ik`: `j` has length 3 and 4")]
    fn a_letter_has_one_length() {
        let _ = einsum("ij,jk->ik", &[&x(&[2, 3]), &x(&[4, 2])]);
    }
}
