//! Holding out a part of a data set for validation: the same share of every class, the same pictures for the same seed.

use impasto_tensor::Random;

use crate::{Dataset, Error};

impl Dataset {
    /// Two data sets that share no picture: the rest, and exactly `held_out` pictures in which each class has its share
    /// (rounded by largest remainder). Within a class the choice is random by `seed`; both keep the order of pictures.
    ///
    /// # Errors
    /// If `held_out` leaves nothing of the pictures.
    pub fn split(&self, held_out: usize, seed: u64) -> Result<(Self, Self), Error> {
        if held_out >= self.len() {
            let rule = format!("{held_out} of {} pictures cannot be held out", self.len());
            return Err(Error::setting("held_out", rule, "hold out fewer or add pictures"));
        }
        let mut strata = vec![Vec::new(); self.classes.len().max(1)];
        for i in 0..self.len() {
            strata[self.labels.as_ref().map_or(0, |labels| labels[i] as usize)].push(i);
        }
        let sizes: Vec<usize> = strata.iter().map(Vec::len).collect();

        let mut held = vec![false; self.len()];
        for (class, (members, share)) in strata.iter().zip(shares(&sizes, held_out)).enumerate() {
            let order = Random::new(seed, class as u64).permutation(members.len());
            for &at in &order[..share] {
                held[members[at]] = true;
            }
        }
        let (kept_out, rest): (Vec<usize>, Vec<usize>) = (0..self.len()).partition(|&i| held[i]);
        Ok((self.subset(&rest), self.subset(&kept_out)))
    }
}

/// `total` divided in proportion to `sizes`: each share rounded down, then one more for the largest remainders, the
/// first of equals.
fn shares(sizes: &[usize], total: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    let mut shares: Vec<usize> = sizes.iter().map(|size| size * total / all).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&i| std::cmp::Reverse(sizes[i] * total % all));
    let missing = total - shares.iter().sum::<usize>();
    for &i in &by_remainder[..missing] {
        shares[i] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::shares;

    proptest! {
        #[test]
        fn shares_add_up_and_fit(sizes in prop::collection::vec(0usize..50, 1..8), part in 0.0f64..1.0) {
            let all: usize = sizes.iter().sum();
            prop_assume!(all > 0);
            let total = (all as f64 * part) as usize;
            let shares = shares(&sizes, total);
            prop_assert_eq!(shares.iter().sum::<usize>(), total);
            for (share, size) in shares.iter().zip(&sizes) {
                let exact = *size as f64 * total as f64 / all as f64;
                prop_assert!(share <= size && (*share as f64 - exact).abs() < 1.0);
            }
        }
    }
}
