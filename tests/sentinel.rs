//! The sentinel on real trainings: it names what was broken, and leaves good runs alone.

use std::sync::Arc;

use impasto_autograd::Var;
use impasto_autograd::fns::{Padding, logistic, pad2d};
use impasto_autograd::ops::cross_entropy;
use impasto_data::{Dataset, FASHION_MNIST};
use impasto_models::classifier::{self, network};
use impasto_models::engine::{Engine, Policy, Verdict};
use impasto_models::gan::{self, Game, Move};
use impasto_models::optim::{Adam, Optimiser};
use impasto_models::sentinel::{Alarm, Inspection, Kind, OneSided, Plateau, Sentinel, Watch};
use impasto_models::{Batch, Batches, Event, Params, Pass};
use impasto_tensor::{Random, Tensor};

/// Small real pictures: those that the program carries.
fn fashion() -> Arc<Dataset> {
    const IMAGES: &[u8] = include_bytes!("../crates/cli/assets/fashion-mnist-10k-images-idx3-ubyte.gz");
    const LABELS: &[u8] = include_bytes!("../crates/cli/assets/fashion-mnist-10k-labels-idx1-ubyte.gz");
    Arc::new(Dataset::from_idx_bytes(IMAGES, LABELS, &FASHION_MNIST).expect("the embedded pictures"))
}

/// Batches of a data set; those from `broken_from` on hold one pixel that is not a number.
struct Feed {
    data: Arc<Dataset>,
    order: impasto_data::Batches,
    broken_from: u64,
}

impl Feed {
    fn new(data: &Arc<Dataset>, size: usize, seed: u64) -> Self {
        let order = impasto_data::Batches::new(data.len(), size, seed).expect("a batch that fits");
        Self { data: Arc::clone(data), order, broken_from: u64::MAX }
    }
}

impl Batches for Feed {
    fn next(&mut self) -> Batch {
        let is_broken = self.order.position() >= self.broken_from;
        let indices = self.order.next_indices();
        let (mut images, labels) = (self.data.tensor(&indices), self.data.labels_of(&indices).expect("labels"));
        if is_broken {
            images.data_mut()[400] = f32::NAN;
        }
        Batch { images, labels }
    }
    fn position(&self) -> u64 {
        self.order.position()
    }
    fn seek(&mut self, position: u64) {
        self.order.seek(position);
    }
}

/// What the tests change in a training from some step on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    NanInBatch,
    /// The learning rate times a thousand.
    Rate,
    /// The gradient of the last layer does not arrive.
    FrozenHead,
    /// The rectifiers behind the last norm let nothing through.
    DeadLayer,
}

/// Trains a classifier step by step, a fault from `from` on, and watches it until the first alarm.
fn classify(data: &Arc<Dataset>, seed: u64, steps: u64, (fault, from): (Fault, u64)) -> Vec<Alarm> {
    let mut feed =
        Feed { broken_from: if fault == Fault::NanInBatch { from } else { u64::MAX }, ..Feed::new(data, 32, seed) };
    let config = classifier::Config::new(1, 28, data.classes().to_vec(), 4);
    let mut params = Params::create(seed, |s| drop(network(s, &config, &Var::constant(Tensor::zeros([1, 1, 28, 28])))));
    let mut adam = Adam::default();
    let mut sentinel = Sentinel::new(Watch::default());
    for step in 1..=steps {
        let is_faulty = step > from;
        let batch = feed.next();
        let pass = Pass::train(&params);
        let loss = cross_entropy(&network(&pass.root(), &config, &Var::constant(batch.images)), &batch.labels);
        let mut gradients = pass.gradients(&loss);
        params.commit(pass.into_updates());
        if fault == Fault::FrozenHead && is_faulty {
            gradients.retain(|path, _| !path.starts_with("head"));
        }
        adam.step(&mut params, &gradients, if fault == Fault::Rate && is_faulty { 4.0 } else { 4e-3 });
        if fault == Fault::DeadLayer && is_faulty {
            params.insert("norm.2.bias", Tensor::full([16], -100.0), impasto_models::Kind::Weight);
        }
        let event = Event { step, scalars: vec![("loss", f64::from(loss.item()))] };
        let alarms = sentinel.look(&event, Some(&Inspection::of(&params, &gradients)));
        if !alarms.is_empty() {
            return alarms;
        }
    }
    Vec::new()
}

/// Each fault is named within five looks.
#[track_caller]
fn named(fault: Fault, kind: Kind, parts: &[&str]) {
    let data = fashion();
    for from in [0, 25] {
        let alarms = classify(&data, 1, 40, (fault, from));
        let alarm = alarms.iter().find(|a| a.kind == kind);
        let alarm = alarm.unwrap_or_else(|| panic!("{fault:?} from {from} is not named: {alarms:?}"));
        assert!((from + 1..=from + 5).contains(&alarm.step), "{fault:?} from {from}: {alarm}");
        for part in parts {
            assert!(alarm.what.contains(part), "no `{part}`: {alarm}");
        }
    }
}

#[test]
fn a_pixel_that_is_not_a_number_is_named() {
    named(
        Fault::NanInBatch,
        Kind::NonFinite,
        &["loss is NaN", "parameter conv.0.weight", "the gradient of conv.0.weight"],
    );
}

#[test]
fn a_learning_rate_a_thousand_times_too_high_is_named() {
    named(Fault::Rate, Kind::Divergence, &["loss is ", "was at best", "the norm of the gradient is "]);
}

#[test]
fn a_frozen_head_is_named() {
    named(Fault::FrozenHead, Kind::Dead, &["no gradient in 3 looks: head.bias, head.weight;"]);
}

#[test]
fn a_layer_behind_dead_rectifiers_is_named() {
    named(Fault::DeadLayer, Kind::Dead, &["conv.0.weight", "conv.1.weight", "and "]);
}

#[test]
fn an_engine_names_the_parameters_at_once() {
    let data = fashion();
    let config = classifier::Config::new(1, 28, data.classes().to_vec(), 4);
    let feed = Feed { broken_from: 7, ..Feed::new(&data, 32, 1) };
    let run = classifier::Run::new(config, classifier::Settings::default(), feed).expect("settings in range");
    let mut engine = Engine::new(run, data.hash(), Policy::default());
    let turn = std::iter::repeat_with(|| engine.turn()).find(|turn| !turn.alarms.is_empty()).expect("an alarm");
    assert_eq!((turn.event.step, turn.verdict), (8, Verdict::Stop));
    assert!(turn.alarms[0].what.starts_with("loss is NaN; parameter conv.0.weight"), "{:?}", turn.alarms);

    let feed = Feed { broken_from: 7, ..Feed::new(&data, 16, 1) };
    let run = gan::Run::new(gan::Config::new(1, 16, 4), gan::Settings::default(), feed).expect("settings in range");
    let mut engine = Engine::new(run, data.hash(), Policy::default());
    let turn = std::iter::repeat_with(|| engine.turn()).find(|turn| !turn.alarms.is_empty()).expect("an alarm");
    assert_eq!((turn.event.step, turn.verdict), (8, Verdict::Stop));
    assert!(turn.alarms[0].what.contains("; parameter generator."), "{:?}", turn.alarms);
}

/// The windows are short enough that three hundred steps put every rule to the test.
fn strict() -> Watch {
    Watch {
        plateau: Plateau { window: 100, ..Plateau::default() },
        one_sided: OneSided { patience: 200, ..OneSided::default() },
        ..Watch::default()
    }
}

#[test]
fn good_classifiers_raise_no_alarm() {
    let data = fashion();
    for seed in 0..10 {
        let config = classifier::Config::new(1, 28, data.classes().to_vec(), 4);
        let settings = classifier::Settings { steps: 300, seed, ..classifier::Settings::default() };
        let mut run = classifier::Run::new(config, settings, Feed::new(&data, 32, seed)).expect("settings in range");
        let mut sentinel = Sentinel::new(strict());
        let alarms: Vec<Alarm> = (0..300).flat_map(|_| sentinel.look(&run.step(), None)).collect();
        assert_eq!(alarms, [], "seed {seed}");
    }
    // With a look at the parameters too, at a rate that does not fall.
    for seed in 0..10 {
        assert_eq!(classify(&data, seed, 100, (Fault::None, 0)), [], "seed {seed}");
    }
}

/// What a test of a GAN goes wrong with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Foul {
    None,
    NanInBatch,
    /// The learning rate times a thousand.
    Rate,
    /// The generator stays as it was.
    FrozenGenerator,
    /// The discriminator calls everything real.
    Blind,
    /// All pictures of a batch are made from one noise.
    OneNoise,
}

/// Trains a GAN step by step, a fault from `from` on, and gives the alarms.
fn play(data: &Arc<Dataset>, watch: Watch, seed: u64, steps: u64, (foul, from): (Foul, u64)) -> Vec<Alarm> {
    const SIZE: usize = 16;
    let broken_from = if foul == Foul::NanInBatch { from } else { u64::MAX };
    let mut feed = Feed { broken_from, ..Feed::new(data, SIZE, seed) };
    let mut game = Game::new(gan::Config::new(1, 16, 4), seed);
    let mut random = Random::new(seed, 1);
    let (mut sentinel, mut alarms) = (Sentinel::new(watch), Vec::new());
    for step in 1..=steps {
        let is_faulty = step > from;
        let real = pad2d(&Var::constant(feed.next().images), Padding::Zero, [[2, 2]; 2]) * 2.0 - 1.0;
        let z = random.normal([SIZE, 16], 0.0, 1.0);
        let z = if foul == Foul::OneNoise && is_faulty { Tensor::concat(&[&z.slice(0..1); SIZE], 0) } else { z };
        let z = Var::constant(z);
        let before = game.generator.clone();
        let Move { losses, on_real, on_fake, diversity, .. } =
            game.step(&real, &z, if foul == Foul::Rate && is_faulty { 1.0 } else { 1e-3 }, false);
        if foul == Foul::FrozenGenerator && is_faulty {
            game.generator = before;
        }
        if foul == Foul::Blind && is_faulty {
            for (name, value) in [("weight", 0.0), ("bias", 2.0)] {
                let path = format!("discriminator.logit.{name}");
                let shape = *game.discriminator.get(&path).expect("a logit").shape();
                game.discriminator.insert(&path, Tensor::full(shape, value), impasto_models::Kind::Weight);
            }
        }
        let share = |logits: &Tensor| logits.data().iter().filter(|&&l| l > 0.0).count() as f64 / SIZE as f64;
        let scalars = vec![
            ("discriminator_loss", losses[0]),
            ("generator_loss", losses[1]),
            ("real_accuracy", share(&on_real)),
            ("fake_accuracy", 1.0 - share(&on_fake)),
            ("diversity", diversity),
        ];
        let seen = step.is_multiple_of(10).then(|| inspect(&game, &real, &z));
        alarms.extend(sentinel.look(&Event { step, scalars }, seen.as_ref()));
    }
    alarms
}

/// The parameters of a game and the gradients of a move.
fn inspect(game: &Game, real: &Var, z: &Var) -> Inspection {
    let (making, judging) = (Pass::train(&game.generator), Pass::train(&game.discriminator));
    let fake = gan::generator(&making.root().at("generator"), &game.config, z);
    let on = |pass: &Pass, x: &Var| gan::discriminator(&pass.root().at("discriminator"), &game.config, x);
    let generator = making.gradients(&logistic(&on(&Pass::frozen(&game.discriminator), &fake), true));
    let loss = logistic(&on(&judging, real), true) + logistic(&on(&judging, &fake.detach()), false);
    let discriminator = judging.gradients(&loss);
    Inspection::of(&game.generator, &generator).join(Inspection::of(&game.discriminator, &discriminator))
}

#[test]
fn good_gans_raise_no_alarm() {
    let data = fashion();
    for seed in 0..10 {
        assert_eq!(play(&data, strict(), seed, 300, (Foul::None, 0)), [], "seed {seed}");
    }
}

/// Each fault is named within so many looks.
#[track_caller]
fn called(foul: Foul, looks: u64, kind: Kind, part: &str) {
    let data = fashion();
    for (seed, from) in [(0, 0), (1, 0), (2, 25)] {
        let watch = Watch { one_sided: OneSided { patience: 100, ..OneSided::default() }, ..Watch::default() };
        let alarms = play(&data, watch, seed, from + looks, (foul, from));
        let alarm = alarms.iter().find(|a| a.kind == kind && a.step > from && a.what.contains(part));
        assert!(alarm.is_some(), "{foul:?} from {from}, seed {seed}: {alarms:?}");
    }
}

#[test]
fn what_goes_wrong_with_a_gan_is_named() {
    called(Foul::NanInBatch, 5, Kind::NonFinite, "discriminator_loss is NaN");
    called(Foul::Rate, 5, Kind::Divergence, "their sizes add up to");
    called(Foul::OneNoise, 5, Kind::Collapse, "diversity is 0.000e0");
}

#[test]
fn a_discriminator_that_no_longer_judges_is_named() {
    called(
        Foul::FrozenGenerator,
        160,
        Kind::OneSided,
        "the discriminator is always right, and the generator's loss rises",
    );
    called(Foul::Blind, 180, Kind::OneSided, "the discriminator is blind");
}
