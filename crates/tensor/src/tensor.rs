//! [`Tensor`]: a shape and a shared, contiguous, row-major buffer, copied when written while shared.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::element::Element;
use crate::memory::Buffer;
use crate::parallel;
use crate::shape::Shape;

/// An n-dimensional array. Cloning, reshaping and slicing along the first axis share the buffer.
pub struct Tensor<T: Element = f32> {
    shape: Shape,
    buffer: Arc<Buffer<T>>,
    /// Where this tensor begins in the buffer.
    start: usize,
}

impl<T: Element> Tensor<T> {
    /// A tensor of the given values, which are taken over without copying.
    ///
    /// # Panics
    /// If the number of values is not the product of the lengths.
    #[track_caller]
    pub fn new(shape: impl Into<Shape>, values: Vec<T>) -> Self {
        let shape = shape.into();
        assert!(
            shape.size() == values.len(),
            "tensor: shape {shape:?} wants {} values, got {}",
            shape.size(),
            values.len()
        );
        Self::of(shape, Buffer::adopt(values))
    }

    /// A tensor of `shape` whose element `i`, counted row by row, is `f(i)`.
    #[track_caller]
    pub fn from_fn(shape: impl Into<Shape>, mut f: impl FnMut(usize) -> T) -> Self {
        Self::build(shape, |out| {
            for (i, v) in out.iter_mut().enumerate() {
                *v = f(i);
            }
        })
    }

    /// All elements equal to `value`.
    #[track_caller]
    pub fn full(shape: impl Into<Shape>, value: T) -> Self {
        Self::build(shape, |out| parallel::chunks(out, parallel::GRAIN, |_, out| out.fill(value)))
    }

    /// All elements 0.
    #[track_caller]
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        Self::full(shape, T::splat(0.0))
    }

    /// All elements 1.
    #[track_caller]
    pub fn ones(shape: impl Into<Shape>) -> Self {
        Self::full(shape, T::splat(1.0))
    }

    /// The identity matrix.
    pub fn eye(side: usize) -> Self {
        Self::from_fn([side, side], |i| T::splat(if i % (side + 1) == 0 { 1.0 } else { 0.0 }))
    }

    /// One number: rank 0.
    pub fn scalar(value: T) -> Self {
        Self::full([], value)
    }

    /// A tensor whose every element `fill` writes; what it finds there is meaningless, and begins on a line of the caches.
    #[track_caller]
    pub(crate) fn build(shape: impl Into<Shape>, fill: impl FnOnce(&mut [T])) -> Self {
        let shape = shape.into();
        let mut buffer = Buffer::stale(shape.size());
        fill(&mut buffer);
        Self::of(shape, buffer)
    }

    fn of(shape: Shape, buffer: Buffer<T>) -> Self {
        Self { shape, buffer: Arc::new(buffer), start: 0 }
    }

    /// The lengths of the axes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.size()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements, row by row.
    pub fn data(&self) -> &[T] {
        &self.buffer[self.start..self.start + self.len()]
    }

    /// The elements for writing. Copies them first if another tensor shares the buffer.
    pub fn data_mut(&mut self) -> &mut [T] {
        let len = self.len();
        if Arc::get_mut(&mut self.buffer).is_none() {
            *self = Self::build(self.shape, |out| out.copy_from_slice(self.data()));
        }
        let start = self.start;
        &mut Arc::get_mut(&mut self.buffer).expect("made unique above")[start..start + len]
    }

    /// Whether writing would copy.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.buffer) > 1
    }

    /// The only element.
    ///
    /// # Panics
    /// If there is not exactly one.
    #[track_caller]
    pub fn item(&self) -> T {
        assert!(self.len() == 1, "item: expected one element, got shape {:?}", self.shape);
        self.data()[0]
    }

    /// The same elements under another shape; nothing is copied.
    ///
    /// # Panics
    /// If the number of elements differs.
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        assert!(shape.size() == self.len(), "reshape: {:?} does not hold the elements of {:?}", shape, self.shape);
        Self { shape, buffer: Arc::clone(&self.buffer), start: self.start }
    }

    /// Entries `range` of the first axis; nothing is copied.
    ///
    /// # Panics
    /// If the range reaches past the axis.
    #[track_caller]
    pub fn slice(&self, range: Range<usize>) -> Self {
        assert!(
            self.rank() > 0 && range.start <= range.end && range.end <= self.shape[0],
            "slice: {range:?} does not lie in the first axis of {:?}",
            self.shape
        );
        let (_, _, inner) = self.shape.around(0);
        Self {
            shape: self.shape.with(0, range.len()),
            buffer: Arc::clone(&self.buffer),
            start: self.start + range.start * inner,
        }
    }

    /// The same numbers as another element type.
    pub fn cast<U: Element>(&self) -> Tensor<U> {
        Tensor::build(self.shape, |out| {
            for (o, v) in out.iter_mut().zip(self.data()) {
                *o = U::splat(v.to_f64());
            }
        })
    }

    /// Whether no element is infinite or NaN.
    pub fn all_finite(&self) -> bool {
        self.data().iter().all(|v| v.finite())
    }
}

impl<T: Element> Clone for Tensor<T> {
    fn clone(&self) -> Self {
        Self { shape: self.shape, buffer: Arc::clone(&self.buffer), start: self.start }
    }
}
impl<T: Element> PartialEq for Tensor<T> {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.data() == other.data()
    }
}
impl<T: Element> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        write!(f, "Tensor<{}>{:?} ", T::NAME, self.shape)?;
        let mut list = f.debug_list();
        list.entries(self.data().iter().take(SHOWN));
        if self.len() > SHOWN { list.finish_non_exhaustive() } else { list.finish() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_copies_only_what_is_shared() {
        let mut a = Tensor::<f32>::from_fn([2, 2], |i| i as f32);
        let at = a.data().as_ptr();
        a.data_mut()[0] = 9.0;
        assert_eq!(a.data().as_ptr(), at, "nobody shares it: written in place");
        let b = a.clone();
        a.data_mut()[0] = 1.0;
        assert_eq!((a.data()[0], b.data()[0]), (1.0, 9.0));
    }

    #[test]
    fn slices_and_reshapes_share() {
        let a = Tensor::<f32>::from_fn([4, 3], |i| i as f32);
        let s = a.slice(1..3);
        assert_eq!(s.data(), [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(s.data().as_ptr(), a.data()[3..].as_ptr());
        let mut r = s.reshape([6]);
        r.data_mut()[0] = -1.0;
        assert_eq!(a.data()[3], 3.0);
    }

    #[test]
    fn the_identity_has_ones_on_its_diagonal() {
        assert_eq!(Tensor::<f32>::eye(2).data(), [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    #[should_panic(expected = "wants 6 values, got 5")]
    fn a_wrong_count_is_named() {
        let _ = Tensor::<f32>::new([2, 3], vec![0.0; 5]);
    }
}
