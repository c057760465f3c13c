//! Square matrix products.

use super::measure::Workload;
use super::noise;

pub(super) fn all() -> Vec<Workload> {
    let product = |n: usize| {
        let begin = move || {
            let [a, b] = [1, 2].map(|stream| noise(stream, [n, n]));
            move || a.matmul(&b)
        };
        Workload::new(format!("sgemm {n}"), begin)
    };
    [256, 512, 1024, 2048].map(product).into()
}
