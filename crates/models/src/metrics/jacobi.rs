//! Eigenvalues and singular values by rotations of rows: short, and exact to the last digits even where a matrix is singular,
//! as covariances of rectified features are.

use impasto_tensor::Tensor;

/// Rows whose cosine is below this are orthogonal.
const COSINE: f64 = 1e-14;
/// Times that all pairs of rows are turned at most; ten do for 512 rows.
const SWEEPS: usize = 60;

/// `Q x` with `Q` orthogonal, such that its rows are orthogonal: their lengths are the singular values of `x`. Of a symmetric
/// positive semidefinite `x` row `i` is eigenvalue times eigenvector.
///
/// # Shapes
/// `[M, K] -> [M, K]`
///
/// # Source
/// One-sided Jacobi: Hestenes, "Inversion of matrices by biorthogonalization", 1958.
pub(super) fn orthogonal_rows(mut x: Tensor<f64>) -> Tensor<f64> {
    let [m, k] = [x.shape()[0], x.shape()[1]];
    let data = x.data_mut();
    for _ in 0..SWEEPS {
        let mut turned = false;
        for p in 0..m.saturating_sub(1) {
            let (upper, lower) = data.split_at_mut((p + 1) * k);
            let a = &mut upper[p * k..];
            for b in lower.chunks_mut(k) {
                turned |= turn(a, b);
            }
        }
        if !turned {
            break;
        }
    }
    x
}

/// The square of each row's length.
pub(super) fn squares(x: &Tensor<f64>) -> Vec<f64> {
    x.data().chunks(x.shape()[1]).map(|row| row.iter().map(|v| v * v).sum()).collect()
}

/// Turns two rows in their plane until they are orthogonal; whether they were not.
fn turn(a: &mut [f64], b: &mut [f64]) -> bool {
    let [aa, bb, ab] = products(a, b);
    if ab.abs() <= COSINE * (aa * bb).sqrt() {
        return false;
    }
    // The tangent of the smaller of the two angles that do.
    let cotangent = (bb - aa) / (2.0 * ab);
    let tangent = cotangent.signum() / (cotangent.abs() + cotangent.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = cosine * tangent;
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
    true
}

/// a a, b b and a b, each summed on several lanes.
fn products(a: &[f64], b: &[f64]) -> [f64; 3] {
    const LANES: usize = 4;
    let mut sums = [[0.0; LANES]; 3];
    for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
        for (lane, (a, b)) in a.iter().zip(b).enumerate() {
            sums[0][lane] += a * a;
            sums[1][lane] += b * b;
            sums[2][lane] += a * b;
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::{MatMul, Random};

    #[test]
    fn rows_become_orthogonal_and_keep_their_products() {
        for [m, k] in [[1, 3], [5, 5], [40, 64], [9, 4]] {
            let x: Tensor<f64> = Random::new(1, 0).normal([m, k], 0.0, 1.0);
            let y = orthogonal_rows(x.clone());
            let products = y.products_of_rows();
            let off = (0..m * m).filter(|i| i % (m + 1) != 0).map(|i| products.data()[i].abs()).fold(0.0, f64::max);
            // Relative to squares of rows that are about k, and to sums of as many.
            let bound = 1e-13 * k as f64;
            assert!(off < bound, "{m} {k}: {off:e}");
            let columns = |x: &Tensor<f64>| MatMul { transpose_a: true, transpose_b: false }.run(x, x);
            let away = columns(&x).zip(&columns(&y), |a, b| (a - b).abs()).max_value();
            assert!(away < bound, "{m} {k}: {away:e}");
        }
    }

    #[test]
    fn a_symmetric_matrix_gives_its_eigenvalues() {
        // Eigenvalues 1, 3 and 0; eigenvectors (1, -1, 0), (1, 1, 0) and (0, 0, 1).
        let x = Tensor::new([3, 3], vec![2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        let mut values: Vec<f64> = squares(&orthogonal_rows(x)).into_iter().map(f64::sqrt).collect();
        values.sort_by(f64::total_cmp);
        for (got, want) in values.iter().zip([0.0, 1.0, 3.0]) {
            assert!((got - want).abs() < 1e-14, "{values:?}");
        }
    }
}
