//! Shapes, the broadcast rule, and the error that both speak.

use std::fmt;
use std::ops::Deref;

use crate::memory;

/// The most axes a tensor may have.
pub const MAX_RANK: usize = 8;

/// The lengths of a tensor's axes, outermost first. Copied freely: it lives in place, not on the heap.
#[derive(Clone, Copy)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: u8,
}

impl Shape {
    /// A shape of the given lengths.
    ///
    /// # Panics
    /// With more than [`MAX_RANK`] axes, or with more elements than any memory holds.
    #[track_caller]
    pub fn new(dims: &[usize]) -> Self {
        Self::try_new(dims).or_panic()
    }

    /// A shape of the given lengths, which may come from anywhere.
    ///
    /// # Errors
    /// Where [`new`](Shape::new) panics.
    pub fn try_new(dims: &[usize]) -> Result<Self, ShapeError> {
        if dims.len() > MAX_RANK {
            return Err(ShapeError::new("shape", format!("at most {MAX_RANK} axes, got {dims:?}")));
        }
        // No product of lengths may overflow: indices and `unsafe` rely on it. An axis of length 0 does not excuse the others, as
        // products of some of the axes are taken too.
        let bytes = dims.iter().try_fold(size_of::<f64>(), |bytes, &len| bytes.checked_mul(len.max(1)));
        if bytes.is_none_or(|bytes| bytes > memory::MOST) {
            return Err(ShapeError::new("shape", format!("{dims:?} has more elements than any memory holds")));
        }
        let mut all = [1; MAX_RANK];
        all[..dims.len()].copy_from_slice(dims);
        Ok(Self { dims: all, rank: dims.len() as u8 })
    }

    /// The number of elements: the product of all lengths, 1 for a scalar.
    pub fn size(&self) -> usize {
        self.iter().product()
    }

    /// The shape with `axis` replaced by `len`.
    #[track_caller]
    pub fn with(mut self, axis: usize, len: usize) -> Self {
        assert!(axis < self.len(), "shape: no axis {axis} in {self:?}");
        self.dims[axis] = len;
        Self::new(&self)
    }

    /// The product of the lengths before `axis`, its own, and the product of those behind it: the tensor seen as
    /// `[outer, len, inner]`.
    #[track_caller]
    pub fn around(&self, axis: usize) -> (usize, usize, usize) {
        assert!(axis < self.len(), "shape: no axis {axis} in {self:?}");
        (self[..axis].iter().product(), self[axis], self[axis + 1..].iter().product())
    }

    /// Row-major strides, in elements.
    pub(crate) fn strides(&self) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut step = 1;
        for axis in (0..self.len()).rev() {
            strides[axis] = step;
            step *= self[axis];
        }
        strides
    }

    /// The shape of an elementwise operation on `self` and `other`: aligned at the last axis, axes of length 1
    /// stretch to the other's length. `None` if two lengths differ and neither is 1.
    ///
    /// # Source
    /// The convention of numpy.
    #[track_caller]
    pub fn broadcast(&self, other: &Self) -> Option<Self> {
        let rank = self.len().max(other.len());
        let mut dims = [1; MAX_RANK];
        for (i, d) in dims[..rank].iter_mut().enumerate() {
            *d = match (self.back(rank - i), other.back(rank - i)) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return None,
            };
        }
        Some(Self::new(&dims[..rank]))
    }

    /// The length of the axis `n` places from the end (1 = last), 1 where there is none.
    pub(crate) fn back(&self, n: usize) -> usize {
        if n <= self.len() { self[self.len() - n] } else { 1 }
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.dims[..self.rank as usize]
    }
}
impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
impl Eq for Shape {}
impl<const R: usize> PartialEq<[usize; R]> for Shape {
    fn eq(&self, other: &[usize; R]) -> bool {
        **self == other[..]
    }
}
impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
impl<const R: usize> From<[usize; R]> for Shape {
    #[track_caller]
    fn from(dims: [usize; R]) -> Self {
        Self::new(&dims)
    }
}
impl From<&[usize]> for Shape {
    #[track_caller]
    fn from(dims: &[usize]) -> Self {
        Self::new(dims)
    }
}
impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Self {
        *shape
    }
}

/// A mistake in the shapes handed to an operation: which operation, what it wants, what it got.
///
/// The operations of this crate panic with it on the caller's line; `impasto-autograd` can also return it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// The operation, as users call it.
    pub op: &'static str,
    /// What it wants and what it got.
    pub detail: String,
}

impl ShapeError {
    /// The mistake `detail` of the operation `op`.
    pub fn new(op: &'static str, detail: impl Into<String>) -> Self {
        Self { op, detail: detail.into() }
    }
}
impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.op, self.detail)
    }
}
impl std::error::Error for ShapeError {}

/// Turns a misfit of shapes into a panic on the caller's line. (A closure handed to `unwrap_or_else` would put it on ours.)
pub trait OrPanic<R> {
    /// The result.
    ///
    /// # Panics
    /// With the error's text, if there is none.
    #[track_caller]
    fn or_panic(self) -> R;
}
impl<R> OrPanic<R> for Result<R, ShapeError> {
    #[track_caller]
    fn or_panic(self) -> R {
        match self {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        let s = |d: &[usize]| Shape::new(d);
        assert_eq!(s(&[2, 1, 3]).broadcast(&s(&[4, 1])), Some(s(&[2, 4, 3])));
        assert_eq!(s(&[]).broadcast(&s(&[5])), Some(s(&[5])));
        assert_eq!(s(&[2, 3]).broadcast(&s(&[3, 2])), None);
        assert_eq!(s(&[0, 3]).broadcast(&s(&[1])), Some(s(&[0, 3])));
    }

    #[test]
    #[should_panic(expected = "shape: [2, 9223372036854775809] has more elements than any memory holds")]
    fn a_size_that_overflows_is_no_size() {
        Shape::new(&[2, (1 << 63) + 1]);
    }

    #[test]
    #[should_panic(expected = "has more elements than any memory holds")]
    fn nor_is_one_beside_an_empty_axis() {
        Shape::new(&[0, 1 << 40]).with(0, 1 << 40);
    }

    #[test]
    fn strides_are_row_major() {
        assert_eq!(Shape::new(&[2, 3, 4]).strides()[..3], [12, 4, 1]);
        assert_eq!(Shape::new(&[2, 3, 4]).around(1), (2, 3, 4));
    }
}
