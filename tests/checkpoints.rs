//! Checkpoints that earlier versions wrote are read, draw and judge as they did, and go on with the steps that the earlier
//! version took. `fixtures/checkpoints/write.rs` made them.

use std::path::{Path, PathBuf};

use impasto_autograd::Var;
use impasto_models::engine::{Engine, Policy};
use impasto_models::{Batches, Checkpoint, Params, Pass, classifier, gan};
use impasto_tensor::Tensor;
use serde_json::json;

use crate::shapes::Shapes;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/checkpoints/{name}.safetensors"))
}

fn load(name: &str) -> Checkpoint {
    Checkpoint::load(&file(name)).expect("a checkpoint")
}

fn expected(name: &str, tensor: &str) -> Tensor {
    load(name).part("expected").get(tensor).expect("the tensor").clone()
}

/// The largest difference between elements: vector instructions of another level round otherwise.
fn difference(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.shape(), b.shape());
    a.data().iter().zip(b.data()).fold(0.0, |worst, (a, b)| worst.max((a - b).abs()))
}

/// All of one checkpoint's parts are those of the other, whatever has joined them.
fn near(got: &Checkpoint, want: &Checkpoint, parts: &[&str]) {
    for part in parts {
        let (got, want) = (got.part(part), want.part(part));
        let paths = |params: &Params| params.iter().map(|e| e.0.to_owned()).collect::<Vec<_>>();
        assert_eq!(paths(&got), paths(&want), "{part}");
        assert!(!paths(&want).is_empty(), "{part}");
        for ((path, got, _), (_, want, _)) in got.iter().zip(want.iter()) {
            let difference = difference(got, want);
            assert!(difference < 1e-4, "{part}/{path}: {difference}");
        }
    }
}

#[test]
fn a_classifier_of_format_1_judges_as_it_did() {
    let (params, meta) = classifier::load(&file("classifier")).expect("a classifier");
    assert_eq!((meta.data.as_str(), meta.counters.step, meta.counters.batches), ("shapes", 4, 4));
    assert_eq!((meta.config.width, meta.settings.steps, meta.settings.shift), (2, 8, 1));
    let pass = Pass::evaluate(&params);
    let images = Var::constant(Shapes::new(2, 5).next().images);
    let logits = classifier::network(&pass.root(), &meta.config, &images);
    let difference = difference(logits.value(), &expected("classifier_logits", "logits"));
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn a_classifier_of_format_1_goes_on_as_it_did() {
    let mut run = classifier::Run::resume(&file("classifier"), Shapes::new(1, 8)).expect("a classifier");
    let parts = ["model", "adam"];
    near(&run.checkpoint("shapes"), &load("classifier"), &parts);
    (0..2).for_each(|_| drop(run.step()));
    near(&run.checkpoint("shapes"), &load("classifier_later"), &parts);
}

#[test]
fn a_watched_run_of_format_1_goes_on_as_it_did() {
    let checkpoint = load("engine");
    let (config, settings) =
        classifier::load(&file("engine")).map(|(_, meta)| (meta.config, meta.settings)).expect("a run");
    let run = classifier::Run::new(config, settings, Shapes::new(1, 8)).expect("settings in range");
    let policy = Policy { look_every: 2, ..Policy::default() };
    let mut engine = Engine::new(run, "shapes", policy).on(json!({ "batch": 8 }));
    engine.restore(&checkpoint, &file("engine")).expect("a run that was told the same");
    assert!(!engine.is_best(0.2), "0.25 was the best score");
    (0..4).for_each(|_| assert_eq!(engine.turn().alarms, []));
    let (got, want) = (engine.checkpoint(), load("engine_later"));
    near(&got, &want, &["model", "sgd", "average"]);
    for key in ["counters", "settings", "terms", "data"] {
        assert_eq!(got.meta[key], want.meta[key], "{key}");
    }
}

#[test]
fn a_gan_of_format_1_draws_as_it_did() {
    let (params, meta) = gan::load(&file("gan")).expect("a GAN");
    assert_eq!((meta.data.as_str(), meta.counters.step), ("shapes", 3));
    let difference = difference(&gan::generate(&params, &meta.config, 5, 2), &expected("gan_pictures", "pictures"));
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn a_gan_of_format_1_goes_on_as_it_did() {
    let mut run = gan::Run::resume(&file("gan"), Shapes::new(1, 4)).expect("a GAN");
    let parts = ["average", "generator", "discriminator", "adam_generator", "adam_discriminator"];
    near(&run.checkpoint("shapes"), &load("gan"), &parts);
    run.step();
    near(&run.checkpoint("shapes"), &load("gan_later"), &parts);
}
