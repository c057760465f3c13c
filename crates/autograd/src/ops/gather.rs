//! Elements picked by index within rows, and its adjoint. The indices are data: max pooling and picking a class are
//! gathers.

use std::sync::Arc;

use impasto_tensor::{Element, Shape, ShapeError, Tensor};

use crate::kinds::{Lin, Linear};
use crate::op::apply;
use crate::var::Var;

#[derive(Clone, Debug)]
struct Picks {
    indices: Arc<[u32]>,
    rows: usize,
}

impl Picks {
    /// Whether so many elements are these rows, and each index lies within one.
    fn fit(&self, elements: usize) -> bool {
        let row = elements.checked_div(self.rows).unwrap_or(0);
        row * self.rows == elements && self.indices.iter().all(|&i| (i as usize) < row)
    }

    fn example() -> Self {
        Self { indices: Arc::new([4, 1, 1, 0, 2, 3, 3, 3]), rows: 2 }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Gather {
    picks: Picks,
    to: Shape,
}

impl Linear for Gather {
    const NAME: &'static str = "gather";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        let Picks { indices, rows } = &self.picks;
        if self.to.size() == indices.len() && self.picks.fit(x[0].size()) {
            return Ok(self.to);
        }
        let detail = format!("{} indices in {rows} rows do not pick {:?} from {:?}", indices.len(), self.to, x[0]);
        Err(ShapeError::new(Self::NAME, detail))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        x[0].gather(self.picks.rows, &self.picks.indices).reshape(self.to)
    }
    fn adjoint<T: Element>(&self, _: usize, x: &[Shape], g: &Var<T>) -> Var<T> {
        apply(Lin(ScatterAdd { picks: self.picks.clone(), to: x[0] }), &[g])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self { picks: Picks::example(), to: Shape::new(&[2, 2, 2]) }, vec![Shape::new(&[2, 5])])]
    }
}

#[derive(Clone, Debug)]
pub(super) struct ScatterAdd {
    picks: Picks,
    to: Shape,
}

impl Linear for ScatterAdd {
    const NAME: &'static str = "scatter_add";
    fn shape(&self, x: &[Shape]) -> Result<Shape, ShapeError> {
        let Picks { indices, rows } = &self.picks;
        if x[0].size() == indices.len() && self.picks.fit(self.to.size()) {
            return Ok(self.to);
        }
        let detail = format!("{} indices in {rows} rows do not add {:?} to {:?}", indices.len(), x[0], self.to);
        Err(ShapeError::new(Self::NAME, detail))
    }
    fn run<T: Element>(&self, x: &[&Tensor<T>]) -> Tensor<T> {
        let Picks { indices, rows } = &self.picks;
        x[0].scatter_add(*rows, indices, self.to.size().checked_div(*rows).unwrap_or(0)).reshape(self.to)
    }
    fn adjoint<T: Element>(&self, _: usize, x: &[Shape], g: &Var<T>) -> Var<T> {
        apply(Lin(Gather { picks: self.picks.clone(), to: x[0] }), &[g])
    }
    fn cases() -> Vec<(Self, Vec<Shape>)> {
        vec![(Self { picks: Picks::example(), to: Shape::new(&[2, 5]) }, vec![Shape::new(&[8])])]
    }
}

/// Element `indices[b, i]` of row `b`, where `x` is cut into `rows` equal rows; the result has shape `to`.
///
/// # Shapes
/// `rows * M` elements, `rows * P` indices `-> to`, of `rows * P` elements
///
/// # Gradient
/// [`scatter_add`] of `g`
#[track_caller]
pub fn gather<T: Element>(x: &Var<T>, rows: usize, indices: Arc<[u32]>, to: impl Into<Shape>) -> Var<T> {
    apply(Lin(Gather { picks: Picks { indices, rows }, to: to.into() }), &[x])
}

/// Element `i` of row `b` added to place `indices[b, i]` of row `b` of a tensor of zeros of shape `to`.
///
/// # Shapes
/// `rows * P` elements and indices `-> to`, of `rows * M` elements
///
/// # Gradient
/// [`gather`] of `g`
#[track_caller]
pub fn scatter_add<T: Element>(x: &Var<T>, rows: usize, indices: Arc<[u32]>, to: impl Into<Shape>) -> Var<T> {
    apply(Lin(ScatterAdd { picks: Picks { indices, rows }, to: to.into() }), &[x])
}
