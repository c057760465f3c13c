//! The two element types, f32 for work and f64 for references, and the entries that each needs of its own.

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;
use std::ops::{AddAssign, MulAssign, SubAssign};

use crate::conv::{Conv2d, Slot};
use crate::formula::{self, Formula};
use crate::gemm::{self, Gemm};
use crate::lane::Lane;
use crate::tensor::Tensor;
use crate::{gate, gram};

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

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! element {
    ($t:ident {
        fill_by: $fill:path,
        scale_by: $scale:path,
        rectify: $rectify:path,
        positive: $positive:path,
        gate: $gate:path,
        gemm: $gemm:path,
        products_of_rows: $products:path,
        convolve: $convolve:path,
    }) => {
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
                $fill(formula, x, out);
            }
            fn scale_by(formula: &impl Formula, x: &[Self], out: &mut [Self]) {
                $scale(formula, x, out);
            }
            fn rectify(x: &[Self], slope: Self, out: &mut [Self], words: &mut [u64]) {
                $rectify(x, slope, out, words);
            }
            fn positive(x: &[Self], words: &mut [u64]) {
                $positive(x, words);
            }
            fn gate(x: &mut [Self], words: &[u64], factors: [Self; 2]) {
                $gate(x, words, factors);
            }
            fn gemm(product: Gemm<'_, Self>) {
                $gemm(product);
            }
            fn products_of_rows(x: &[Self], k: usize, y: &mut [Self]) {
                $products(x, k, y);
            }
            fn convolve(
                conv: &Conv2d,
                slot: Slot,
                a: &Tensor<Self>,
                b: &Tensor<Self>,
                bias: Option<&Tensor<Self>>,
                slope: f64,
            ) -> Tensor<Self> {
                $convolve(conv, slot, a, b, bias, slope)
            }
        }
    };
}
element!(f32 {
    fill_by: formula::fill,
    scale_by: formula::scale,
    rectify: gate::rectify,
    positive: gate::positive,
    gate: gate::gate,
    gemm: gemm::sgemm,
    products_of_rows: gram::upper,
    convolve: Conv2d::by_plan,
});
element!(f64 {
    fill_by: formula::fill_plainly,
    scale_by: formula::scale_plainly,
    rectify: gate::rectify_plainly,
    positive: gate::positive_plainly,
    gate: gate::gate_plainly,
    gemm: gemm::dgemm,
    products_of_rows: gram::upper_by_blocks,
    convolve: Conv2d::by_im2col,
});
