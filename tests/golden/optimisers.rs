//! Optimisers and clipping against PyTorch, in f32.

use std::collections::BTreeMap;

use impasto_models::optim::{Adam, Optimiser, Sgd, clip_global_norm, global_norm};
use impasto_models::{Gradients, Kind, Params};
use impasto_tensor::Tensor;

use super::functions::load;
use super::{Named, error};

const STEPS: usize = 6;
/// Relative to the largest element.
const TOLERANCE: f64 = 1e-6;

/// The tensors of a case whose names begin with `what/`.
fn named(case: &Named, what: &str) -> Gradients {
    let own = case.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(what)?.strip_prefix('/')?, tensor)));
    own.map(|(name, tensor)| (name.to_owned(), tensor.cast())).collect()
}

/// The worst error of some steps.
fn worst(case: &Named, optimiser: &mut dyn Optimiser, lr: f64) -> f64 {
    let mut params = Params::default();
    for (path, tensor) in named(case, "start") {
        params.insert(path, tensor, Kind::Weight);
    }
    let mut worst: f64 = 0.0;
    for step in 1..=STEPS {
        optimiser.step(&mut params, &named(case, &format!("g{step}")), lr);
        let want = named(case, &format!("w{step}"));
        assert_eq!(want.len(), 2);
        for (path, want) in want {
            let got: &Tensor = params.get(&path).expect("a weight");
            worst = worst.max(error(&path, &got.cast(), &want.cast()));
        }
    }
    worst
}

#[test]
fn steps_agree_with_pytorch() {
    let cases = load("optimisers.safetensors");
    let betas = Adam::default().betas;
    let mut table: BTreeMap<&str, (Box<dyn Optimiser>, f64)> = BTreeMap::new();
    table.insert("adam", (Box::new(Adam::new(betas, 0.0)), 0.02));
    table.insert("adamw", (Box::new(Adam::new(betas, 0.3)), 0.02));
    table.insert("sgd", (Box::new(Sgd::new(0.0, false, 0.1)), 0.05));
    table.insert("momentum", (Box::new(Sgd::new(0.9, false, 0.1)), 0.05));
    table.insert("nesterov", (Box::new(Sgd::new(0.9, true, 0.1)), 0.05));
    for (name, (optimiser, lr)) in &mut table {
        let worst = worst(&cases[*name], optimiser.as_mut(), *lr);
        assert!(worst < TOLERANCE, "{name}: {worst:.1e}");
    }
    // Settings that are a little wrong are seen.
    for mut wrong in [Sgd::new(0.9, false, 0.1), Sgd::new(0.9, true, 0.099), Sgd::new(0.899, true, 0.1)] {
        assert!(worst(&cases["nesterov"], &mut wrong, 0.05) > 10.0 * TOLERANCE, "{wrong:?}");
    }
}

#[test]
fn clipping_agrees_with_pytorch() {
    let cases = load("optimisers.safetensors");
    for (name, limit) in [("clip_short", 0.5), ("clip_long", 100.0)] {
        let case = &cases[name];
        let mut gradients = named(case, "g");
        let norm = clip_global_norm(&mut gradients, limit);
        let want = case["norm"].data()[0];
        assert!((norm - want).abs() < TOLERANCE * want, "{name}: {norm}, want {want}");
        assert!((global_norm(&gradients) - norm.min(limit)).abs() < 1e-5, "{name}");
        for (path, want) in named(case, "clipped") {
            let error = error(&path, &gradients[&path].cast(), &want.cast());
            assert!(error < TOLERANCE, "{name}, {path}: {error:.1e}");
        }
    }
}
