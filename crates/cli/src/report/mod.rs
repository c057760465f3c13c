//! Why a run ends in a page: the pictures, how they came about and how to repeat them, in one file that needs nothing
//! else, not even a network.
//!
//! This file says what a report holds; `page.rs` sets it as HTML and `charts.rs` draws the curves. Parts that are
//! empty are left out.

mod charts;
mod page;
mod reliability;

use impasto_models::sentinel::Alarm;

use impasto_models::classifier::Calibration;
pub(crate) use page::render;

/// Everything that the page of one run shows.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What was run, as `impasto create`.
    pub(crate) title: String,
    /// The version of impasto that made the pictures.
    pub(crate) version: String,
    /// Every random number of the run comes from it.
    pub(crate) seed: u64,
    /// Repeats the run to the byte.
    pub(crate) command: String,
    /// Threads and SIMD level, in plain words.
    pub(crate) machine: String,
    /// What the run cost besides time.
    pub(crate) energy: Option<Energy>,
    /// In the order in which they ran.
    pub(crate) stages: Vec<Stage>,
    /// The finished pictures: the page opens with them.
    pub(crate) finished: Vec<Figure>,
    /// Samples from the same noise, each captioned with its step.
    pub(crate) timeline: Vec<Figure>,
    /// What the model cannot do and what the pictures must not be used for, a paragraph each.
    pub(crate) limits: Vec<String>,
    /// File, source and licence of whatever went in.
    pub(crate) origins: Vec<(String, String, String)>,
}

/// One stage of a run, and what it teaches.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// A word or two, as `classifier`.
    pub(crate) name: &'static str,
    /// What the stage does and why, in one or two plain sentences.
    pub(crate) lesson: String,
    /// How long it took.
    pub(crate) seconds: f64,
    /// The most memory that tensors held; 0 is not shown.
    pub(crate) peak_bytes: usize,
    /// Steps of training or of optimisation; 0 is not shown.
    pub(crate) steps: u64,
    /// Name and value of what else is worth knowing.
    pub(crate) facts: Vec<(String, String)>,
    /// Curves over the stage.
    pub(crate) charts: Vec<Chart>,
    /// Of a classifier: what it took for what.
    pub(crate) confusion: Option<Confusion>,
    /// Measures of the result.
    pub(crate) metrics: Vec<Metric>,
    /// Of a classifier: whether it is as often right as it is sure.
    pub(crate) calibration: Vec<Calibration>,
    /// Of a classifier: what it was surest of, wrongly.
    pub(crate) mistakes: Vec<Mistake>,
    /// What the sentinel saw.
    pub(crate) alarms: Vec<Alarm>,
    /// Pictures that belong to this stage alone.
    pub(crate) figures: Vec<Figure>,
}

/// An estimate of the energy that a run took: nothing here measures it.
#[derive(Debug)]
pub(crate) struct Energy {
    /// Cores that were busy.
    pub(crate) cores: usize,
    /// What each of them is taken to draw.
    pub(crate) watts_per_core: f64,
}

impl Energy {
    /// What a busy core is taken to draw where nobody says otherwise: of a desktop processor of 125 W with 8 cores, one
    /// core's share is about that. Laptops draw less, and what the rest of a machine draws is not in it.
    pub(crate) const WATTS_PER_CORE: f64 = 15.0;

    /// Watt-hours over so many seconds.
    fn watt_hours(&self, seconds: f64) -> f64 {
        self.cores as f64 * self.watts_per_core * seconds / 3600.0
    }
}

/// A measure of the result.
#[derive(Debug, Default)]
pub(crate) struct Metric {
    /// As `FID`.
    pub(crate) name: String,
    /// As it is to be shown, with its unit.
    pub(crate) value: String,
    /// What it measures and which way is better, in a few words.
    pub(crate) meaning: String,
}

/// A picture that a classifier took for something else.
#[derive(Debug, Default)]
pub(crate) struct Mistake {
    /// The picture's file.
    pub(crate) png: Vec<u8>,
    /// What it shows.
    pub(crate) class: String,
    /// What it was taken for.
    pub(crate) guess: String,
    /// How probable the classifier found that, up to 1.
    pub(crate) confidence: f64,
}

/// A few curves over the same axes.
#[derive(Debug, Default)]
pub(crate) struct Chart {
    /// Stands above the curves.
    pub(crate) title: String,
    /// The horizontal axis, as `step`.
    pub(crate) x: &'static str,
    /// The vertical axis, as `loss`.
    pub(crate) y: &'static str,
    /// A chart without a finite point is left out.
    pub(crate) series: Vec<Series>,
}

/// One curve.
#[derive(Debug, Default)]
pub(crate) struct Series {
    /// Its entry in the legend; the legend is left out when there is one curve.
    pub(crate) name: String,
    /// In order of x. Points that are not finite are skipped, and long curves thinned.
    pub(crate) points: Vec<(f64, f64)>,
}

/// How often a classifier took one class for another.
#[derive(Debug, Default)]
pub(crate) struct Confusion {
    /// Names of the classes.
    pub(crate) classes: Vec<String>,
    /// `counts[true class][predicted class]`.
    pub(crate) counts: Vec<Vec<usize>>,
}

/// A picture on the page.
#[derive(Debug, Default)]
pub(crate) struct Figure {
    /// Stands below the picture, and in its place for those who cannot see it.
    pub(crate) caption: String,
    /// The file's bytes.
    pub(crate) png: Vec<u8>,
    /// Small pictures, enlarged with sharp pixels.
    pub(crate) pixelated: bool,
}

#[cfg(test)]
mod tests;
