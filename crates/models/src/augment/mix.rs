//! Pictures of which a part is another's, and whose class is in the same part the other's.

use impasto_tensor::{Random, Tensor};

use super::sizes;

/// A batch of mixed pictures: of picture `i`, `share` is its own and the rest is picture `partner[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    /// `[N, C, H, W]`
    pub images: Tensor,
    /// With which picture of the batch each is mixed.
    pub partner: Vec<usize>,
    /// The part that is a picture's own: of its pixels, and of its label.
    pub share: f64,
}

/// `x = share x + (1 - share) x[partner]`, with one share of the batch drawn from Beta(alpha, alpha) and partners drawn by a
/// permutation.
///
/// # Shapes
/// `[N, C, H, W] ->` the same
///
/// # Source
/// Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: beyond empirical risk minimization", 2018.
///
/// # Panics
/// With other than four axes, or unless `alpha > 0`.
#[track_caller]
pub fn mixup(images: &Tensor, alpha: f64, random: &mut Random) -> Mixed {
    let [n, c, h, w] = sizes("mixup", images);
    let share = beta(alpha, random);
    let partner = random.permutation(n);
    let mut out = images.clone();
    let (own, rest, picture) = (share as f32, (1.0 - share) as f32, c * h * w);
    for (out, &partner) in out.data_mut().chunks_mut(picture.max(1)).zip(&partner) {
        for (v, other) in out.iter_mut().zip(&images.data()[partner * picture..]) {
            *v = own * *v + rest * other;
        }
    }
    Mixed { images: out, partner, share }
}

/// Replaces a rectangle of each picture by that of another: the same place in the whole batch, with sides sqrt(1 - s) H and
/// sqrt(1 - s) W for s drawn from Beta(alpha, alpha), around a centre that may be any pixel. `share` is what then is left.
///
/// # Shapes
/// `[N, C, H, W] ->` the same
///
/// # Source
/// Yun et al., "`CutMix`: regularization strategy to train strong classifiers with localizable features", 2019.
///
/// # Panics
/// With other than four axes or with an axis of length 0, or unless `alpha > 0`.
#[track_caller]
pub fn cutmix(images: &Tensor, alpha: f64, random: &mut Random) -> Mixed {
    let [n, c, h, w] = sizes("cutmix", images);
    let side = (1.0 - beta(alpha, random)).sqrt();
    let [rows, columns] = [h, w].map(|len| {
        let (half, centre) = (0.5 * side * len as f64, random.below(len) as f64 + 0.5);
        let [start, end] = [centre - half, centre + half].map(|at| at.round().clamp(0.0, len as f64) as usize);
        start..end
    });
    let partner = random.permutation(n);
    let mut out = images.clone();
    let picture = c * h * w;
    for (out, &partner) in out.data_mut().chunks_mut(picture).zip(&partner) {
        let other = &images.data()[partner * picture..][..picture];
        for row in (0..c).flat_map(|plane| rows.clone().map(move |i| (plane * h + i) * w)) {
            out[row..][columns.clone()].copy_from_slice(&other[row..][columns.clone()]);
        }
    }
    let share = 1.0 - (rows.len() * columns.len()) as f64 / (h * w) as f64;
    Mixed { images: out, partner, share }
}

/// A number from Beta(alpha, alpha): a / (a + b) of two Gamma(alpha) numbers. Logarithms, since for small alpha both underflow.
#[track_caller]
fn beta(alpha: f64, random: &mut Random) -> f64 {
    assert!(alpha > 0.0 && alpha.is_finite(), "beta: expected alpha > 0, got {alpha}");
    let [a, b] = [0; 2].map(|_| ln_gamma_variate(alpha, random));
    1.0 / (1.0 + (b - a).exp())
}

/// The logarithm of a number from Gamma(alpha).
///
/// # Source
/// Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; below 1 by Gamma(alpha + 1) U^(1 / alpha).
fn ln_gamma_variate(alpha: f64, random: &mut Random) -> f64 {
    // 1 - U is never 0.
    if alpha < 1.0 {
        let boost = (1.0 - random.unit()).ln() / alpha;
        return ln_gamma_variate(alpha + 1.0, random) + boost;
    }
    let d = alpha - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = f64::from(random.normal::<f32>([1], 0.0, 1.0).item());
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - random.unit();
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return (d * v).ln();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Picture i is i + 1 everywhere.
    fn numbered(n: usize) -> Tensor {
        Tensor::from_fn([n, 2, 6, 8], |i| (i / 96 + 1) as f32)
    }

    fn is_permutation(partner: &[usize]) -> bool {
        let mut sorted = partner.to_vec();
        sorted.sort_unstable();
        sorted.iter().copied().eq(0..partner.len())
    }

    #[test]
    fn mixed_pictures_have_the_mass_that_the_share_says() {
        let x = numbered(5);
        let mut random = Random::new(2, 0);
        let mut shares = Vec::new();
        for round in 0..40 {
            let mixed = if round % 2 == 0 { mixup(&x, 0.8, &mut random) } else { cutmix(&x, 0.8, &mut random) };
            assert!(is_permutation(&mixed.partner) && (0.0..=1.0).contains(&mixed.share), "{:?}", mixed.partner);
            for (i, picture) in mixed.images.data().chunks(96).enumerate() {
                let (own, other) = ((i + 1) as f64, (mixed.partner[i] + 1) as f64);
                let mean = picture.iter().map(|&v| f64::from(v)).sum::<f64>() / 96.0;
                let want = mixed.share * own + (1.0 - mixed.share) * other;
                assert!((mean - want).abs() < 1e-5, "round {round}, picture {i}: {mean}, want {want}");
                if round % 2 == 1 {
                    assert!(
                        picture.iter().all(|&v| [own, other].contains(&f64::from(v))),
                        "each pixel is of one picture"
                    );
                }
            }
            shares.push(mixed.share);
        }
        assert!(shares.iter().any(|s| *s < 0.4) && shares.iter().any(|s| *s > 0.6), "{shares:?}");
    }

    /// Mean 1 / 2 and variance 1 / (4 (2 alpha + 1)).
    #[test]
    fn shares_have_the_moments_of_a_beta_distribution() {
        for alpha in [0.001, 0.2, 1.0, 4.0] {
            let mut random = Random::new(6, 0);
            let n = 20_000;
            let draws: Vec<f64> = (0..n).map(|_| beta(alpha, &mut random)).collect();
            let mean = draws.iter().sum::<f64>() / n as f64;
            let variance = draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
            let want = 0.25 / (2.0 * alpha + 1.0);
            assert!((mean - 0.5).abs() < 0.015, "{alpha}: mean {mean}");
            assert!((variance - want).abs() < 0.03 * want + 1e-4, "{alpha}: variance {variance}, want {want}");
        }
    }
}
