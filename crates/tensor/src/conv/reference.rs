//! The definition: one loop nest, three operations. Every faster way is tested against it.

use super::{Conv2d, Slot};
use crate::element::Element;
use crate::tensor::Tensor;

impl Conv2d {
    /// [`leave`](Conv2d::leave) by visiting every triple of elements that meet in the form: the plain reference.
    ///
    /// # Panics
    /// If an argument does not have the shape that [`shape`](Conv2d::shape) says.
    #[track_caller]
    pub fn reference<T: Element>(&self, slot: Slot, a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T> {
        self.check(slot, a, b);
        let (a, b) = (a.data(), b.data());
        Tensor::build(self.shape(slot), |out| {
            out.fill(T::splat(0.0));
            match slot {
                Slot::X => self.visit(|x, w, y| out[x] += a[w] * b[y]),
                Slot::W => self.visit(|x, w, y| out[w] += a[y] * b[x]),
                Slot::Y => self.visit(|x, w, y| out[y] += a[x] * b[w]),
            }
        })
    }

    /// Calls `meet` with the places in `x`, `w` and `y` of every product in the form.
    fn visit(&self, mut meet: impl FnMut(usize, usize, usize)) {
        let ([h, w], [oh, ow], [kh, kw]) = (self.input, self.output(), self.kernel);
        let groups = self.window.groups;
        let (cg, og) = (self.channels / groups, self.outputs / groups);
        for (n, o) in pairs(self.batch, self.outputs) {
            for (i, j) in pairs(oh, ow) {
                for c in 0..cg {
                    for (k, l) in pairs(kh, kw) {
                        let (Some(r), Some(q)) = (self.source(0, i, k), self.source(1, j, l)) else { continue };
                        meet(
                            ((n * self.channels + o / og * cg + c) * h + r) * w + q,
                            ((o * cg + c) * kh + k) * kw + l,
                            ((n * self.outputs + o) * oh + i) * ow + j,
                        );
                    }
                }
            }
        }
    }

    /// The place in the picture that tap `k` of output place `i` reads along `axis`; `None` in the padding.
    pub(super) fn source(&self, axis: usize, i: usize, k: usize) -> Option<usize> {
        let at = self.window.stride[axis] * i + self.window.dilation[axis] * k;
        at.checked_sub(self.window.padding[axis][0]).filter(|&r| r < self.input[axis])
    }
}

fn pairs(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
}
