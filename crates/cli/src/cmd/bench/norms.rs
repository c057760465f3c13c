//! Normalisation with the rectifier behind it.

use impasto_tensor::Tensor;
use impasto_tensor::norm::Norm;

use super::measure::Workload;
use super::noise;

pub(super) fn all() -> Vec<Workload> {
    let norm = |groups| Norm { groups, eps: 1e-5, slope: 0.0 };
    [("batchnorm", norm(None)), ("instancenorm", norm(Some(64)))]
        .into_iter()
        .flat_map(|(name, norm)| both(name, norm))
        .collect()
}

/// Forward, and forward and backward.
fn both(name: &str, norm: Norm) -> [Workload; 2] {
    const SHAPE: [usize; 4] = [64; 4];
    let name = format!("{name} relu 64x64x64x64");
    let begin = || (noise(1, SHAPE), Tensor::ones([SHAPE[1]]), Tensor::zeros([SHAPE[1]]));
    [
        Workload::new(format!("{name} fwd"), move || {
            let (x, gamma, beta) = begin();
            move || norm.forward(&x, &gamma, &beta, &norm.moments(&x))
        }),
        Workload::new(format!("{name} fwd+bwd"), move || {
            let (x, gamma, beta) = begin();
            move || {
                let moments = norm.moments(&x);
                // The result serves as the gradient from above.
                let y = norm.forward(&x, &gamma, &beta, &moments);
                norm.backward(&x, &gamma, &beta, &moments, y)
            }
        }),
    ]
}
