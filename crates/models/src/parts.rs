//! A batch taken in parts, one after the other by a process or side by side by a [`Team`].

use std::collections::BTreeMap;
use std::ops::Range;

use impasto_tensor::Tensor;

use crate::params::Gradients;
use crate::team::Team;

/// What a part of a batch teaches; each number is a mean over its pictures.
pub(crate) struct Taught {
    pub(crate) loss: f32,
    pub(crate) accuracy: f32,
    pub(crate) gradients: Gradients,
    /// New values of the running statistics.
    pub(crate) updates: BTreeMap<String, Tensor>,
}

impl Taught {
    fn flat(&self) -> Vec<f32> {
        let tensors = self.gradients.values().chain(self.updates.values());
        [self.loss, self.accuracy].into_iter().chain(tensors.flat_map(|t| t.data().iter().copied())).collect()
    }

    fn read(&mut self, flat: &[f32]) {
        (self.loss, self.accuracy) = (flat[0], flat[1]);
        let mut rest = &flat[2..];
        for tensor in self.gradients.values_mut().chain(self.updates.values_mut()) {
            let own;
            (own, rest) = rest.split_at(tensor.len());
            tensor.data_mut().copy_from_slice(own);
        }
    }
}

/// What `n` pictures teach in so many parts, of which the processes of a team learn one each at a time. Every number is the mean
/// over all pictures, added up in the order of the parts, so that it does not depend on the team.
///
/// # Panics
/// Unless each process has as many parts to learn as the others, and every part has a picture.
pub(crate) fn learn(team: &dyn Team, n: usize, parts: usize, mut of: impl FnMut(Range<usize>) -> Taught) -> Taught {
    if parts == 1 && team.size() == 1 {
        return of(0..n);
    }
    assert!(parts <= n, "expected a picture in each of {parts} parts, got {n} pictures");
    assert!(parts.is_multiple_of(team.size()), "expected a multiple of {} parts, got {parts}", team.size());
    let range = |part: usize| part * n / parts..(part + 1) * n / parts;
    let mut sum: Vec<f32> = Vec::new();
    let mut mean = None;
    for first in (0..parts).step_by(team.size()) {
        let own = of(range(first + team.rank()));
        let flat = own.flat();
        sum.resize(flat.len(), 0.0);
        let (len, all) = (flat.len(), team.gather(flat));
        for (i, taught) in all.chunks_exact(len).enumerate() {
            let share = range(first + i).len() as f32 / n as f32;
            sum.iter_mut().zip(taught).for_each(|(sum, v)| *sum += share * v);
        }
        mean = Some(own);
    }
    let mut mean = mean.expect("there is a part");
    mean.read(&sum);
    mean
}
