//! Operations with a switch for one mistake. They admit themselves to the graph, which only this file may.

use std::mem::size_of;

use impasto_autograd::kinds::{Fused, Keeps, Lin, Linear, Pointwise, Trilinear};
use impasto_autograd::ops::{affine, gather, mul, narrow};
use impasto_autograd::{Keep, Op, Registered, Saved, Var, apply};
use impasto_tensor::{Element, Lane, MatMul, Shape, ShapeError, Taps, Tensor};

/// The switch of the operations that can be wrong in more than one way.
pub(super) const RIGHT: u8 = 0;
pub(super) const WRONG_PADDING: u8 = 1;
pub(super) const WRONG_STRIDE: u8 = 2;
pub(super) const WRONG_KERNEL: u8 = 3;
pub(super) const WRONG_RULE: u8 = 4;

/// y = x^3; wrong: a derivative off by a thousandth.
#[derive(Clone, Debug)]
pub(super) struct Cube<const WRONG: bool>;
impl<const WRONG: bool> Registered for Cube<WRONG> {}
impl<const WRONG: bool> Pointwise for Cube<WRONG> {
    const NAME: &'static str = "cube";
    const KEEPS: Keeps = Keeps::Input;
    fn f<L: Lane>(&self, x: L) -> L {
        x.clone() * x.clone() * x
    }
    fn df<L: Lane>(&self, x: L) -> L {
        L::splat(if WRONG { 3.003 } else { 3.0 }) * x.clone() * x
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [-2.0, 2.0])]
    }
}

/// y = sqrt(x); wrong: the derivative of negative roots.
#[derive(Clone, Debug)]
pub(super) struct Root<const WRONG: bool>;
impl<const WRONG: bool> Registered for Root<WRONG> {}
impl<const WRONG: bool> Pointwise for Root<WRONG> {
    const NAME: &'static str = "root";
    const KEEPS: Keeps = Keeps::Input;
    fn f<L: Lane>(&self, x: L) -> L {
        x.sqrt()
    }
    fn df<L: Lane>(&self, x: L) -> L {
        L::splat(0.5) / if WRONG { -x } else { x }.sqrt()
    }
    fn cases() -> Vec<(Self, [f64; 2])> {
        vec![(Self, [0.5, 2.0])]
    }
}

/// y = x^2; wrong: the derivative does not know that it depends on x.
#[derive(Clone, Debug)]
pub(super) struct Square<const WRONG: bool>;
impl<const WRONG: bool> Registered for Square<WRONG> {}
impl<const WRONG: bool> Op for Square<WRONG> {
    const NAME: &'static str = "square";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        (x[0].map(|v| v * v), Vec::new())
    }
    fn keeps(&self, _: &[bool]) -> Keep {
        Keep { inputs: vec![true], output: false }
    }
    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        let x = saved.input(0);
        vec![Some(mul(g, &affine(&if WRONG { x.detach() } else { x.clone() }, 2.0, 0.0)))]
    }
}

/// y = x^3, its derivative by [`Square`], whose own derivative may be detached.
#[derive(Clone, Debug)]
pub(super) struct ThirdPower<const WRONG: bool>;
impl<const WRONG: bool> Registered for ThirdPower<WRONG> {}
impl<const WRONG: bool> Op for ThirdPower<WRONG> {
    const NAME: &'static str = "third_power";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        (x[0].map(|v| v * v * v), Vec::new())
    }
    fn keeps(&self, _: &[bool]) -> Keep {
        Keep { inputs: vec![true], output: false }
    }
    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        vec![Some(mul(g, &affine(&apply(Square::<WRONG>, &[saved.input(0)]), 3.0, 0.0)))]
    }
}

/// y = a b; wrong: each factor's gradient is multiplied by the factor itself, not by the other one.
#[derive(Clone, Debug)]
pub(super) struct Product<const WRONG: bool>;
impl<const WRONG: bool> Registered for Product<WRONG> {}
impl<const WRONG: bool> Op for Product<WRONG> {
    const NAME: &'static str = "product";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        (x[0].zip(x[1], |a, b| a * b), Vec::new())
    }
    fn keeps(&self, _: &[bool]) -> Keep {
        Keep { inputs: vec![true; 2], output: false }
    }
    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        saved.each(|i| mul(g, saved.input(if WRONG { i } else { 1 - i })))
    }
}

/// The product of two square matrices; wrong: the gradient of the first multiplies from the wrong side.
#[derive(Clone, Debug)]
pub(super) struct MatrixForm<const WRONG: bool>;
impl<const WRONG: bool> Registered for MatrixForm<WRONG> {}
impl<const WRONG: bool> Trilinear for MatrixForm<WRONG> {
    const NAME: &'static str = "matrix_form";
    fn slots(&self) -> [Shape; 3] {
        [Shape::new(&[3, 3]); 3]
    }
    fn leave<T: Element>(&self, slot: usize, p: &Tensor<T>, q: &Tensor<T>) -> Tensor<T> {
        let product = |transpose_a, transpose_b, l, r| MatMul { transpose_a, transpose_b }.run(l, r);
        match slot {
            0 if WRONG => product(true, false, p, q), // bᵀ y
            0 => product(false, true, q, p),          // y bᵀ
            1 => product(true, false, q, p),          // aᵀ y
            _ => product(false, false, p, q),         // a b
        }
    }
    fn cases() -> Vec<Self> {
        vec![Self]
    }
}

/// Two elements of five go to the same place of four.
const PLACES: [u32; 5] = [3, 0, 3, 1, 3];

/// Elements added to their places; wrong: written there, so that the last one stays.
#[derive(Clone, Debug)]
pub(super) struct Scatter<const WRONG: bool>;
impl<const WRONG: bool> Registered for Scatter<WRONG> {}
impl<const WRONG: bool> Linear for Scatter<WRONG> {
    const NAME: &'static str = "scatter";
    fn shape(&self, _: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(Shape::new(&[4]))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        let mut y = Tensor::zeros([4]);
        for (&place, &v) in PLACES.iter().zip(x[0].data()) {
            let y = &mut y.data_mut()[place as usize];
            *y = if WRONG { v } else { *y + v };
        }
        y
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        gather(g, 1, PLACES.into(), [5])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self, vec![Shape::new(&[5])])]
    }
}

/// Elements picked from their places, some repeatedly; wrong: the adjoint forgets all repetitions but one.
#[derive(Clone, Debug)]
pub(super) struct Pick<const WRONG: bool>;
impl<const WRONG: bool> Registered for Pick<WRONG> {}
impl<const WRONG: bool> Linear for Pick<WRONG> {
    const NAME: &'static str = "pick";
    fn shape(&self, _: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(Shape::new(&[5]))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].gather(1, &PLACES).reshape([5])
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        apply(Lin(Scatter::<WRONG>), &[g])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self, vec![Shape::new(&[4])])]
    }
}

/// One zero before and two behind; wrong: the adjoint cuts two off before and one behind.
#[derive(Clone, Debug)]
pub(super) struct Pad<const WRONG: bool>;
impl<const WRONG: bool> Registered for Pad<WRONG> {}
impl<const WRONG: bool> Linear for Pad<WRONG> {
    const NAME: &'static str = "pad";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].with(1, x[0][1] + 3))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].resample(1, &Taps::zeros(x[0].shape()[1], 1, 2))
    }
    fn adjoint<T: Element>(&self, _: usize, x: &[Shape], g: &Var<T>) -> Var<T> {
        narrow(g, 1, if WRONG { 2 } else { 1 }, x[0][1])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self, vec![Shape::new(&[2, 4])])]
    }
}

/// Convolution of a line of 7 with 3 taps, stride 2, padding 1; wrong: the gradient for the line has another padding, or
/// another stride.
#[derive(Clone, Debug)]
pub(super) struct Line<const MISTAKE: u8>;
impl<const MISTAKE: u8> Registered for Line<MISTAKE> {}
impl<const MISTAKE: u8> Trilinear for Line<MISTAKE> {
    const NAME: &'static str = "line";
    fn slots(&self) -> [Shape; 3] {
        [7, 3, 4].map(|n| Shape::new(&[n]))
    }
    fn leave<T: Element>(&self, slot: usize, a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
        let (stride, padding): (usize, usize) = match (slot, MISTAKE) {
            (0, WRONG_PADDING) => (2, 0),
            (0, WRONG_STRIDE) => (1, 1),
            _ => (2, 1),
        };
        let mut out = Tensor::zeros(self.slots()[slot]);
        for (i, k) in (0..4).flat_map(|i| (0..3).map(move |k| (i, k))) {
            let place = [(stride * i + k).wrapping_sub(padding), k, i];
            if place[0] < 7 {
                out.data_mut()[place[slot]] += a.data()[place[(slot + 1) % 3]] * b.data()[place[(slot + 2) % 3]];
            }
        }
        out
    }
    fn cases() -> Vec<Self> {
        vec![Self]
    }
}

/// y = 3 x; wrong: the adjoint forgets the factor.
#[derive(Clone, Debug)]
pub(super) struct Triple<const WRONG: bool>;
impl<const WRONG: bool> Registered for Triple<WRONG> {}
impl<const WRONG: bool> Linear for Triple<WRONG> {
    const NAME: &'static str = "triple";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].map(|v| v * T::splat(3.0))
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        affine(g, if WRONG { 1.0 } else { 3.0 }, 0.0)
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self, vec![Shape::new(&[4])])]
    }
}

/// y = x; wrong: y = x + 1, whose derivatives are those of x.
#[derive(Clone, Debug)]
pub(super) struct Shift<const WRONG: bool>;
impl<const WRONG: bool> Registered for Shift<WRONG> {}
impl<const WRONG: bool> Linear for Shift<WRONG> {
    const NAME: &'static str = "shift";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].map(|v| if WRONG { v + T::splat(1.0) } else { v })
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        g.clone()
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self, vec![Shape::new(&[4])])]
    }
}

/// y = x; wrong: another function in f32 than in f64, the only type that differences see.
#[derive(Clone, Debug)]
pub(super) struct Coarse<const WRONG: bool>;
impl<const WRONG: bool> Registered for Coarse<WRONG> {}
impl<const WRONG: bool> Linear for Coarse<WRONG> {
    const NAME: &'static str = "coarse";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        let factor = if WRONG && size_of::<T>() == 4 { 1.001 } else { 1.0 };
        x[0].map(|v| v * T::splat(factor))
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        g.clone()
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self, vec![Shape::new(&[4])])]
    }
}

/// y = x^2 in one kernel; wrong: the kernel, or the fast rule.
#[derive(Clone, Debug)]
pub(super) struct Fusion<const MISTAKE: u8>;
impl<const MISTAKE: u8> Registered for Fusion<MISTAKE> {}
impl<const MISTAKE: u8> Fused for Fusion<MISTAKE> {
    const NAME: &'static str = "fusion";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn reference<T: Element>(&self, x: &[Var<T>]) -> Var<T> {
        mul(&x[0], &x[0])
    }
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        // A constant: no derivative shows it.
        let error = T::splat(if MISTAKE == WRONG_KERNEL { 1e-6 } else { 0.0 });
        (x[0].map(|v| v * v + error), Vec::new())
    }
    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        let factor = T::splat(if MISTAKE == WRONG_RULE { 2.002 } else { 2.0 });
        vec![Some(g.zip(saved.input(0).value(), |g, x| factor * x * g))]
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self, vec![Shape::new(&[2, 3])])]
    }
}

/// y = x^2 with a rule of its own for first order; wrong: that rule.
#[derive(Clone, Debug)]
pub(super) struct Hasty<const WRONG: bool>;
impl<const WRONG: bool> Registered for Hasty<WRONG> {}
impl<const WRONG: bool> Op for Hasty<WRONG> {
    const NAME: &'static str = "hasty";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        (x[0].map(|v| v * v), Vec::new())
    }
    fn keeps(&self, _: &[bool]) -> Keep {
        Keep { inputs: vec![true], output: false }
    }
    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        vec![Some(mul(g, &affine(saved.input(0), 2.0, 0.0)))]
    }
    fn vjp_fast<T: Element>(&self, saved: &Saved<T>, g: Tensor<T>) -> Vec<Option<Tensor<T>>> {
        let factor = T::splat(if WRONG { 1.0 } else { 2.0 });
        vec![Some(g.zip(saved.input(0).value(), |g, x| factor * x * g))]
    }
}

/// The identity, of which nothing is checked.
#[derive(Clone, Debug)]
pub(super) struct Unchecked;
impl Registered for Unchecked {}
impl Linear for Unchecked {
    const NAME: &'static str = "unchecked";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].clone()
    }
    fn adjoint<T: Element>(&self, _: usize, _: &[Shape], g: &Var<T>) -> Var<T> {
        g.clone()
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        Vec::new()
    }
}

/// y = x^2, whose rule reads what it did not keep.
#[derive(Clone, Debug)]
pub(super) struct Forgetful;
impl Registered for Forgetful {}
impl Op for Forgetful {
    const NAME: &'static str = "forgetful";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0])
    }
    fn forward<T: Element>(&self, x: &[&Tensor<T>]) -> (Tensor<T>, Vec<Tensor<T>>) {
        (x[0].map(|v| v * v), Vec::new())
    }
    fn keeps(&self, _: &[bool]) -> Keep {
        Keep::default()
    }
    fn vjp<T: Element>(&self, saved: &Saved<T>, g: &Var<T>) -> Vec<Option<Var<T>>> {
        vec![Some(mul(g, &affine(saved.input(0), 2.0, 0.0)))]
    }
}
