//! What all trainings take on the command line, as a layer of settings.

use std::path::{Path, PathBuf};

use impasto_data::{Dataset, Options, Parts};
use toml::Value;

use crate::config::{Config, Kind, Layer, Preset};
use crate::failure::Failure;
use crate::shell;
use crate::ui::Ui;

/// Options of a training. Each is a setting that a file can hold too.
#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// A folder of pictures, or IDX files
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Directory for the run [default: impasto-run, -2, ..]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// A TOML file of settings; options on the command line come before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Settings for a time
    #[arg(long, value_name = "TIME")]
    preset: Option<Preset>,
    /// Steps to train
    #[arg(long, value_name = "N", conflicts_with = "minutes")]
    steps: Option<u64>,
    /// Minutes to train; the steps that fit are counted first [default: 5]
    #[arg(long, value_name = "M")]
    minutes: Option<f64>,
    /// Pictures in a batch [default: 64]
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Channels of the widest or first layer [default: 24]
    #[arg(long, value_name = "N")]
    width: Option<usize>,
    /// The highest learning rate
    #[arg(long, value_name = "X")]
    lr: Option<f64>,
    /// Steps from one checkpoint to the next; as many are lost at most [default: a tenth of the run]
    #[arg(long, value_name = "N")]
    checkpoint_every: Option<u64>,
    /// Save and end after so many minutes, done or not
    #[arg(long, value_name = "M")]
    max_minutes: Option<f64>,
    /// Stay below so many MB: batches are taken in parts
    #[arg(long, value_name = "MB")]
    max_ram: Option<u64>,
    /// Any setting, as `classifier.label_smoothing=0.1`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Show curves and samples on the whole terminal
    #[arg(long)]
    pub(crate) tui: bool,
    /// Check everything and say what the run would take, but do not run
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl RunArgs {
    /// The settings that result.
    pub(crate) fn config(
        &self,
        train: Kind,
        seed: Option<u64>,
        more: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<Config, Failure> {
        let mut layers = vec![Layer::of("", &[("train", train.name().into())])];
        layers.extend(self.preset.map(|preset| preset.layer(train)));
        if let Some(path) = &self.config {
            let file = Layer::file(path)?;
            match file.table.get("train").and_then(Value::as_str) {
                Some(other) if other != train.name() => {
                    let message = format!("{}: is for `impasto train {other}`", path.display());
                    return Err(Failure::usage(message));
                }
                _ => layers.push(file),
            }
        }
        let integer = |option: &str, n: Option<u64>| {
            let kept = n.map(i64::try_from).transpose();
            kept.map(|n| n.map(Value::Integer))
                .map_err(|_| Failure::usage(format!("{option}: expected at most {}", i64::MAX)))
        };
        let section = train.name();
        let (width, lr) = (format!("{section}.width"), format!("{section}.lr"));
        let mut typed: Vec<(&str, &str, Value)> = Vec::new();
        let mut put = |option, key, value: Option<Value>| typed.extend(value.map(|value| (option, key, value)));
        put("--data", "data", self.data.as_deref().map(text).transpose()?.map(Value::from));
        put("--minutes", "minutes", self.minutes.map(Value::Float));
        put("--steps", "steps", integer("--steps", self.steps)?);
        put("--batch", "batch", integer("--batch", self.batch.map(|n| n as u64))?);
        put("--width", &width, integer("--width", self.width.map(|n| n as u64))?);
        put("--lr", &lr, self.lr.map(Value::Float));
        put("--checkpoint-every", "checkpoints.every", integer("--checkpoint-every", self.checkpoint_every)?);
        put("--max-minutes", "max_minutes", self.max_minutes.map(Value::Float));
        put("--max-ram", "max_ram", integer("--max-ram", self.max_ram)?);
        put("--seed", "seed", integer("--seed", seed)?);
        layers.extend(typed.into_iter().map(|(option, key, value)| Layer::of(option, &[(key, value)])));
        layers.extend(more.into_iter().map(|(key, value)| Layer::of(key, &[(key, value)])));
        for assignment in &self.set {
            layers.push(Layer::set(assignment)?);
        }
        let config = Config::of(layers)?;
        if config.train != train {
            let message =
                format!("--set train: this is `impasto train {}`, not `{}`", train.name(), config.train.name());
            return Err(Failure::usage(message));
        }
        Ok(config)
    }
}

/// A path as `config.toml` can hold it.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let way_out = "is no UTF-8, which config.toml is written in; rename it or make a link";
    path.to_str().map(str::to_owned).ok_or_else(|| Failure::usage(format!("{}: {way_out}", path.display())))
}

/// The side of pictures that are not small already, in pixels.
const SIZE: usize = 32;

/// The pictures of a part of a data set as a training takes them: at the size that is asked for, else arrays that are square and
/// small as they are and all others at 32 pixels. What is left out is said to `ui`.
pub(super) fn open(part: &Path, size: Option<usize>, ui: Option<&Ui>) -> Result<Dataset, Failure> {
    let data = sized(part, size)?;
    if let (Some(ui), [first, ..]) = (ui, data.rejected()) {
        let (count, all) = (data.rejected().len(), data.len() + data.rejected().len());
        let first = format!("the first is {}: {}", first.path.display(), first.reason);
        let more = format!("`impasto data inspect {}` lists them", shell::path(part));
        ui.warn(&format!("{count} of {all} files of {} are left out, {first}; {more}", part.display()));
    }
    Ok(data)
}

fn sized(part: &Path, size: Option<usize>) -> Result<Dataset, Failure> {
    let at = |size| Dataset::open(part, &Options { size, ..Options::default() });
    let are_files = Parts::of(part)?.train.is_dir();
    match size.or(are_files.then_some(SIZE)) {
        None => {
            let data = at(None)?;
            let [_, _, h, w] = data.shape();
            if h == w && h <= SIZE { Ok(data) } else { Ok(at(Some(SIZE))?) }
        }
        size => Ok(at(size)?),
    }
}
