//! To and from `ndarray`.

use ndarray::{ArrayD, ArrayView, ArrayViewD, Dimension, IxDyn};

use crate::element::Element;
use crate::shape::Shape;
use crate::tensor::Tensor;

impl<T: Element> Tensor<T> {
    /// The tensor as an `ndarray` view; nothing is copied.
    ///
    /// ```
    /// use impasto_tensor::Tensor;
    /// let x = Tensor::<f32>::from_fn([2, 3], |i| i as f32);
    /// assert_eq!(x.view()[[1, 2]], 5.0);
    /// ```
    pub fn view(&self) -> ArrayViewD<'_, T> {
        ArrayView::from_shape(IxDyn(self.shape()), self.data()).expect("the buffer is contiguous and row-major")
    }
}

impl<T: Element> From<ArrayD<T>> for Tensor<T> {
    /// Adopts an owned array in standard layout without copying; copies any other layout.
    #[track_caller]
    fn from(array: ArrayD<T>) -> Self {
        let shape = Shape::new(array.shape());
        if !array.is_standard_layout() {
            return Self::from(array.view());
        }
        let (values, start) = array.into_raw_vec_and_offset();
        match start.unwrap_or(0) {
            0 if values.len() == shape.size() => Self::new(shape, values),
            start => Self::new(shape, values[start..start + shape.size()].to_vec()),
        }
    }
}

impl<T: Element, D: Dimension> From<ArrayView<'_, T, D>> for Tensor<T> {
    /// Copies the elements in logical order.
    #[track_caller]
    fn from(view: ArrayView<'_, T, D>) -> Self {
        Self::new(view.shape(), view.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_and_owned_arrays_keep_their_memory() {
        let x = Tensor::<f64>::from_fn([2, 3, 4], |i| i as f64);
        assert_eq!(x.view().as_ptr(), x.data().as_ptr());
        let array = x.view().to_owned();
        let at = array.as_ptr();
        let back = Tensor::from(array);
        assert_eq!(back.data().as_ptr(), at);
        assert_eq!(back, x);
    }

    #[test]
    fn other_layouts_are_copied_in_logical_order() {
        let x = Tensor::<f32>::from_fn([2, 3], |i| i as f32);
        assert_eq!(Tensor::from(x.view().reversed_axes()).data(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(Tensor::from(x.view().reversed_axes().to_owned()).shape(), &[3, 2]);
    }
}
