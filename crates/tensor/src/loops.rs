//! Nested loops over operands that broadcast: what elementwise functions, sums and batches of products run over.

use crate::shape::{MAX_RANK, Shape};

/// Nested loops over a broadcast shape for `K` operands: axes along which every operand keeps marching in step are
/// merged, so that equal shapes become one loop and a per-channel bias becomes three.
pub(crate) struct Loops<const K: usize> {
    lens: [usize; MAX_RANK],
    strides: [[usize; K]; MAX_RANK],
    rank: usize,
}

impl<const K: usize> Loops<K> {
    /// Loops over those axes of `space` that `axes` selects; operand `k` stretches from `shapes[k]`.
    pub(crate) fn new(space: &Shape, shapes: [&Shape; K], axes: impl Fn(usize) -> bool) -> Self {
        let own = shapes.map(Shape::strides);
        let mut loops = Self { lens: [1; MAX_RANK], strides: [[0; K]; MAX_RANK], rank: 0 };
        for axis in (0..space.len()).filter(|&a| axes(a) && space[a] != 1) {
            let mut step = [0; K];
            let back = space.len() - axis;
            for (step, (shape, own)) in step.iter_mut().zip(shapes.iter().zip(&own)) {
                if shape.back(back) != 1 {
                    *step = own[shape.len() - back];
                }
            }
            let len = space[axis];
            let last = loops.rank.checked_sub(1);
            match last {
                // The outer axis steps exactly over the whole inner one, for everybody: one axis.
                Some(last) if (0..K).all(|k| loops.strides[last][k] == step[k] * len) => {
                    loops.lens[last] *= len;
                    loops.strides[last] = step;
                }
                _ => {
                    loops.lens[loops.rank] = len;
                    loops.strides[loops.rank] = step;
                    loops.rank += 1;
                }
            }
        }
        loops
    }

    /// Length and strides of the innermost loop.
    pub(crate) fn inner(&self) -> (usize, [usize; K]) {
        if self.rank == 0 { (1, [0; K]) } else { (self.lens[self.rank - 1], self.strides[self.rank - 1]) }
    }

    /// How often the innermost loop runs.
    pub(crate) fn rows(&self) -> usize {
        self.lens[..self.rank.saturating_sub(1)].iter().product()
    }

    /// Where each operand begins in the `row`-th run of the innermost loop.
    pub(crate) fn offsets(&self, row: usize) -> [usize; K] {
        self.locate(row, self.rank.saturating_sub(1))
    }

    /// Where each operand stands at the `index`-th of all points.
    pub(crate) fn point(&self, index: usize) -> [usize; K] {
        self.locate(index, self.rank)
    }

    /// The number of points.
    pub(crate) fn points(&self) -> usize {
        self.lens[..self.rank].iter().product()
    }

    fn locate(&self, mut index: usize, rank: usize) -> [usize; K] {
        let mut at = [0; K];
        for axis in (0..rank).rev() {
            let i = index % self.lens[axis];
            index /= self.lens[axis];
            for (at, stride) in at.iter_mut().zip(self.strides[axis]) {
                *at += i * stride;
            }
        }
        at
    }
}
