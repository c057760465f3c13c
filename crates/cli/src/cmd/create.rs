//! `impasto create`: the whole way of an AI image, on what the binary carries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto_data::{Kind, Mark, Picture, Summary, sheet};
use impasto_models::gan::{self, generate};
use impasto_models::style::{Perceptual, Settings, from_classifier};
use serde::Serialize;

use super::stylize::net;
use crate::assets::{self, PAIRS};
use crate::budget::Budget;
use crate::failure::Failure;
use crate::interrupt;
use crate::report::{Energy, Figure, Report, Stage, render};
use crate::run_dir::RunDir;
use crate::shell;
use crate::stages::job::{self, Course, Job};
use crate::stages::{Meter, classify, draw, pictures, style};
use crate::ui::Ui;

/// Goes the whole way of an AI image: data, a classifier, a GAN, style transfer, marks, a report.
///
/// Everything needed is in the program; nothing is downloaded.
#[derive(clap::Args)]
#[command(after_help = "Example: impasto create --minutes 5 --seed 7 --out my-first-run")]
pub(crate) struct Args {
    /// How long it may take, roughly
    #[arg(long, value_name = "M", default_value_t = 5.0, conflicts_with = "steps")]
    minutes: f64,
    /// Steps of each stage instead of minutes: one number for all, or three: classifier,gan,style
    #[arg(long, value_name = "N|A,B,C", value_delimiter = ',')]
    steps: Vec<u64>,
    /// Directory for the run [default: impasto-run, -2, ..]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The perceptual net of the style stage, as for `stylize` [default: the classifier that this run trains]
    #[arg(long, value_name = "NET")]
    net: Option<String>,
}

/// Pictures kept back to score the classifier.
const HELD_OUT: usize = 2000;
/// Long side of the stylised photographs.
const PAINTING_SIZE: usize = 320;
/// The least of the GAN's pictures that are written one by one.
const SINGLES: usize = 16;
/// Five times what DCGAN takes for long runs: in minutes, early progress counts.
const GAN_RATE: f64 = 1e-3;
/// The noise of the finished pictures.
const GENERATE_SEED: u64 = 2;

const LIMITS: [&str; 3] = [
    "The generator has seen ten kinds of garment in small grey pictures and can draw nothing else. What it draws is a blend of \
     what it was shown: it knows no cloth, no body and no size, and rare things come out worse than common ones.",
    "The classifier always names one of ten classes, however foreign the picture, and its confidence is not a probability of \
     being right on pictures unlike those it learned from.",
    "The pictures must not be passed off as photographs of real goods or people. Every one carries a mark that says it was made \
     or changed by a model; whoever publishes them should leave it in and say so. Removing the mark is easy, so its absence \
     proves nothing.",
];

/// What each stage is limited to.
struct Plan {
    classifier: Budget,
    gan: Budget,
    style: Budget,
}

impl Args {
    fn plan(&self) -> Result<Plan, Failure> {
        let style = |seconds: f64| seconds / PAIRS.len() as f64;
        match self.steps[..] {
            [] if self.minutes > 0.0 => {
                // The rest is for starting, scoring, drawing and the report.
                let share = |part: f64| Budget::Seconds(60.0 * self.minutes * part);
                Ok(Plan { classifier: share(0.17), gan: share(0.48), style: share(style(0.30)) })
            }
            [] => Err(Failure::usage(format!("--minutes: expected more than 0, got {}", self.minutes))),
            [0] | [0, _, _] | [_, 0, _] | [_, _, 0] => Err(Failure::usage("--steps: expected at least 1, got 0")),
            [n] => Ok(Plan { classifier: Budget::Steps(n), gan: Budget::Steps(n), style: Budget::Steps(n) }),
            [a, b, c] => Ok(Plan { classifier: Budget::Steps(a), gan: Budget::Steps(b), style: Budget::Steps(c) }),
            _ => Err(Failure::usage(format!("--steps: expected one number or three, got {}", self.steps.len()))),
        }
    }
}

#[derive(Serialize)]
struct Config {
    command: String,
    seed: u64,
    steps: [u64; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    net: Option<String>,
    data: String,
}

pub(crate) fn run(args: &Args, seed: u64, ui: &Ui) -> Result<(), Failure> {
    interrupt::listen();
    create(args, seed, ui).map_err(|failure| match failure {
        Failure::Interrupted(when) => {
            Failure::Interrupted(format!("{when}; a run of `create` cannot be resumed, begin another"))
        }
        other => other,
    })
}

fn create(args: &Args, seed: u64, ui: &Ui) -> Result<(), Failure> {
    let plan = args.plan()?;
    let chosen = args.net.as_ref().map(|name| net(name, seed)).transpose()?;
    let data = assets::fashion()?;
    let mut dir = RunDir::create(args.out.as_deref())?;

    ui.say("\n1. Data");
    let meter = Meter::start();
    let lesson = "Everything a model knows comes from its data, so the data is looked at first: how many, of what, and whether \
                  they are what they were. Some pictures are kept back and never learned from.";
    ui.say(lesson);
    let summary = Summary::of(&data);
    let (train, held_out) = data.split(HELD_OUT, seed)?;
    ui.say(format!("  {} pictures of {} classes, {} kept back", data.len(), data.classes().len(), held_out.len()));
    let mut stages = vec![data_stage(&meter, lesson, &data, &summary, &dir)?];

    ui.say("\n2. A classifier");
    let task = classify::Task::plain(train, held_out, 16, 64, seed);
    let classifier = train_for(&task, plan.classifier, &mut dir, ui)?;
    stages.push(classifier.stage);

    ui.say("\n3. A GAN");
    let hash = data.hash();
    let task = draw::Task {
        data: Arc::new(data),
        width: 16,
        batch: 32,
        settings: gan::Settings { lr: GAN_RATE, seed, ..gan::Settings::default() },
        judge: Some((&classifier.params, &classifier.config, classifier.score.confidence)),
        measure: None,
    };
    let drawn = train_for(&task, plan.gan, &mut dir, ui)?;
    stages.push(drawn.stage);

    ui.say("\n4. Style transfer");
    // The classifier has learned what strokes and edges are; no other net is needed.
    let net = match chosen {
        Some(net) => net,
        None => from_classifier(&classifier.params, &classifier.config)?,
    };
    let painted = paint(&net, plan.style, &mut dir, ui)?;
    stages.push(painted.stage);

    // The command that repeats this run: the steps that time allowed are now known.
    let steps = [classifier.steps, drawn.steps, painted.steps];
    let [a, b, c] = steps;
    let command = |net: Option<&str>| {
        let net = net.map_or_else(String::new, |net| format!(" --net {}", shell::word(net)));
        format!("impasto create --steps {a},{b},{c} --seed {seed}{net}")
    };
    // Of a file its name alone: marks say nothing of where things lie.
    let name = args.net.as_ref().and_then(|net| Path::new(net).file_name());
    let marked = command(name.map(|name| name.to_string_lossy()).as_deref());
    let command = command(args.net.as_deref());

    ui.say("\n5. Pictures");
    let mark = Mark { command: Some(marked), ..Mark::new(Kind::Generated) };
    let generated = Mark { model: Some(drawn.hash), seed: Some(GENERATE_SEED), ..mark.clone() };
    let images = generate(&drawn.generator, &drawn.config, GENERATE_SEED, 64);
    let mut finished = Vec::new();
    let png = dir.picture("generated.png", &draw::contact_sheet(&images), Some(&generated))?;
    for (i, picture) in pictures(&images).iter().take(SINGLES).enumerate() {
        dir.picture(&format!("generated-{i:02}.png"), picture, Some(&generated))?;
    }
    for ((photo, painting), picture) in PAIRS.iter().zip(&painted.pictures) {
        let edited = Mark {
            kind: Kind::Edited,
            parents: vec![photo.name.into(), painting.name.into()],
            seed: Some(seed),
            ..mark.clone()
        };
        let name = format!("stylised-{}-{}.png", photo.name, painting.name);
        let caption = format!("{} in the style of {}", photo.name, painting.name);
        finished.push(Figure { caption, png: dir.picture(&name, picture, Some(&edited))?, pixelated: false });
    }
    finished.push(Figure { caption: "garments that never were, drawn by the GAN".into(), png, pixelated: false });

    dir.config(&Config { command: command.clone(), seed, steps, net: args.net.clone(), data: hash })?;
    let report = Report {
        title: "impasto create".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        seed,
        command: command.clone(),
        energy: Some(Energy { cores: ui.threads(), watts_per_core: Energy::WATTS_PER_CORE }),
        machine: ui.machine(),
        stages,
        finished,
        timeline: drawn.timeline,
        limits: LIMITS.map(str::to_owned).into(),
        origins: origins(),
    };
    let path = dir.write("report.html", render(&report).as_bytes())?;
    ui.say(format!("  every picture is marked; `impasto verify {}/*.png` reads the marks", shell::path(dir.path())));
    ui.wrote(&path);
    ui.result(
        format!("\nOpen {} in a browser. To repeat this run to the byte:\n  {command}", path.display()),
        &serde_json::json!({ "report": path.display().to_string(), "command": command }),
    );
    Ok(())
}

/// A stage that trains for as long as it may, in one go.
fn train_for<J: Job>(job: &J, budget: Budget, dir: &mut RunDir, ui: &Ui) -> Result<J::Done, Failure> {
    ui.say(J::LESSON);
    let course = Course::straight(job::steps(job, budget)?);
    job::train(job, &course, None, dir, ui)?.done()
}

fn data_stage(
    meter: &Meter,
    lesson: &str,
    data: &impasto_data::Dataset,
    summary: &Summary,
    dir: &RunDir,
) -> Result<Stage, Failure> {
    let real: Vec<Picture> = (0..64).map(|i| data.picture(i * data.len() / 64)).collect();
    let png = dir.picture("samples/data.png", &sheet(&real, 8, 2, 2, [32; 3]), None)?;
    let mut stage = meter.stage("data", lesson, 0);
    stage.facts = vec![
        ("source".into(), data.source().into()),
        ("pictures".into(), data.len().to_string()),
        ("classes".into(), data.classes().join(", ")),
        ("SHA-256".into(), summary.hash.clone()),
    ];
    stage.figures = vec![Figure { caption: "some of the real pictures".into(), png, pixelated: true }];
    Ok(stage)
}

struct Painted {
    pictures: Vec<Picture>,
    steps: u64,
    stage: Stage,
}

/// Every pair of photograph and style, with as many steps as the first one was given.
fn paint(net: &Perceptual, budget: Budget, dir: &mut RunDir, ui: &Ui) -> Result<Painted, Failure> {
    let mut budget = budget;
    let (mut pictures, mut stage, mut steps) = (Vec::new(), None::<Stage>, 0);
    for (photo, painting) in &PAIRS {
        let pair = format!("{} in the style of {}", photo.name, painting.name);
        ui.say(format!("  {pair}"));
        let (photograph, style) = (photo.picture()?, painting.picture()?);
        let task = style::Task {
            name: &format!("style-{}-{}", photo.name, painting.name),
            net,
            photograph: &photograph,
            painting: &style,
            size: PAINTING_SIZE,
            budget,
            settings: Settings::default(),
        };
        let mut painted = style::paint(&task, Some(dir), ui)?;
        for chart in &mut painted.stage.charts {
            chart.title.clone_from(&pair);
        }
        steps = painted.steps;
        budget = Budget::Steps(steps);
        pictures.push(painted.picture);
        match &mut stage {
            Some(stage) => {
                stage.seconds += painted.stage.seconds;
                stage.peak_bytes = stage.peak_bytes.max(painted.stage.peak_bytes);
                stage.steps += painted.stage.steps;
                stage.charts.append(&mut painted.stage.charts);
                stage.alarms.append(&mut painted.stage.alarms);
            }
            None => stage = Some(painted.stage),
        }
    }
    Ok(Painted { pictures, steps, stage: stage.expect("there are pairs") })
}

fn origins() -> Vec<(String, String, String)> {
    let data = ("Fashion-MNIST", "Zalando SE: 1,000 training pictures of each class", "MIT");
    let pictures = PAIRS.iter().flat_map(|(a, b)| [a, b]).map(|a| (a.name, a.source, a.licence));
    std::iter::once(data).chain(pictures).map(|(a, b, c)| (a.into(), b.into(), c.into())).collect()
}
