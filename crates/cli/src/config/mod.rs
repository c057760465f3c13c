//! What a training is told, from the least to the most: built in, a preset, a file, options of the command line.
//!
//! Each is a table of TOML, and each is checked by itself before they are laid over each other, so that a message can say where
//! a wrong key or value stands. What results is written to the run's directory and is all that `train resume` needs.

mod keys;
mod presets;

use std::fs;
use std::path::{Path, PathBuf};

use impasto_data::Options;
use impasto_models::classifier::{Net, Settings};
use impasto_models::engine::Policy;
use impasto_models::gan;
use impasto_models::sentinel::Watch;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::failure::Failure;
use crate::report::Energy;
pub(crate) use presets::Preset;

/// What is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    Classifier,
    Gan,
}

impl Kind {
    /// Its name in checkpoints, logs and files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Classifier => "classifier",
            Self::Gan => "gan",
        }
    }
}

/// All settings of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    /// What is trained.
    pub(crate) train: Kind,
    /// A folder of pictures, or IDX files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    /// The side of the pictures in pixels. Without it, arrays of at most 32 px stay as they are and all others become 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<usize>,
    /// Where all random numbers come from.
    pub(crate) seed: u64,
    /// Pictures in a batch.
    pub(crate) batch: usize,
    /// Steps to train; what `minutes` comes to if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) steps: Option<u64>,
    /// Minutes to train.
    pub(crate) minutes: f64,
    /// Minutes after which the run is saved and ended, done or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_minutes: Option<f64>,
    /// MB that the process may take; batches are taken in parts to stay below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_ram: Option<u64>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) classifier: Classifier,
    pub(crate) gan: Gan,
    pub(crate) sentinel: Sentinel,
    pub(crate) report: Report,
}

/// What is kept of a run on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Checkpoints {
    /// Steps from one to the next: as many are lost at most if the run is killed. 0: a tenth of the run.
    pub(crate) every: u64,
    /// How many of the last ones stay. The best one stays besides.
    pub(crate) keep: usize,
    /// MB that all of them may take; older ones are removed first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quota: Option<u64>,
}

/// Of a classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Classifier {
    pub(crate) net: Net,
    pub(crate) width: usize,
    pub(crate) depth: usize,
    #[serde(flatten)]
    pub(crate) settings: Settings,
}

/// Of a GAN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Gan {
    pub(crate) width: usize,
    /// A classifier's checkpoint that judges the samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) judge: Option<PathBuf>,
    #[serde(flatten)]
    pub(crate) settings: gan::Settings,
}

/// Who watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sentinel {
    /// Steps from one inspection of the parameters to the next.
    pub(crate) look_every: u64,
    /// How often a run may go back to a checkpoint.
    pub(crate) most_roll_backs: u32,
    #[serde(flatten)]
    pub(crate) watch: Watch,
}

/// What the report says of the cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    /// Watts of a busy core, for the estimate of energy.
    pub(crate) watts_per_core: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            train: Kind::default(),
            data: None,
            size: None,
            seed: 0,
            batch: 64,
            steps: None,
            minutes: 5.0,
            max_minutes: None,
            max_ram: None,
            checkpoints: Checkpoints::default(),
            classifier: Classifier::default(),
            gan: Gan::default(),
            sentinel: Sentinel::default(),
            report: Report::default(),
        }
    }
}
impl Default for Checkpoints {
    fn default() -> Self {
        Self { every: 0, keep: 2, quota: None }
    }
}
impl Default for Classifier {
    fn default() -> Self {
        Self { net: Net::default(), width: 24, depth: 1, settings: Settings::default() }
    }
}
impl Default for Gan {
    fn default() -> Self {
        // Five times what DCGAN takes for long runs: in minutes, early progress counts.
        Self { width: 24, judge: None, settings: gan::Settings { lr: 1e-3, ..gan::Settings::default() } }
    }
}
impl Default for Sentinel {
    fn default() -> Self {
        let Policy { look_every, most_roll_backs, watch, .. } = Policy::default();
        Self { look_every, most_roll_backs, watch }
    }
}
impl Default for Report {
    fn default() -> Self {
        Self { watts_per_core: Energy::WATTS_PER_CORE }
    }
}

/// Settings of one origin.
pub(crate) struct Layer {
    /// Where they come from, as messages name it.
    pub(crate) origin: String,
    pub(crate) table: Table,
}

impl Layer {
    /// A file of settings; one that has a section for GANs and none for classifiers is for a GAN.
    pub(crate) fn file(path: &Path) -> Result<Self, Failure> {
        let origin = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|e| Failure::usage(format!("{origin}: {e}")))?;
        let mut table: Table = text.parse().map_err(|e| Failure::usage(format!("{origin}: {e}")))?;
        if let Some(command) = table.get("command").and_then(Value::as_str) {
            let message = format!("{origin}: is of a run of `create`, which is repeated with `{command}`");
            return Err(Failure::usage(message));
        }
        if table.contains_key("gan") && !table.contains_key("classifier") {
            table.entry("train").or_insert_with(|| Kind::Gan.name().into());
        }
        Ok(Self { origin, table })
    }

    /// Some settings, by keys with dots.
    pub(crate) fn of(origin: &str, settings: &[(&str, Value)]) -> Self {
        let mut table = Table::new();
        for (key, value) in settings {
            overlay(&mut table, nested(key, value.clone()));
        }
        Self { origin: origin.to_owned(), table }
    }

    /// `--set KEY=VALUE`, the key with dots, the value as in TOML; what is no TOML is text.
    pub(crate) fn set(assignment: &str) -> Result<Self, Failure> {
        let origin = format!("--set {assignment}");
        let wrong = || Failure::usage(format!("{origin}: expected KEY=VALUE, as classifier.lr=0.01"));
        let (key, value) = assignment.split_once('=').ok_or_else(wrong)?;
        let (key, value) = (key.trim(), value.trim());
        let value: Value =
            format!("v = {value}").parse::<Table>().map_or_else(|_| value.into(), |mut t| t.remove("v").expect("set"));
        let table = nested(key, value);
        Ok(Self { origin, table })
    }
}

impl Config {
    /// Lays the layers over what is built in, later ones over earlier ones.
    pub(crate) fn of(layers: Vec<Layer>) -> Result<Self, Failure> {
        let mut config = Self::default();
        let mut all = Table::try_from(&config).expect("settings are plain data");
        for Layer { origin, table } in layers {
            // Each at once, so that the message names the layer that brought a mistake in.
            let wrong = |message: String| Failure::usage(format!("{origin}: {message}"));
            keys::check(&table, &Self::known()).map_err(wrong)?;
            if table.contains_key("minutes") && !table.contains_key("steps") {
                // A time that is asked for comes before the steps of what lies below.
                all.remove("steps");
            }
            overlay(&mut all, table);
            config = Self::deserialize(all.clone()).map_err(|e| wrong(e.to_string().trim().replace('\n', " ")))?;
            // An option that was typed is one setting, and names it.
            let typed = origin.starts_with("--") && !origin.contains(' ') && origin != Preset::ORIGIN;
            config.check().map_err(|(key, detail)| wrong(if typed { detail } else { format!("{key}: {detail}") }))?;
        }
        Ok(config)
    }

    /// As a table, without what `steps` and `seed` above say for all.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::try_from(self).expect("settings are plain data");
        for section in ["classifier", "gan"] {
            let section = table.get_mut(section).and_then(Value::as_table_mut).expect("it has this section");
            section.remove("steps");
            section.remove("seed");
        }
        table
    }

    /// What a run that is resumed must be told as it was in the beginning.
    pub(crate) fn terms(&self) -> serde_json::Value {
        let (mut table, section) = (self.table(), self.train.name());
        table.retain(|key, _| ["train", "seed", "batch", "steps", section].contains(&key));
        table.insert("size".into(), Value::Integer(self.size.unwrap_or(0) as i64));
        table.get_mut(section).and_then(Value::as_table_mut).map(|section| section.remove("judge"));
        serde_json::to_value(table).expect("settings are plain data")
    }

    /// Everything that can be set.
    fn known() -> Table {
        let path = || Some(PathBuf::from("."));
        let gan = Gan { judge: path(), ..Gan::default() };
        let checkpoints = Checkpoints { quota: Some(1), ..Checkpoints::default() };
        let limits =
            Self { size: Some(32), steps: Some(1), max_minutes: Some(1.0), max_ram: Some(1), ..Self::default() };
        Self { data: path(), checkpoints, gan, ..limits }.table()
    }

    /// Whether a training can be told this: the key that it cannot be told, and why.
    fn check(&self) -> Result<(), (&'static str, String)> {
        let wrong = |key, wanted: &str, got: f64| Err((key, format!("expected {wanted}, got {got}")));
        let no_time = |minutes: f64| minutes.is_nan() || minutes <= 0.0;
        match self {
            Self { steps: Some(0), .. } => wrong("steps", "at least 1", 0.0),
            Self { batch: 0, .. } => wrong("batch", "at least 1", 0.0),
            Self { size: Some(size), .. } if !(1..=Options::LARGEST).contains(size) => {
                wrong("size", &format!("1 to {} pixels", Options::LARGEST), *size as f64)
            }
            Self { minutes, .. } if no_time(*minutes) => wrong("minutes", "more than 0", *minutes),
            Self { max_minutes: Some(m), .. } if no_time(*m) => wrong("max_minutes", "more than 0", *m),
            Self { checkpoints: Checkpoints { keep: 0, .. }, .. } => wrong("checkpoints.keep", "at least 1", 0.0),
            Self { report: Report { watts_per_core: watts }, .. } if !watts.is_finite() || *watts < 0.0 => {
                wrong("report.watts_per_core", "0 or more", *watts)
            }
            _ => Ok(()),
        }
    }

    /// The data, which nothing can be done without.
    pub(crate) fn data(&self) -> Result<&Path, Failure> {
        let missing = "--data: no pictures are named; name a folder or IDX files, here or as `data` in the settings";
        self.data.as_deref().ok_or_else(|| Failure::usage(missing))
    }

    /// Steps from one checkpoint to the next in a run of so many.
    pub(crate) fn policy(&self, steps: u64) -> Policy {
        let Sentinel { look_every, most_roll_backs, watch } = self.sentinel.clone();
        let checkpoint_every = match self.checkpoints.every {
            0 => steps.div_ceil(10),
            every => every,
        };
        Policy { checkpoint_every, look_every, most_roll_backs, watch }
    }
}

/// The table that has one value, below a key with dots.
fn nested(key: &str, value: Value) -> Table {
    match key.split_once('.') {
        None => Table::from_iter([(key.to_owned(), value)]),
        Some((first, rest)) => Table::from_iter([(first.to_owned(), Value::Table(nested(rest, value)))]),
    }
}

/// Lays `over` over `under`: tables are joined, anything else is replaced.
fn overlay(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => overlay(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests;
