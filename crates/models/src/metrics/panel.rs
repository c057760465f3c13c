//! Every metric at once, against real pictures whose features are found once.

use impasto_tensor::{Random, Tensor, random};

use super::{
    Extractor, Gaussian, Memorisation, Score, Subsets, density_coverage, inception_score, kernel_distance,
    memorisation, precision_recall,
};
use crate::error::Error;

/// Parts of the pictures that the Inception score is found on.
const SPLITS: usize = 10;

/// An extractor and what it sees in real pictures.
#[derive(Clone, Debug)]
pub struct Panel {
    extractor: Extractor,
    training: Tensor,
    held_out: Tensor,
    gaussian: Gaussian,
}

impl Panel {
    /// One that compares with the features of the pictures that a generator was trained on, and with those of pictures that it
    /// has never seen.
    ///
    /// # Shapes
    /// `[T, D]` and `[M, D]`
    ///
    /// # Errors
    /// As [`Gaussian::fit`] of the training pictures.
    #[track_caller]
    pub fn new(extractor: Extractor, training: Tensor, held_out: Tensor) -> Result<Self, Error> {
        let gaussian = Gaussian::fit(&training)?;
        Ok(Self { extractor, training, held_out, gaussian })
    }

    /// The scores of pictures, and which of them lie near which training pictures:
    ///
    /// | metric | best | what it is |
    /// |---|---|---|
    /// | `fcd` | 0 | [`Gaussian::distance`] to all training pictures |
    /// | `kid` | 0 | [`kernel_distance`] to all, of 100 subsets of 1000 |
    /// | `precision`, `recall` | 1 | [`precision_recall`] of as many training pictures, k = 3 |
    /// | `density`, `coverage` | 1 | [`density_coverage`] of as many training pictures, k = 5 |
    /// | `inception` | as of real ones | [`inception_score`] in ten parts |
    /// | `memorised` | 0.01 | the share that [`memorisation`] flags |
    /// | `novelty` | 1 | its ratio |
    ///
    /// # Shapes
    /// `[N, C, H, W]`, values in [0, 1]
    ///
    /// # Errors
    /// If there are fewer than 1000 pictures, or more than training pictures; if a feature is not finite.
    ///
    /// # Panics
    /// As [`Extractor::features`].
    #[track_caller]
    pub fn scores(&self, images: &Tensor) -> Result<(Vec<Score>, Memorisation), Error> {
        let n = images.shape()[0];
        let [real, d] = [0, 1].map(|axis| self.training.shape()[axis]);
        if n > real {
            let detail = format!("expected at most {real}, the training pictures, got {n}; make fewer");
            return Err(Error::setting("samples", detail));
        }
        let (x, probabilities) = self.extractor.look(images);
        // Fewer points have larger balls, so both sets are of one size.
        let order = Random::new(0, random::stream("panel")).permutation(real);
        let rows = order[..n].iter().flat_map(|&i| &self.training.data()[i * d..][..d]).copied().collect();
        let alike = Tensor::new([n, d], rows);

        let fcd = Gaussian::fit(&x)?.distance(&self.gaussian);
        let kid = kernel_distance(&x, &self.training, Subsets::default())?;
        let balls = precision_recall(&x, &alike, 3)?;
        let real_balls = density_coverage(&x, &alike, 5)?;
        let inception = inception_score(&probabilities, SPLITS)?;
        let nearest = memorisation(&x, &self.training, &self.held_out)?;
        let one = |metric, value| Score::new(metric, &self.extractor, n, value);
        let several = |metric, estimate| Score::estimate(metric, &self.extractor, n, estimate);
        let scores = vec![
            one("fcd", fcd),
            several("kid", kid),
            one("precision", balls.precision),
            one("recall", balls.recall),
            one("density", real_balls.density),
            one("coverage", real_balls.coverage),
            several("inception", inception),
            one("memorised", nearest.share),
            one("novelty", nearest.ratio),
        ];
        Ok((scores, nearest))
    }
}
