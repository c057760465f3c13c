//! Distances between many features, block by block: the products are the crate's, and no matrix of all pairs is ever held.

use impasto_tensor::{MatMul, Tensor};

/// Points of the two sets whose distances are held at one time.
const BLOCK: [usize; 2] = [768, 512];

/// Points, and the square of their distances from the origin.
pub(super) struct Points {
    rows: Tensor<f64>,
    squares: Vec<f64>,
}

impl Points {
    /// The rows of a matrix `[N, D]`.
    pub(super) fn new(features: &Tensor) -> Self {
        // In f64, so that what the difference of large squares loses does not show: a copy is at a distance of 1e-8 lengths.
        let rows: Tensor<f64> = features.cast();
        let squares = rows.data().chunks(rows.shape()[1]).map(|row| row.iter().map(|v| v * v).sum()).collect();
        Self { rows, squares }
    }

    pub(super) fn len(&self) -> usize {
        self.squares.len()
    }

    /// Calls `visit(i, j, squares)` with the squared distances of point `i` to the points of `others` from the `j`-th on, until
    /// every pair was seen once. For each `i` the `j` come in order.
    pub(super) fn distances(&self, others: &Self, mut visit: impl FnMut(usize, usize, &[f64])) {
        let mut squares = [0.0; BLOCK[1]];
        for j in (0..others.len()).step_by(BLOCK[1]) {
            let columns = j..others.len().min(j + BLOCK[1]);
            let right = others.rows.slice(columns.clone());
            for i in (0..self.len()).step_by(BLOCK[0]) {
                let left = self.rows.slice(i..self.len().min(i + BLOCK[0]));
                let products = MatMul { transpose_a: false, transpose_b: true }.run(&left, &right);
                for (i, row) in (i..).zip(products.data().chunks(columns.len())) {
                    let squares = &mut squares[..row.len()];
                    for ((square, product), other) in squares.iter_mut().zip(row).zip(&others.squares[columns.clone()])
                    {
                        *square = (self.squares[i] + other - 2.0 * product).max(0.0);
                    }
                    visit(i, j, squares);
                }
            }
        }
    }

    /// For each point the squared distance of its `k`-th nearest among the others.
    ///
    /// # Panics
    /// If there are no `k` others.
    pub(super) fn radii(&self, k: usize) -> Vec<f64> {
        assert!((1..self.len()).contains(&k), "radii: no {k} others among {}", self.len());
        // The k smallest so far of each point, in order.
        let mut nearest = vec![f64::INFINITY; k * self.len()];
        self.distances(self, |i, j, squares| {
            let nearest = &mut nearest[i * k..][..k];
            for (j, &square) in (j..).zip(squares) {
                if square < nearest[k - 1] && i != j {
                    let place = nearest.partition_point(|&n| n <= square);
                    nearest[place..].rotate_right(1);
                    nearest[place] = square;
                }
            }
        });
        nearest.chunks(k).map(|nearest| nearest[k - 1]).collect()
    }

    /// For each point the index of the nearest of `others`, the first of equals, and their distance.
    pub(super) fn nearest(&self, others: &Self) -> Vec<(usize, f64)> {
        let mut nearest = vec![(0, f64::INFINITY); self.len()];
        self.distances(others, |i, j, squares| {
            for (j, &square) in (j..).zip(squares) {
                if square < nearest[i].1 {
                    nearest[i] = (j, square);
                }
            }
        });
        nearest.into_iter().map(|(j, square)| (j, square.sqrt())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Random;

    fn points(seed: u64, n: usize) -> Tensor {
        Random::new(seed, 0).normal([n, 5], 0.0, 1.0)
    }

    fn distance(x: &Tensor, i: usize, y: &Tensor, j: usize) -> f64 {
        let [a, b] = [(x, i), (y, j)].map(|(t, i)| t.slice(i..i + 1).cast::<f64>());
        let away = a.zip(&b, |a, b| a - b);
        away.dot(&away).sqrt()
    }

    #[test]
    fn blocks_agree_with_every_pair() {
        let (x, y) = (points(1, 2 * BLOCK[0] + 3), points(2, BLOCK[1] + 7));
        let (a, b) = (Points::new(&x), Points::new(&y));
        let nearest = a.nearest(&b);
        for i in [0, 1, BLOCK[0], 2 * BLOCK[0] + 2] {
            let all: Vec<f64> = (0..b.len()).map(|j| distance(&x, i, &y, j)).collect();
            let j = (0..b.len()).min_by(|&j, &k| all[j].total_cmp(&all[k])).unwrap();
            assert_eq!(nearest[i].0, j);
            assert!((nearest[i].1 - all[j]).abs() < 1e-12);
        }
        let radii = b.radii(4);
        for i in [0, BLOCK[1] - 1, BLOCK[1], BLOCK[1] + 6] {
            let mut all: Vec<f64> = (0..b.len()).filter(|&j| j != i).map(|j| distance(&y, i, &y, j)).collect();
            all.sort_by(f64::total_cmp);
            assert!((radii[i].sqrt() - all[3]).abs() < 1e-12);
        }
    }

    #[test]
    fn equal_points_are_each_others_neighbours() {
        let radii = Points::new(&Tensor::ones([3, 2])).radii(2);
        assert_eq!(radii, [0.0; 3]);
    }
}
