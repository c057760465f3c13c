//! Why a run ends in a page: the pictures, how they came about and how to repeat them, in one file that needs nothing
//! else, not even a network.
//!
//! This file says what a report holds; `page.rs` sets it as HTML and `charts.rs` draws the curves. Parts that are
//! empty are left out.

mod charts;
mod page;

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
    /// Pictures that belong to this stage alone.
    pub(crate) figures: Vec<Figure>,
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
