//! Classifiers of every pattern, with everything switched on that a run can be told: they go on exactly, give the same bits at
//! any number of threads, and take a batch in parts as they take it whole.

use impasto_models::augment::Edge;
use impasto_models::classifier::{Config, Net, Run, Settings, probabilities, probabilities_flipped};
use impasto_models::optim::{Method, Schedule};
use impasto_models::{Batch, Batches, Event, Params, classifier};
use impasto_tensor::{Random, Tensor};

use crate::determinism::same_bits;
use crate::shapes::{CLASSES, SIDE, Shapes};

const NETS: [(Net, usize); 4] = [(Net::Plain, 1), (Net::Resnet, 1), (Net::Vgg, 2), (Net::Mlp, 2)];

/// Gradient descent with and without looking ahead and with no velocity, and Adam.
const OPTIMISERS: [(Method, f64, bool, f64); 4] = [
    (Method::Adam, 0.9, false, 3e-3),
    (Method::Sgd, 0.9, true, 0.02),
    (Method::Sgd, 0.9, false, 0.02),
    (Method::Sgd, 0.0, false, 0.02),
];

/// The shapes in three colours.
struct Coloured(Shapes);

impl Batches for Coloured {
    fn next(&mut self) -> Batch {
        let Batch { images, labels } = self.0.next();
        let [red, blue] = [0.9, 0.6].map(|part| images.map(|v| part * v));
        Batch { images: Tensor::concat(&[&red, &images, &blue], 1), labels }
    }
    fn position(&self) -> u64 {
        self.0.position()
    }
    fn seek(&mut self, position: u64) {
        self.0.seek(position);
    }
}

fn config(net: Net, depth: usize) -> Config {
    Config { net, depth, ..Config::new(3, SIDE, CLASSES.map(str::to_owned).to_vec(), 4) }
}

/// Everything switched on.
fn everything((optimiser, momentum, nesterov, lr): (Method, f64, bool, f64)) -> Settings {
    Settings {
        steps: 6,
        warm_up: 1,
        lr,
        weight_decay: 0.1,
        shift: 2,
        seed: 5,
        optimiser,
        momentum,
        nesterov,
        schedule: Schedule::Linear,
        clip: 0.7,
        label_smoothing: 0.1,
        mixup: 0.4,
        cutmix: 1.0,
        cutout: 3,
        flip: true,
        edge: Edge::Reflect,
        brightness: 0.2,
        contrast: 0.2,
        saturation: 0.2,
        ema: 0.9,
        micro_batches: 2,
    }
}

fn run(config: Config, settings: Settings, size: usize) -> Run<Coloured> {
    Run::new(config, settings, Coloured(Shapes::new(1, size))).expect("settings in range")
}

fn steps<B: Batches>(run: &mut Run<B>, n: u64) -> Vec<Event> {
    (0..n).map(|_| run.step()).collect()
}

fn bytes<B: Batches>(run: &Run<B>) -> Vec<u8> {
    run.checkpoint("data").to_bytes().expect("a checkpoint that can be written")
}

#[test]
fn every_run_goes_on_exactly_from_every_step() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("run.safetensors");
    for (net, depth) in NETS {
        for optimiser in OPTIMISERS {
            let what = format!("{net:?}, {optimiser:?}");
            let begin = || run(config(net, depth), everything(optimiser), 5);
            let mut whole = begin();
            let events = steps(&mut whole, 6);
            assert!(events.iter().all(|event| event.broken().is_none()), "{what}: {events:?}");
            assert_ne!(bytes(&whole), bytes(&begin()), "{what}");
            for stop in 0..6 {
                let mut first = begin();
                steps(&mut first, stop);
                first.checkpoint("data").save(&path).expect("a disk with room");
                let mut second = Run::resume(&path, Coloured(Shapes::new(1, 5))).expect("a checkpoint");
                assert_eq!(steps(&mut second, 6 - stop), events[stop as usize..], "{what}, from step {stop}");
                assert!(bytes(&second) == bytes(&whole), "{what}, from step {stop}");
            }
            let (judged, _) = classifier::load(&{
                whole.checkpoint("data").save(&path).expect("a disk with room");
                path.clone()
            })
            .expect("a checkpoint");
            assert_eq!(judged, *whole.params(), "{what}: what is loaded is the average");
            assert_ne!(judged, *whole.latest(), "{what}");
        }
    }
}

#[test]
fn every_run_gives_the_same_bits_at_any_number_of_threads() {
    for ((net, depth), optimiser) in NETS.into_iter().zip(OPTIMISERS) {
        // Wide enough for sums that are cut into tasks.
        let config = Config { width: 24, ..config(net, depth) };
        same_bits(|| {
            let mut run = run(config.clone(), everything(optimiser), 40);
            let scalars: Vec<f32> =
                steps(&mut run, 3).iter().flat_map(|e| e.scalars.iter().map(|s| s.1 as f32)).collect();
            let checkpoint = run.checkpoint("data");
            let parts = ["model", "average", optimiser.0.name()].map(|part| checkpoint.part(part));
            let tensors = parts.iter().flat_map(|part| part.iter().map(|e| e.1.clone()));
            tensors.chain([Tensor::new([scalars.len()], scalars)]).collect()
        });
    }
}

/// The largest difference between the weights of two runs, relative to their largest weight.
fn apart(a: &Params, b: &Params) -> f32 {
    let largest = a.iter().map(|e| e.1.map(f32::abs).max_value()).fold(0.0, f32::max);
    let worst = a
        .iter()
        .map(|(path, tensor, _)| tensor.zip(b.get(path).expect("the same network"), |a, b| (a - b).abs()).max_value());
    worst.fold(0.0, f32::max) / largest
}

#[test]
fn a_batch_in_parts_teaches_what_the_whole_teaches() {
    let trained = |net: Net, depth: usize, micro_batches: usize| {
        let settings = Settings { micro_batches, clip: 0.0, lr: 0.05, ..everything(OPTIMISERS[1]) };
        let mut run = run(config(net, depth), settings, 7);
        let events = steps(&mut run, 3);
        (run.latest().clone(), events[2].scalar("loss").expect("a loss"), run.checkpoint("").meta["counters"].clone())
    };
    for (net, depth) in [(Net::Vgg, 2), (Net::Mlp, 2)] {
        let (whole, loss, counters) = trained(net, depth, 1);
        for micro_batches in [2, 3, 7, 100] {
            let (parts, other, same) = trained(net, depth, micro_batches);
            let apart = apart(&whole, &parts);
            assert!(apart < 1e-5 && (loss - other).abs() < 1e-5, "{net:?} in {micro_batches}: {apart}, {loss} {other}");
            assert_eq!(counters, same, "the same random numbers");
        }
    }
    // A batch norm sees each part by itself.
    let [(whole, ..), (parts, ..)] = [1, 2].map(|n| trained(Net::Plain, 1, n));
    assert!(apart(&whole, &parts) > 1e-4, "else the comparison would see nothing");
}

/// Each pattern learns the shapes, in two ways: as the run was told before there was a choice, and with gradient descent and an
/// average.
#[test]
fn every_pattern_learns() {
    let unseen = Coloured(Shapes::new(2, 400)).next();
    for (net, depth) in NETS {
        let width = if net == Net::Mlp { 64 } else { 8 };
        let (n, lr) = if net == Net::Mlp { (300, 2e-3) } else { (160, 4e-3) };
        let settings = Settings { steps: n, warm_up: 5, lr, seed: 2, shift: 0, flip: false, ..Settings::default() };
        let descent = Settings {
            optimiser: Method::Sgd,
            nesterov: true,
            lr: if net == Net::Vgg || net == Net::Mlp { 0.02 } else { 0.1 },
            weight_decay: 5e-4,
            schedule: Schedule::OneCycle,
            ema: 0.9,
            ..settings.clone()
        };
        for settings in [settings, descent] {
            let mut run = run(Config { width, ..config(net, depth) }, settings.clone(), 32);
            let losses: Vec<f64> = steps(&mut run, n).iter().map(|e| e.scalar("loss").expect("a loss")).collect();
            let score = classifier::evaluate(run.params(), run.config(), &unseen.images, &unseen.labels);
            let least = if net == Net::Mlp { 0.6 } else { 0.9 };
            let (last, optimiser) = (losses[losses.len() - 1], settings.optimiser);
            assert!(score.accuracy > least, "{net:?}, {optimiser:?}: {} right, loss {last}", score.accuracy);
        }
    }
}

#[test]
fn flipped_pictures_are_judged_with_their_mirror_images() {
    let run = run(config(Net::Plain, 1), everything(OPTIMISERS[0]), 5);
    let images: Tensor = Random::new(4, 4).uniform([3, 3, SIDE, SIDE], 0.0, 1.0);
    let judge = |images: &Tensor| probabilities_flipped(run.params(), run.config(), images);
    let mirrored = Tensor::from_fn([3, 3, SIDE, SIDE], |i| images.data()[i / SIDE * SIDE + SIDE - 1 - i % SIDE]);
    let worst = judge(&images).zip(&judge(&mirrored), |a, b| (a - b).abs()).max_value();
    assert!(worst < 1e-6, "{worst}");
    assert_ne!(judge(&images), probabilities(run.params(), run.config(), &images));
}

/// How a message begins, and the change of settings that brings it.
type Case = (&'static str, fn(&mut Settings));

#[test]
fn settings_out_of_range_are_named() {
    let fails = |change: fn(&mut Settings)| {
        let mut settings = Settings { saturation: 0.0, ..everything(OPTIMISERS[0]) };
        change(&mut settings);
        let config = Config { channels: 1, ..config(Net::Plain, 1) };
        Run::new(config, settings, Shapes::new(1, 4)).err().expect("something is wrong").to_string()
    };
    let cases: [Case; 8] = [
        ("saturation: needs pictures of 3 channels", |s| s.saturation = 0.1),
        ("lr: expected a number from 0", |s| s.lr = f64::NAN),
        ("ema: expected a number from 0 and below 1", |s| s.ema = 1.0),
        ("label_smoothing: ", |s| s.label_smoothing = 1.5),
        ("nesterov: needs the optimiser `sgd`", |s| s.nesterov = true),
        ("shift: expected less than the pictures' 12 px", |s| s.shift = 12),
        ("micro_batches: ", |s| s.micro_batches = 0),
        ("mixup: ", |s| s.mixup = -1.0),
    ];
    for (start, change) in cases {
        let message = fails(change);
        assert!(message.starts_with(start), "{message}");
    }
}
