//! [`Batches`]: which pictures come next, in a seeded order whose whole state is one number.

use impasto_tensor::Random;

use crate::Error;

/// An endless series of batches of indices. Each epoch is a new permutation of all items, cut into batches of equal
/// size; what does not fill a batch sits that epoch out.
///
/// ```
/// use impasto_data::Batches;
/// let mut batches = Batches::new(10, 4, 7)?;
/// batches.next_indices();
/// let mut resumed = Batches::new(10, 4, 7)?;
/// resumed.seek(batches.position());
/// assert_eq!(resumed.next_indices(), batches.next_indices());
/// # Ok::<(), impasto_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    items: usize,
    size: usize,
    seed: u64,
    /// Batches dealt out so far.
    position: u64,
    /// The permutation of `epoch`.
    order: Vec<usize>,
    epoch: u64,
}

impl Batches {
    /// Batches of `size` out of `items` items; the permutation of epoch e is that of `Random::new(seed, e)`.
    ///
    /// # Errors
    /// If `size` is 0 or larger than `items`.
    pub fn new(items: usize, size: usize, seed: u64) -> Result<Self, Error> {
        if size == 0 || size > items {
            let rule = format!("{size} pictures a batch cannot be taken from {items}");
            return Err(Error::setting("batch", rule, format!("choose a number from 1 to {items}")));
        }
        Ok(Self { items, size, seed, position: 0, order: Random::new(seed, 0).permutation(items), epoch: 0 })
    }

    /// The items of the next batch.
    pub fn next_indices(&mut self) -> Vec<usize> {
        let batches = (self.items / self.size) as u64;
        let (epoch, batch) = (self.position / batches, (self.position % batches) as usize);
        if epoch != self.epoch {
            self.order = Random::new(self.seed, epoch).permutation(self.items);
            self.epoch = epoch;
        }
        self.position += 1;
        self.order[batch * self.size..][..self.size].to_vec()
    }

    /// How many batches were dealt out: with items, size and seed, the whole state.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes to a position that [`position`](Batches::position) gave.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn resuming_anywhere_goes_on_exactly(items in 1usize..40, share in 1usize..40, seed: u64, at in 0u64..60) {
            let size = share.min(items);
            let mut whole = Batches::new(items, size, seed).unwrap();
            for _ in 0..at {
                whole.next_indices();
            }
            let mut resumed = Batches::new(items, size, seed).unwrap();
            resumed.seek(whole.position());
            for _ in 0..10 {
                prop_assert_eq!(resumed.next_indices(), whole.next_indices());
            }
            whole.seek(0);
            prop_assert_eq!(whole.next_indices(), Batches::new(items, size, seed).unwrap().next_indices());
        }
    }

    #[test]
    fn an_epoch_holds_nothing_twice_and_the_next_is_another() {
        let mut batches = Batches::new(10, 3, 1).unwrap();
        let mut epoch = || -> Vec<usize> { (0..3).flat_map(|_| batches.next_indices()).collect() };
        let (first, second) = (epoch(), epoch());
        assert_ne!(first, second);
        for mut indices in [first, second] {
            indices.sort_unstable();
            indices.dedup();
            assert_eq!(indices.len(), 9);
        }
    }

    #[test]
    fn an_impossible_size_is_an_error() {
        let text = Batches::new(5, 6, 0).unwrap_err().to_string();
        assert_eq!(text, "batch: 6 pictures a batch cannot be taken from 5; choose a number from 1 to 5");
        assert!(Batches::new(5, 0, 0).is_err());
    }
}
