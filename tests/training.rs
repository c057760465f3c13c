//! Small networks learn, and a run that goes on from a checkpoint takes the very steps of one that was not interrupted.

use std::path::Path;

use impasto_autograd::fns::logistic;
use impasto_autograd::{Var, ops};
use impasto_models::style::{self, random_filters};
use impasto_models::{Batches, Checkpoint, Ema, Kind, Params, Pass, classifier, gan};
use impasto_tensor::{Random, Tensor};

use crate::shapes::{CLASSES, SIDE, Shapes};

fn classifier_run(steps: u64, batches: Shapes) -> classifier::Run<Shapes> {
    let classes = CLASSES.map(str::to_owned).to_vec();
    let config = classifier::Config::new(1, SIDE, classes, 6);
    let settings = classifier::Settings { steps, warm_up: 3, seed: 3, ..classifier::Settings::default() };
    classifier::Run::new(config, settings, batches).expect("settings in range")
}

fn gan_run(steps: u64) -> gan::Run<Shapes> {
    let config = gan::Config::new(1, 8, 4);
    let settings = gan::Settings { steps, seed: 3, ..gan::Settings::default() };
    gan::Run::new(config, settings, Shapes::new(1, 6)).expect("settings in range")
}

/// Writes a checkpoint, hands its path to `resume`, and returns what that makes of it.
fn through_a_file(checkpoint: &Checkpoint, resume: impl FnOnce(&Path) -> Vec<u8>) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("run.safetensors");
    checkpoint.save(&path).expect("a disk with room");
    resume(&path)
}

fn bytes(checkpoint: &Checkpoint) -> Vec<u8> {
    checkpoint.to_bytes().expect("a checkpoint that can be written")
}

#[test]
fn a_classifier_learns_shapes() {
    const STEPS: u64 = 60;
    let mut run = classifier_run(STEPS, Shapes::new(1, 32));
    let losses: Vec<f64> = (0..STEPS).map(|_| run.step().scalar("loss").expect("a loss")).collect();
    let unseen = Shapes::new(2, 400).next();
    let score = classifier::evaluate(run.params(), run.config(), &unseen.images, &unseen.labels);
    assert!(score.accuracy > 0.9, "right on {} of unseen shapes; losses {losses:?}", score.accuracy);
    // The same labels shuffled against the pictures cannot be learned: the score is not a constant.
    let shifted: Vec<u32> = unseen.labels.iter().map(|&label| (label + 1) % 4).collect();
    assert!(classifier::evaluate(run.params(), run.config(), &unseen.images, &shifted).accuracy < 0.1);
}

#[test]
fn a_classifier_goes_on_exactly() {
    let mut whole = classifier_run(10, Shapes::new(1, 8));
    let mut half = classifier_run(10, Shapes::new(1, 8));
    (0..10).for_each(|_| drop(whole.step()));
    (0..5).for_each(|_| drop(half.step()));
    assert_ne!(bytes(&half.checkpoint("data")), bytes(&whole.checkpoint("data")));
    let resumed = through_a_file(&half.checkpoint("data"), |path| {
        let mut run = classifier::Run::resume(path, Shapes::new(1, 8)).expect("a checkpoint");
        assert_eq!(bytes(&run.checkpoint("data")), bytes(&half.checkpoint("data")), "as it was saved");
        (0..5).for_each(|_| drop(run.step()));
        bytes(&run.checkpoint("data"))
    });
    assert!(resumed == bytes(&whole.checkpoint("data")), "5 steps, a checkpoint and 5 steps are not 10 steps");
}

#[test]
fn a_gan_steps_and_goes_on_exactly() {
    let mut whole = gan_run(4);
    for _ in 0..4 {
        let event = whole.step();
        assert_eq!(event.broken(), None, "{event:?}");
    }
    let checkpoint = whole.checkpoint("data");
    for part in ["generator", "discriminator", "average", "adam_generator", "adam_discriminator"] {
        let before = gan_run(4).checkpoint("data").part(part);
        assert_ne!(checkpoint.part(part), before, "{part} has not moved");
        assert_eq!(checkpoint.part(part).broken(), None);
    }
    let mut half = gan_run(4);
    (0..2).for_each(|_| drop(half.step()));
    let resumed = through_a_file(&half.checkpoint("data"), |path| {
        let mut run = gan::Run::resume(path, Shapes::new(1, 6)).expect("a checkpoint");
        (0..2).for_each(|_| drop(run.step()));
        bytes(&run.checkpoint("data"))
    });
    assert!(resumed == bytes(&checkpoint), "2 steps, a checkpoint and 2 steps are not 4 steps");
}

/// In the generator's half of a step the discriminator passes its gradient on and stays as it is.
#[test]
fn a_frozen_discriminator_passes_the_gradient_on() {
    let run = gan_run(1);
    let saved = run.checkpoint("data");
    let [drawing, judging] = ["generator", "discriminator"].map(|part| saved.part(part));
    let before = judging.clone();
    let z = Var::constant(Random::new(1, 2).normal([4, run.config().noise], 0.0, 1.0));
    let through = |judge: &Pass| {
        let making = Pass::train(&drawing);
        let fake = gan::generator(&making.root().at("generator"), run.config(), &z);
        let loss = logistic(&gan::discriminator(&judge.root().at("discriminator"), run.config(), &fake), true);
        (making, loss)
    };
    let frozen = Pass::frozen(&judging);
    let (making, loss) = through(&frozen);
    let gradients = making.gradients(&loss);
    assert!(gradients.values().all(|g| g.dot(g) > 0.0), "every weight of the generator gets a gradient");

    let (_, loss) = through(&frozen);
    assert!(frozen.gradients(&loss).is_empty(), "a frozen weight gets none");
    assert_eq!(judging, before);

    let tracked = Pass::train(&judging);
    let (making, loss) = through(&tracked);
    assert_eq!(making.gradients(&loss), gradients, "freezing does not change what passes through");
    let (_, loss) = through(&tracked);
    assert!(!tracked.gradients(&loss).is_empty(), "else the test would see nothing");
}

/// The pictures of a seed are the same however many are asked for, and other seeds give others.
#[test]
fn generated_pictures_belong_to_their_seed() {
    let run = gan_run(1);
    let draw = |seed, n| gan::generate(run.generator(), run.config(), seed, n);
    let many = draw(5, 70);
    assert_eq!(many.slice(0..3), draw(5, 3));
    assert_ne!(draw(6, 3), draw(5, 3));
    assert!(many.data().iter().all(|v| (0.0..=1.0).contains(v)));
}

#[test]
fn an_average_follows_its_weights() {
    let at = |value: f32| {
        let mut params = Params::default();
        params.insert("w", Tensor::full([2], value), Kind::Weight);
        params.insert("seen", Tensor::full([1], value), Kind::Buffer);
        params
    };
    let first = |params: &Params, path: &str| params.get(path).expect("an entry").data()[0];
    let mut average = Ema::new(&at(0.0), 0.9);
    // Early: 1 / 11 of the average stays. Late: 0.9 of it.
    average.follow(&at(1.1), 1);
    assert!((first(&average.params, "w") - 1.0).abs() < 1e-6, "{:?}", average.params);
    average.follow(&at(2.0), 1_000_000);
    assert!((first(&average.params, "w") - 1.1).abs() < 1e-6, "{:?}", average.params);
    assert_eq!(first(&average.params, "seen"), 2.0, "a buffer is copied");
    (2..500).for_each(|step| average.follow(&at(5.0), step));
    assert!((first(&average.params, "w") - 5.0).abs() < 1e-4);
}

#[test]
fn style_transfer_reduces_its_loss() {
    let net = random_filters(1);
    let wave = |h: usize, w: usize, pace: f32| {
        Tensor::from_fn([1, 3, h, w], |i| {
            let (plane, y, x) = (i / (h * w), i / w % h, i % w);
            0.5 + 0.4 * ((x as f32 * pace + plane as f32).sin() * (y as f32 * pace * 0.7).cos())
        })
    };
    let (photograph, painting) = (wave(40, 48, 0.1), wave(48, 40, 1.1));
    let settings = style::Settings { steps: 24, ..style::Settings::default() };
    let mut run = style::Run::new(&net, &photograph, &painting, settings).expect("pictures with a style");
    let events: Vec<_> = (0..24).map(|_| run.step()).collect();
    let (first, last) = (&events[0], &events[23]);
    let of = |event: &impasto_models::Event, name: &str| event.scalar(name).expect("a number");
    assert!((of(first, "style") - 1.0).abs() < 1e-3, "{first:?}");
    assert!(of(last, "loss") < 0.5 * of(first, "loss"), "{first:?} to {last:?}");
    let picture = run.picture();
    assert_eq!(picture.shape(), photograph.shape());
    assert!(picture.data().iter().all(|v| (0.0..=1.0).contains(v)) && picture != photograph);

    let small = Tensor::zeros([1, 3, 16, 40]);
    let message = style::Run::new(&net, &small, &painting, settings).err().expect("too small a picture").to_string();
    assert!(message.starts_with("photograph: ") && message.contains("at least 32 px"), "{message}");
}

/// The loss is a function of weights shared by name: used twice, a weight's gradient is the sum.
#[test]
fn a_weight_used_twice_learns_from_both_uses() {
    let params = Params::create(1, |s| drop(s.weight("w", [3], impasto_models::Init::Normal(0.0, 1.0))));
    let pass = Pass::train(&params);
    let w = |name: &str| pass.root().weight(name, [3], impasto_models::Init::He);
    let gradients = pass.gradients(&ops::sum(&(w("w") * 2.0 + w("w") * w("w"))));
    assert_eq!(gradients["w"], params.get("w").expect("a weight").map(|w| 2.0 + 2.0 * w));
}
