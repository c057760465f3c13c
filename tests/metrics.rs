//! Metrics for generators: against numpy and scipy on made-up features, and on real pictures, which they put in the right order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use impasto_autograd::Var;
use impasto_autograd::fns::{Padding, upfirdn2d};
use impasto_data::{Dataset, FASHION_MNIST};
use impasto_models::metrics::{
    Extractor, Panel, PrecisionRecall, Score, Subsets, density_coverage, frechet_distance, inception_score,
    kernel_distance, memorisation, precision_recall,
};
use impasto_tensor::{Random, Tensor};
use safetensors::{Dtype, SafeTensors};

/// Relative to the number.
const TOLERANCE: f64 = 1e-6;

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> Vec<u8> {
    let path = beside(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What `fixtures/metrics.py` wrote; features fit `f32`, so all is held as `f64` until it is asked for.
fn fixture() -> BTreeMap<String, Tensor<f64>> {
    let bytes = read("fixtures/metrics.safetensors");
    let mut tensors = BTreeMap::new();
    for (name, view) in SafeTensors::deserialize(&bytes).expect("a safetensors file").iter() {
        let numbers = match view.dtype() {
            Dtype::F32 => view.data().as_chunks().0.iter().map(|&b| f64::from(f32::from_le_bytes(b))).collect(),
            Dtype::F64 => view.data().as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
            other => panic!("{name}: unexpected type {other:?}"),
        };
        tensors.insert(name.to_owned(), Tensor::new(view.shape(), numbers));
    }
    tensors
}

#[track_caller]
fn close(what: &str, got: &[f64], want: &Tensor<f64>) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want.data()) {
        assert!((got - want).abs() <= TOLERANCE * want.abs(), "{what}: {got}, want {want}");
    }
}

#[test]
fn every_metric_agrees_with_numpy_and_scipy() {
    let mut tensors = fixture();
    for case in ["d8", "d64"] {
        let mut take =
            |name: &str| tensors.remove(&format!("{case}/{name}")).unwrap_or_else(|| panic!("{case}/{name}"));
        let [generated, real, held_out] = ["generated", "real", "held_out"].map(|name| take(name).cast::<f32>());

        close("frechet", &[frechet_distance(&generated, &real).unwrap()], &take("frechet"));

        // One subset that is the whole of both sets does not depend on how subsets are drawn.
        let size = generated.shape()[0].min(real.shape()[0]);
        let whole = Subsets { count: 1, size, seed: 0 };
        let kernel = kernel_distance(&generated.slice(0..size), &real.slice(0..size), whole).unwrap();
        close("kernel", &[kernel.value], &take("kernel"));
        assert_eq!(kernel.spread, 0.0);

        let found = precision_recall(&generated, &real, 3).unwrap();
        close("precision and recall", &[found.precision, found.recall], &take("precision_recall"));
        let found = density_coverage(&generated, &real, 5).unwrap();
        close("density and coverage", &[found.density, found.coverage], &take("density_coverage"));

        let mut found = memorisation(&generated, &real, &held_out).unwrap();
        close("memorisation", &[found.threshold, found.share, found.ratio], &take("memorisation"));
        found.pairs.sort_by_key(|pair| pair.sample);
        let nearest = take("nearest");
        assert_eq!(found.pairs.len(), generated.shape()[0]);
        for (pair, want) in found.pairs.iter().zip(nearest.data().chunks(2)) {
            assert_eq!(pair.training, want[0] as usize, "{pair:?}");
            // A copy is at a distance of what rounding leaves of the difference of squares.
            assert!((pair.distance - want[1]).abs() < 1e-6, "{pair:?}, want {want:?}");
        }
    }
    let mut take = |name: &str| tensors.remove(name).unwrap_or_else(|| panic!("{name}"));
    let found = inception_score(&take("probabilities").cast(), 4).unwrap();
    close("inception score", &[found.value, found.spread], &take("inception_score"));
    assert!(tensors.is_empty(), "not compared: {:?}", tensors.keys());
}

/// Pictures of the Fashion-MNIST training set, each class as often as another, in parts of that many that share no picture.
fn pictures<const PARTS: usize>(each: usize) -> [Tensor; PARTS] {
    let [images, labels] = ["images-idx3", "labels-idx1"]
        .map(|kind| read(&format!("../crates/cli/assets/fashion-mnist-10k-{kind}-ubyte.gz")));
    let data = Dataset::from_idx_bytes(&images, &labels, &FASHION_MNIST).expect("two IDX files");
    let order = Random::new(1, 0).permutation(data.len());
    std::array::from_fn(|part| data.tensor(&order[part * each..(part + 1) * each]))
}

static EXTRACTOR: LazyLock<Extractor> = LazyLock::new(|| {
    let name = "../crates/cli/assets/fashion-extractor.safetensors";
    Extractor::from_bytes(Path::new(name), &read(name)).expect("the extractor that we ship")
});

fn blur(images: &Tensor) -> Tensor {
    upfirdn2d(&Var::constant(images.clone()), &[1.0, 2.0, 1.0], [1, 1], Padding::Replicate).into_value()
}

fn noise(images: &Tensor, deviation: f32) -> Tensor {
    let noise: Tensor = Random::new(2, 0).normal(images.shape(), 0.0, 1.0);
    images.zip(&noise, |x, n| (x + deviation * n).clamp(0.0, 1.0))
}

#[derive(Debug)]
struct Found {
    frechet: f64,
    kernel: f64,
    precision: f64,
    recall: f64,
    coverage: f64,
}

#[test]
#[allow(clippy::print_stdout, reason = "says what was measured")]
fn worse_pictures_have_worse_scores() {
    let [real, fresh] = pictures(2000);
    let features = |images: &Tensor| EXTRACTOR.features(images);
    let reference = features(&real);
    let sets = [
        ("copy", real.clone()),
        ("fresh", fresh.clone()),
        ("blur", blur(&fresh)),
        ("noise 0.1", noise(&fresh, 0.1)),
        ("noise 0.2", noise(&fresh, 0.2)),
    ];
    let subsets = Subsets { count: 20, size: 500, seed: 0 };
    let mut scores = Vec::new();
    for (name, images) in &sets {
        let x = features(images);
        let PrecisionRecall { precision, recall } = precision_recall(&x, &reference, 3).unwrap();
        let found = Found {
            frechet: frechet_distance(&x, &reference).unwrap(),
            kernel: kernel_distance(&x, &reference, subsets).unwrap().value,
            precision,
            recall,
            coverage: density_coverage(&x, &reference, 5).unwrap().coverage,
        };
        println!("{name:<10} {found:.3?}");
        scores.push(found);
    }
    for (pair, (name, _)) in scores.windows(2).zip(&sets[1..]) {
        assert!(pair[0].frechet < pair[1].frechet, "Fréchet: {name}");
        assert!(pair[0].recall > pair[1].recall, "recall: {name}");
        assert!(pair[0].coverage > pair[1].coverage, "coverage: {name}");
    }
    // Which of two kinds of damage precision minds more depends on the extractor, because strays have large balls.
    let precision = |i: usize| scores[i].precision;
    assert!(precision(0) == 1.0 && (2..5).all(|i| precision(i) < precision(1)) && precision(1) < 1.0);
    // The kernel distance has no bias: both of these are 0 in the mean, so only the others have an order.
    assert!(scores[..2].iter().all(|score| score.kernel.abs() < 0.2 * scores[2].kernel), "kernel: copy and fresh");
    assert!(scores[1..].windows(2).all(|pair| pair[0].kernel < pair[1].kernel), "kernel");
}

#[test]
fn copies_are_told_from_new_pictures() {
    let [training, held_out, fresh] = pictures::<3>(1000).map(|images| EXTRACTOR.features(&images));
    let copied = Tensor::concat(&[&training.slice(200..300), &fresh.slice(0..900)], 0);
    let new = memorisation(&fresh, &training, &held_out).unwrap();
    let found = memorisation(&copied, &training, &held_out).unwrap();
    assert!(new.share < 0.03, "{}", new.share);
    assert!((found.share - 0.1 - 0.9 * new.share).abs() < 0.01, "{} {}", found.share, new.share);
    for pair in &found.pairs[..100] {
        assert!(pair.sample < 100 && pair.training == pair.sample + 200, "{pair:?}");
    }
}

#[test]
fn a_panel_gives_every_score_by_its_name() {
    let [training, held_out, fresh] = pictures::<3>(1000);
    let [real, unseen, x] = [&training, &held_out, &fresh].map(|images| EXTRACTOR.features(images));
    let panel = Panel::new(EXTRACTOR.clone(), real.clone(), unseen.clone()).unwrap();
    let (scores, nearest) = panel.scores(&fresh).unwrap();
    let names: Vec<String> = scores.iter().map(Score::name).collect();
    let metrics = ["fcd", "kid", "precision", "recall", "density", "coverage", "inception", "memorised", "novelty"];
    assert_eq!(names, metrics.map(|metric| format!("{metric}[fmnist-{}]@1k", EXTRACTOR.hash())));
    // As many samples as training pictures: the same sets, in another order.
    let value = |i: usize| scores[i].value;
    assert_eq!(value(0), frechet_distance(&x, &real).unwrap());
    let balls = precision_recall(&x, &real, 3).unwrap();
    assert_eq!([value(2), value(3)], [balls.precision, balls.recall]);
    let found = memorisation(&x, &real, &unseen).unwrap();
    assert_eq!((value(7), value(8), nearest), (found.share, found.ratio, found));
    assert!(scores[1].spread.is_some_and(|spread| spread < 1e-9), "the only subset of 1000");

    let more = Tensor::concat(&[&fresh, &held_out], 0);
    let message = panel.scores(&more).unwrap_err().to_string();
    assert_eq!(message, "samples: expected at most 1000, the training pictures, got 2000; make fewer");
}

#[test]
fn real_pictures_are_seen_as_of_ten_kinds() {
    let [real] = pictures(1000);
    let score = inception_score(&EXTRACTOR.probabilities(&real), 5).unwrap();
    let noise = EXTRACTOR.probabilities(&Random::new(3, 0).uniform([1000, 1, 28, 28], 0.0, 1.0));
    let of_noise = inception_score(&noise, 5).unwrap();
    assert!(score.value > 6.0 && score.value < 10.0 && of_noise.value < 3.0, "{score:?}, {of_noise:?}");
}
