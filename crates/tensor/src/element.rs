//! The two element types, f32 for work and f64 for references, and the entries that each needs of its own.

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;
use std::ops::{AddAssign, MulAssign, SubAssign};

use crate::conv::{Conv2d, Slot};
use crate::formula::{self, Formula};
use crate::lane::Lane;
use crate::tensor::Tensor;
use crate::{gate, gemm, gram};

/// An element of a [`Tensor`](crate::Tensor): `f32` or `f64`, no others (the trait is sealed).
pub trait Element:
    Lane
    + Copy
    + PartialOrd
    + Default
    + Debug
    + Display
    + LowerExp
    + Sum
    + AddAssign
    + SubAssign
    + MulAssign
    + Send
    + Sync
    + 'static
    + sealed::Sealed
{
    /// `"f32"` or `"f64"`, as messages and file formats name it.
    const NAME: &'static str;
    /// Widens to f64 (exact).
    fn to_f64(self) -> f64;
    /// Whether the value is neither infinite nor NaN.
    fn finite(self) -> bool;
    /// Whether the value is not a number.
    fn is_nan(self) -> bool;
    #[doc(hidden)]
    fn fill_by(formula: &impl Formula, x: &[Self], out: &mut [Self]);
    #[doc(hidden)]
    fn scale_by(formula: &impl Formula, x: &[Self], out: &mut [Self]);
    #[doc(hidden)]
    fn rectify(x: &[Self], slope: Self, out: &mut [Self], words: &mut [u64]);
    #[doc(hidden)]
    fn positive(x: &[Self], words: &mut [u64]);
    #[doc(hidden)]
    fn gate(x: &mut [Self], words: &[u64], factors: [Self; 2]);
    #[doc(hidden)]
    fn gemm(product: Gemm<'_, Self>);
    #[doc(hidden)]
    fn products_of_rows(x: &[Self], k: usize, y: &mut [Self]);
    #[doc(hidden)]
    fn convolve(
        conv: &Conv2d,
        slot: Slot,
        a: &Tensor<Self>,
        b: &Tensor<Self>,
        bias: Option<&Tensor<Self>>,
        slope: f64,
    ) -> Tensor<Self>;
}

/// One matrix product `c = a b + beta c` of strided matrices: a is m x k, b is k x n, c is m x n.
#[doc(hidden)]
pub struct Gemm<'a, T> {
    pub m: usize,
    pub k: usize,
    pub n: usize,
    pub a: &'a [T],
    /// Distance of two rows, and of two columns, of `a`.
    pub a_strides: (usize, usize),
    pub b: &'a [T],
    /// Distance of two rows, and of two columns, of `b`.
    pub b_strides: (usize, usize),
    pub beta: T,
    pub c: &'a mut [T],
    /// Distance of two rows of `c`; its columns are adjacent.
    pub c_stride: usize,
}

impl<T> Gemm<'_, T> {
    /// Panics unless every element that the strides reach lies inside its slice.
    pub(crate) fn check_bounds(&self) {
        let last = |rows: usize, cols: usize, (rs, cs): (usize, usize)| (rows - 1) * rs + (cols - 1) * cs;
        if self.m == 0 || self.n == 0 {
            return;
        }
        assert!(last(self.m, self.n, (self.c_stride, 1)) < self.c.len(), "gemm: c is too short");
        if self.k > 0 {
            assert!(last(self.m, self.k, self.a_strides) < self.a.len(), "gemm: a is too short");
            assert!(last(self.k, self.n, self.b_strides) < self.b.len(), "gemm: b is too short");
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! element {
    ($t:ident, $fill:ident, $scale:ident, $rectify:ident, $positive:ident, $gate:ident, $gemm:ident, $upper:ident, $convolve:ident) => {
        impl Element for $t {
            const NAME: &'static str = stringify!($t);
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn finite(self) -> bool {
                self.is_finite()
            }
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
            fn fill_by(formula: &impl Formula, x: &[Self], out: &mut [Self]) {
                formula::$fill(formula, x, out);
            }
            fn scale_by(formula: &impl Formula, x: &[Self], out: &mut [Self]) {
                formula::$scale(formula, x, out);
            }
            fn rectify(x: &[Self], slope: Self, out: &mut [Self], words: &mut [u64]) {
                gate::$rectify(x, slope, out, words);
            }
            fn positive(x: &[Self], words: &mut [u64]) {
                gate::$positive(x, words);
            }
            fn gate(x: &mut [Self], words: &[u64], factors: [Self; 2]) {
                gate::$gate(x, words, factors);
            }
            fn gemm(product: Gemm<'_, Self>) {
                gemm::$gemm(product);
            }
            fn products_of_rows(x: &[Self], k: usize, y: &mut [Self]) {
                gram::$upper(x, k, y);
            }
            fn convolve(
                conv: &Conv2d,
                slot: Slot,
                a: &Tensor<Self>,
                b: &Tensor<Self>,
                bias: Option<&Tensor<Self>>,
                slope: f64,
            ) -> Tensor<Self> {
                conv.$convolve(slot, a, b, bias, slope)
            }
        }
    };
}
element!(f32, fill, scale, rectify, positive, gate, sgemm, upper, by_plan);
element!(
    f64,
    fill_plainly,
    scale_plainly,
    rectify_plainly,
    positive_plainly,
    gate_plainly,
    dgemm,
    upper_by_blocks,
    plainly
);
