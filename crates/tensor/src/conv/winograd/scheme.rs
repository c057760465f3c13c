//! The transforms of Winograd's minimal filtering.
//!
//! `m` outputs of a filter with `r` taps need `a = m + r - 1` inputs. Read inputs and filter as polynomials: their values at
//! `a` points, multiplied, are the product's values, and the outputs are read off them. `a` multiplications instead of
//! `m r`; in two dimensions the square of that. Points here are 0, 1, -1, 2, -2, 1/2, -1/2 in this order and infinity last:
//! small, and in pairs of opposite sign whose even and odd parts are shared.
//!
//! Each scheme has five matrices as straight-line code: `input` Bᵀ, `filter` G and `output` Aᵀ for m outputs of r taps, and,
//! since input and points are the same, `gradient` and `taps` for the reverse, r outputs of m taps: that is the weight
//! gradient. A test derives the identity that all must obey.
//!
//! Source: Winograd, "Arithmetic complexity of computations", 1980; Lavin and Gray, "Fast algorithms for convolutional
//! neural networks", 2016.

use crate::simd::Vector;

/// Numbers along one side of the largest tile; shorter ones leave the rest unused.
pub(in crate::conv) const SIDE: usize = 8;

/// F(m, r): how many outputs, of how many taps, from a = m + r - 1 inputs; and its matrices.
pub(in crate::conv) trait Scheme {
    /// m
    const OUTPUTS: usize;
    /// r
    const TAPS: usize;
    /// a
    const POINTS: usize = Self::OUTPUTS + Self::TAPS - 1;
    /// Products of a tile: a^2.
    const PRODUCTS: usize = Self::POINTS * Self::POINTS;
    /// a inputs at the a points.
    fn input<V: Vector>(x: [V; SIDE]) -> [V; SIDE];
    /// r taps at the a points.
    fn filter<V: Vector>(w: [V; SIDE]) -> [V; SIDE];
    /// m outputs from the products at the a points.
    fn output<V: Vector>(p: [V; SIDE]) -> [V; SIDE];
    /// m output gradients, as the taps of a longer filter, at the a points.
    fn gradient<V: Vector>(g: [V; SIDE]) -> [V; SIDE];
    /// r weight gradients from the products at the a points.
    fn taps<V: Vector>(p: [V; SIDE]) -> [V; SIDE];
}

/// One of a scheme's five matrices as a type: a closure around it would be compiled without the vector instructions.
pub(super) trait Matrix {
    /// The matrix times x, in every lane.
    fn times<V: Vector>(x: [V; SIDE]) -> [V; SIDE];
}

macro_rules! matrices {
    ($($(#[$doc:meta])* $name:ident = $method:ident;)+) => {$(
        $(#[$doc])*
        pub(super) struct $name<S>(std::marker::PhantomData<S>);
        impl<S: Scheme> Matrix for $name<S> {
            #[inline(always)]
            fn times<V: Vector>(x: [V; SIDE]) -> [V; SIDE] {
                S::$method(x)
            }
        }
    )+};
}
matrices! {
    /// [`Scheme::input`]
    InputMatrix = input;
    /// [`Scheme::filter`]
    FilterMatrix = filter;
    /// [`Scheme::output`]
    OutputMatrix = output;
    /// [`Scheme::gradient`]
    GradientMatrix = gradient;
    /// [`Scheme::taps`]
    TapsMatrix = taps;
}

/// factor * x
#[inline(always)]
fn times<V: Vector>(factor: f32, x: V) -> V {
    V::splat(factor) * x
}

/// F(4, 3): 36 multiplications for 16 outputs of 9 taps.
pub(in crate::conv) struct F43;
impl Scheme for F43 {
    const OUTPUTS: usize = 4;
    const TAPS: usize = 3;
    #[inline(always)]
    fn input<V: Vector>([a, b, c, d, e, f, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd) = (e.plus(-4.0, c), d.plus(-4.0, b));
        let (wide, skew) = (e - c, times(2.0, d - b));
        let z = V::zero();
        let (first, last) = (e.plus(-5.0, c).plus(4.0, a), f.plus(-5.0, d).plus(4.0, b));
        [first, even + odd, even - odd, wide + skew, wide - skew, last, z, z]
    }
    #[inline(always)]
    fn filter<V: Vector>([a, b, c, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd) = (times(-1.0 / 6.0, a + c), times(-1.0 / 6.0, b));
        let (wide, skew) = (times(1.0 / 24.0, a).plus(1.0 / 6.0, c), times(1.0 / 12.0, b));
        let z = V::zero();
        [times(0.25, a), even + odd, even - odd, wide + skew, wide - skew, c, z, z]
    }
    #[inline(always)]
    fn output<V: Vector>([p, a, b, c, d, q, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd, wide, skew) = (a + b, a - b, c + d, c - d);
        let z = V::zero();
        [p + even + wide, odd.plus(2.0, skew), even.plus(4.0, wide), (q + odd).plus(8.0, skew), z, z, z, z]
    }
    #[inline(always)]
    fn gradient<V: Vector>([a, b, c, d, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd) = (times(-1.0 / 6.0, a + c), times(-1.0 / 6.0, b + d));
        let wide = times(1.0 / 24.0, a).plus(1.0 / 6.0, c);
        let skew = times(1.0 / 12.0, b).plus(1.0 / 3.0, d);
        let z = V::zero();
        [times(0.25, a), even + odd, even - odd, wide + skew, wide - skew, d, z, z]
    }
    #[inline(always)]
    fn taps<V: Vector>([p, a, b, c, d, q, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd, wide, skew) = (a + b, a - b, c + d, c - d);
        let z = V::zero();
        [p + even + wide, odd.plus(2.0, skew), (q + even).plus(4.0, wide), z, z, z, z, z]
    }
}

/// F(6, 3): 64 multiplications for 36 outputs of 9 taps.
pub(in crate::conv) struct F63;
impl Scheme for F63 {
    const OUTPUTS: usize = 6;
    const TAPS: usize = 3;
    #[inline(always)]
    fn input<V: Vector>([a, b, c, d, e, f, g, h]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd) = ((c + g).plus(-4.25, e), (b + f).plus(-4.25, d));
        let (wide, skew) = (g.plus(0.25, c).plus(-1.25, e), times(0.5, b).plus(-2.5, d).plus(2.0, f));
        let (near, lean) = (g.plus(4.0, c).plus(-5.0, e), times(2.0, b).plus(-2.5, d).plus(0.5, f));
        let (first, last) = ((g - a).plus(5.25, c - e), (h - b).plus(5.25, d - f));
        [first, even + odd, even - odd, wide + skew, wide - skew, near + lean, near - lean, last]
    }
    #[inline(always)]
    fn filter<V: Vector>([a, b, c, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd) = (times(-2.0 / 9.0, a + c), times(-2.0 / 9.0, b));
        let (wide, skew) = (times(1.0 / 90.0, a).plus(2.0 / 45.0, c), times(1.0 / 45.0, b));
        let (near, lean) = (times(32.0 / 45.0, a).plus(8.0 / 45.0, c), times(16.0 / 45.0, b));
        [-a, even + odd, even - odd, wide + skew, wide - skew, near + lean, near - lean, c]
    }
    #[inline(always)]
    fn output<V: Vector>([p, a, b, c, d, e, f, q]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd, wide, skew, near, lean) = (a + b, a - b, c + d, c - d, e + f, e - f);
        let z = V::zero();
        [
            (p + even) + (wide + near),
            odd.plus(2.0, skew).plus(0.5, lean),
            even.plus(4.0, wide).plus(0.25, near),
            odd.plus(8.0, skew).plus(0.125, lean),
            even.plus(16.0, wide).plus(0.0625, near),
            (q + odd).plus(32.0, skew).plus(0.03125, lean),
            z,
            z,
        ]
    }
    #[inline(always)]
    fn gradient<V: Vector>([a, b, c, d, e, f, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd) = (times(-2.0 / 9.0, a + c + e), times(-2.0 / 9.0, b + d + f));
        let wide = times(1.0 / 90.0, a).plus(2.0 / 45.0, c).plus(8.0 / 45.0, e);
        let skew = times(1.0 / 45.0, b).plus(4.0 / 45.0, d).plus(16.0 / 45.0, f);
        let near = times(32.0 / 45.0, a).plus(8.0 / 45.0, c).plus(2.0 / 45.0, e);
        let lean = times(16.0 / 45.0, b).plus(4.0 / 45.0, d).plus(1.0 / 45.0, f);
        [-a, even + odd, even - odd, wide + skew, wide - skew, near + lean, near - lean, f]
    }
    #[inline(always)]
    fn taps<V: Vector>([p, a, b, c, d, e, f, q]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd, wide, skew, near, lean) = (a + b, a - b, c + d, c - d, e + f, e - f);
        let z = V::zero();
        let third = (q + even).plus(4.0, wide).plus(0.25, near);
        [(p + even) + (wide + near), odd.plus(2.0, skew).plus(0.5, lean), third, z, z, z, z, z]
    }
}

/// F(4, 2): 25 multiplications for 16 outputs of 4 taps.
pub(in crate::conv) struct F42;
impl Scheme for F42 {
    const OUTPUTS: usize = 4;
    const TAPS: usize = 2;
    #[inline(always)]
    fn input<V: Vector>([a, b, c, d, e, ..]: [V; SIDE]) -> [V; SIDE] {
        let z = V::zero();
        [
            (d - b).plus(2.0, a - c),
            (d - c).plus(-2.0, b),
            d.plus(2.0, b).plus(-3.0, c),
            d - b,
            (e - c).plus(2.0, b - d),
            z,
            z,
            z,
        ]
    }
    #[inline(always)]
    fn filter<V: Vector>([a, b, ..]: [V; SIDE]) -> [V; SIDE] {
        let z = V::zero();
        let last = times(1.0 / 6.0, a).plus(1.0 / 3.0, b);
        [times(0.5, a), times(-0.5, a + b), times(1.0 / 6.0, b - a), last, b, z, z, z]
    }
    #[inline(always)]
    fn output<V: Vector>([p, a, b, c, q, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd) = (a + b, a - b);
        let z = V::zero();
        [p + even + c, odd.plus(2.0, c), even.plus(4.0, c), (q + odd).plus(8.0, c), z, z, z, z]
    }
    #[inline(always)]
    fn gradient<V: Vector>([a, b, c, d, ..]: [V; SIDE]) -> [V; SIDE] {
        let (even, odd) = (a + c, b + d);
        let last = times(1.0 / 6.0, a).plus(1.0 / 3.0, b).plus(2.0 / 3.0, c).plus(4.0 / 3.0, d);
        let z = V::zero();
        [times(0.5, a), times(-0.5, even + odd), times(1.0 / 6.0, odd - even), last, d, z, z, z]
    }
    #[inline(always)]
    fn taps<V: Vector>([p, a, b, c, q, ..]: [V; SIDE]) -> [V; SIDE] {
        let z = V::zero();
        [p + a + b + c, (q + a - b).plus(2.0, c), z, z, z, z, z, z]
    }
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;

    use super::*;
    use crate::simd::{Kernel, run};

    /// A matrix, column by column: what it makes of each of the first unit vectors.
    struct Columns<M>(usize, PhantomData<M>);
    impl<M: Matrix> Kernel for Columns<M> {
        type Output = Vec<Vec<f64>>;
        #[inline(always)]
        fn run<V: Vector>(self) -> Vec<Vec<f64>> {
            let column = |i: usize| {
                let mut x = [V::Eight::zero(); SIDE];
                x[i] = V::Eight::splat(1.0);
                M::times(x).map(|v| f64::from(v.sum() / 8.0)).to_vec()
            };
            (0..self.0).map(column).collect()
        }
    }

    fn columns<M: Matrix>(n: usize) -> Vec<Vec<f64>> {
        run(Columns::<M>(n, PhantomData))
    }

    /// Output i of x correlated with w is the sum of x[i + k] w[k]: for unit x[j] and w[k], 1 where j = i + k, else 0.
    fn identity(input: &[Vec<f64>], filter: &[Vec<f64>], output: &[Vec<f64>], outputs: usize) {
        for (j, x) in input.iter().enumerate() {
            for (k, w) in filter.iter().enumerate() {
                for i in 0..outputs {
                    let got: f64 = (0..output.len()).map(|p| x[p] * w[p] * output[p][i]).sum();
                    let want = if j == i + k { 1.0 } else { 0.0 };
                    assert!((got - want).abs() < 2e-6, "x{j} w{k} y{i}: {got}");
                }
            }
        }
    }

    fn check<S: Scheme>() {
        let (m, r, a) = (S::OUTPUTS, S::TAPS, S::POINTS);
        let input = columns::<InputMatrix<S>>(a);
        identity(&input, &columns::<FilterMatrix<S>>(r), &columns::<OutputMatrix<S>>(a), m);
        identity(&input, &columns::<GradientMatrix<S>>(m), &columns::<TapsMatrix<S>>(a), r);
    }

    #[test]
    fn the_matrices_of_every_scheme_make_a_correlation() {
        check::<F43>();
        check::<F63>();
        check::<F42>();
    }
}
