//! What is done to a result on its way to memory: a bias for each channel, and the leaky rectifier.

use crate::parallel;
use crate::simd::{self, Kernel, Vector};
use crate::tensor::Tensor;

/// `y = max(v, slope v)` with `v` = result + bias of its channel. A slope of 1 leaves it, 0 is ReLU.
#[derive(Clone, Copy)]
pub(crate) struct Epilogue<'a> {
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) slope: f32,
}

impl Epilogue<'_> {
    /// Nothing.
    pub(crate) const NONE: Self = Self { bias: None, slope: 1.0 };

    pub(super) fn is_none(&self) -> bool {
        self.bias.is_none() && self.slope == 1.0
    }

    /// A whole result `[N, O, H, W]`.
    pub(super) fn over(&self, mut y: Tensor) -> Tensor {
        if !self.is_none() {
            let (outputs, places) = (y.shape()[1], y.shape()[2] * y.shape()[3]);
            parallel::rows(y.data_mut(), places, |plane, line| {
                simd::run(Line { epilogue: *self, o: plane % outputs, numbers: line });
            });
        }
        y
    }

    /// The same for channel `o`, ready for vectors.
    #[inline(always)]
    pub(super) fn of<V: Vector>(&self, o: usize) -> Finish<V> {
        Finish { bias: V::splat(self.bias.map_or(0.0, |b| b[o])), slope: V::splat(self.slope), skip: self.is_none() }
    }

    /// A line of channel `o`, in place.
    #[inline(always)]
    pub(super) fn finish<V: Vector>(&self, o: usize, line: &mut [f32]) {
        let finish = self.of::<V>(o);
        if finish.skip {
            return;
        }
        let mut parts = line.chunks_exact_mut(V::LANES);
        for part in &mut parts {
            finish.apply(V::from_slice(part)).to_slice(part);
        }
        let rest = parts.into_remainder();
        finish.apply(V::from_part(rest)).to_part(rest);
    }
}

/// One line of a channel.
struct Line<'a> {
    epilogue: Epilogue<'a>,
    o: usize,
    numbers: &'a mut [f32],
}
impl Kernel for Line<'_> {
    type Output = ();
    #[inline(always)]
    fn run<V: Vector>(self) {
        self.epilogue.finish::<V>(self.o, self.numbers);
    }
}

/// An epilogue for one channel.
#[derive(Clone, Copy)]
pub(super) struct Finish<V> {
    bias: V,
    slope: V,
    skip: bool,
}

impl<V: Vector> Finish<V> {
    #[inline(always)]
    pub(super) fn apply(&self, v: V) -> V {
        if self.skip {
            return v;
        }
        let v = v + self.bias;
        V::max(v, v * self.slope)
    }
}
