//! Elementwise functions of one and of two tensors, with broadcasting.

use crate::element::Element;
use crate::loops::Loops;
use crate::parallel::{self, GRAIN};
use crate::shape::Shape;
use crate::simd::vectorised;
use crate::tensor::Tensor;

vectorised! {
    /// `out = f(x)`
    fn of_each[T: Element, F: Fn(T) -> T](x: &[T], out: &mut [T], f: &F) -> () {
        out.iter_mut().zip(x).for_each(|(o, &x)| *o = f(x));
    }

    /// `x = f(x)`
    fn replace_each[T: Element, F: Fn(T) -> T](x: &mut [T], f: &F) -> () {
        for x in x {
            *x = f(*x);
        }
    }

    /// `out = f(a, b)`
    fn of_pairs[T: Element, F: Fn(T, T) -> T](a: &[T], b: &[T], out: &mut [T], f: &F) -> () {
        out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (&a, &b))| *o = f(a, b));
    }

    /// `a = f(a, b)`
    fn replace_pairs[T: Element, F: Fn(T, T) -> T](a: &mut [T], b: &[T], f: &F) -> () {
        a.iter_mut().zip(b).for_each(|(a, &b)| *a = f(*a, b));
    }
}

impl<T: Element> Tensor<T> {
    /// `f` of every element.
    pub fn map(&self, f: impl Fn(T) -> T + Sync + Send) -> Self {
        let x = self.data();
        Self::build(*self.shape(), |out| {
            parallel::chunks(out, GRAIN, |i, out| of_each(&x[i * GRAIN..], out, &f));
        })
    }

    /// `f` of every element, in place where nobody shares the buffer.
    pub fn into_map(mut self, f: impl Fn(T) -> T + Sync + Send) -> Self {
        if self.is_shared() {
            return self.map(f);
        }
        parallel::chunks(self.data_mut(), GRAIN, |_, chunk| replace_each(chunk, &f));
        self
    }

    /// `f` of the elements of both, broadcast against each other.
    ///
    /// # Panics
    /// If two axes differ and neither is 1.
    #[track_caller]
    pub fn zip(&self, other: &Self, f: impl Fn(T, T) -> T + Sync + Send) -> Self {
        let Some(shape) = self.shape().broadcast(other.shape()) else {
            panic!("zip: {:?} and {:?} do not broadcast", self.shape(), other.shape());
        };
        if self.shape() == other.shape() {
            return self.zip_equal(other, f);
        }
        if let ([b], true) = (other.data(), shape == *self.shape()) {
            return self.map(|a| f(a, *b));
        }
        if let ([a], true) = (self.data(), shape == *other.shape()) {
            return other.map(|b| f(*a, b));
        }
        let loops = Loops::new(&shape, [self.shape(), other.shape()], |_| true);
        let (inner, strides) = loops.inner();
        let (a, b) = (self.data(), other.data());
        Self::build(shape, |out| {
            parallel::rows(out, inner, |row, out| {
                let [i, j] = loops.offsets(row);
                // Innermost strides are 1, or 0 for an operand that stands still.
                match strides {
                    [0, _] => of_each(&b[j..], out, &|b| f(a[i], b)),
                    [_, 0] => of_each(&a[i..], out, &|a| f(a, b[j])),
                    _ => of_pairs(&a[i..], &b[j..], out, &f),
                }
            });
        })
    }

    fn zip_equal(&self, other: &Self, f: impl Fn(T, T) -> T + Sync + Send) -> Self {
        let (a, b) = (self.data(), other.data());
        Self::build(*self.shape(), |out| {
            parallel::chunks(out, GRAIN, |i, out| of_pairs(&a[i * GRAIN..], &b[i * GRAIN..], out, &f));
        })
    }

    /// Replaces every element by `f(element, other's)`; both have one shape. In place where nobody shares the buffer.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn zip_assign(&mut self, other: &Self, f: impl Fn(T, T) -> T + Sync + Send) {
        assert!(self.shape() == other.shape(), "zip_assign: {:?} and {:?} differ", self.shape(), other.shape());
        let b = other.data();
        parallel::chunks(self.data_mut(), GRAIN, |i, chunk| replace_pairs(chunk, &b[i * GRAIN..], &f));
    }

    /// The elements repeated to `shape`.
    ///
    /// # Panics
    /// If `self` does not broadcast to exactly `shape`.
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        assert!(
            self.shape().broadcast(&shape) == Some(shape),
            "broadcast_to: {:?} does not stretch to {shape:?}",
            self.shape()
        );
        if *self.shape() == shape {
            return self.clone();
        }
        let loops = Loops::new(&shape, [self.shape()], |_| true);
        let (inner, [stride]) = loops.inner();
        let x = self.data();
        Self::build(shape, |out| {
            parallel::rows(out, inner, |row, out| {
                let [i] = loops.offsets(row);
                if stride == 0 { out.fill(x[i]) } else { out.copy_from_slice(&x[i..i + inner]) }
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize]) -> Tensor<f64> {
        Tensor::from_fn(shape, |i| (i as f64 * 0.37).sin())
    }

    /// The index of an operand's element at a place of the broadcast shape, worked out the slow way.
    fn index(space: &Shape, shape: &Shape, flat: usize) -> usize {
        let (mut rest, mut index, mut step) = (flat, 0, 1);
        for back in 1..=space.len() {
            let i = rest % space.back(back);
            rest /= space.back(back);
            if shape.back(back) != 1 {
                index += i * step;
            }
            step *= shape.back(back);
        }
        index
    }

    #[test]
    fn zip_broadcasts_like_the_definition() {
        for (a, b) in [
            (&[2, 3, 4][..], &[2, 3, 4][..]),
            (&[2, 3, 4], &[3, 1]),
            (&[1, 3, 1], &[2, 1, 4]),
            (&[], &[5]),
            (&[5, 1, 2], &[7, 1]),
            (&[3, 1, 1], &[1, 1, 200]),
            (&[0, 3], &[1, 3]),
        ] {
            let (a, b) = (tensor(a), tensor(b));
            let got = a.zip(&b, |x, y| x - 2.0 * y);
            let shape = a.shape().broadcast(b.shape()).unwrap();
            let want = Tensor::from_fn(shape, |i| {
                a.data()[index(&shape, a.shape(), i)] - 2.0 * b.data()[index(&shape, b.shape(), i)]
            });
            assert_eq!(got, want);
            assert_eq!(a.broadcast_to(shape), a.zip(&Tensor::zeros(shape), |x, _| x));
        }
    }

    #[test]
    fn into_map_reuses_its_buffer() {
        let x = tensor(&[100]);
        let at = x.data().as_ptr();
        assert_eq!(x.into_map(|v| v + 1.0).data().as_ptr(), at);
    }
}
