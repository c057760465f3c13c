//! [`Watch`]: what a sentinel looks for, from which point on it calls it wrong, and what is to be done then.

use serde::{Deserialize, Serialize};

/// What the run is asked to do about an alarm, from the mildest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// This kind is not watched.
    Off,
    /// Tell the user and go on.
    Warn,
    /// Go back to the last good checkpoint.
    RollBack,
    /// End the run.
    Stop,
}

/// What a sentinel watches. Every field has a default, so a file of settings names what it changes.
///
/// ```
/// use impasto_models::sentinel::{Action, Watch};
/// let watch: Watch = serde_json::from_str(r#"{ "divergence": { "factor": 5.0 }, "non_finite": "roll_back" }"#).unwrap();
/// assert_eq!((watch.divergence.factor, watch.divergence.patience), (5.0, 3));
/// assert_eq!(watch.non_finite, Action::RollBack);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Watch {
    /// A reported number, a parameter or a gradient is infinite or not a number.
    pub non_finite: Action,
    /// A loss runs away.
    pub divergence: Divergence,
    /// A loss no longer falls.
    pub plateau: Plateau,
    /// Weights get no gradient.
    pub dead: Dead,
    /// Of a GAN: the discriminator no longer judges.
    pub one_sided: OneSided,
    /// Of a GAN: the samples become alike.
    pub collapse: Collapse,
}

/// A loss runs away: it lies above its limit for `patience` steps on end.
///
/// The limit of a number called `loss` is `best + (factor - 1) |best| + margin spread`, and at least `floor` of its first
/// value: `best` is the lowest value of its smoothed course, `spread` its smoothed distance from that course, so that a
/// noisy loss has a wider limit. The two losses of a GAN rise and fall by their nature and have no best value; the limit of
/// the sum of their sizes is `game_factor` times the highest value of its smoothed course, and at least `game_factor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Divergence {
    /// How many times its best value a loss may be.
    pub factor: f64,
    /// How many of its usual deviations a loss may lie above that.
    pub margin: f64,
    /// The share of its first value that a loss may always have: what was once as good as learned may get a little worse.
    pub floor: f64,
    /// How many times their highest usual size the losses of a GAN may be.
    pub game_factor: f64,
    /// Steps on end above the limit.
    pub patience: u64,
    /// What to do.
    pub action: Action,
}

/// A number called `loss` no longer falls: its mean over the last `window` steps is not lower than its mean over the
/// `window` steps before by the share `improvement`. Where the run reports a `learning_rate`, this is judged only while it
/// is above `while_rate` of its highest value: at the end of a schedule the loss is meant to settle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plateau {
    /// Steps in a window.
    pub window: u64,
    /// The share by which the mean must fall.
    pub improvement: f64,
    /// The share of the highest learning rate below which this is not judged.
    pub while_rate: f64,
    /// What to do.
    pub action: Action,
}

/// Weights get no gradient: in each of `looks` inspections on end the gradient of the same rows (a row belongs to an index
/// of the first axis: an output of a layer, a channel of a norm) was missing or exactly zero, and these are at least `share`
/// of the rows of a weight. All rows: the layer is frozen, or cut off from the loss. Some: units behind a rectifier that
/// let nothing through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dead {
    /// Inspections on end.
    pub looks: u32,
    /// The share of a weight's rows.
    pub share: f64,
    /// Beginnings of the paths of what is frozen on purpose.
    pub frozen: Vec<String>,
    /// What to do.
    pub action: Action,
}

/// The discriminator no longer judges, for `patience` steps on end: it is right on at least `share` of the real and of the
/// made pictures while the generator's loss has risen by a fifth since this began, or wrong on as many of both, or says
/// the same of both. Shares are those of the numbers `real_accuracy` and `fake_accuracy`, smoothed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OneSided {
    /// The share that counts as always.
    pub share: f64,
    /// Steps on end.
    pub patience: u64,
    /// What to do.
    pub action: Action,
}

/// Samples become alike: the number `diversity` (larger where samples differ more) lies at or below `share` of the highest
/// value of its smoothed course, `patience` times on end that it is reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Collapse {
    /// The share of the highest value.
    pub share: f64,
    /// Times on end.
    pub patience: u64,
    /// What to do.
    pub action: Action,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            non_finite: Action::Stop,
            divergence: Divergence::default(),
            plateau: Plateau::default(),
            dead: Dead::default(),
            one_sided: OneSided::default(),
            collapse: Collapse::default(),
        }
    }
}
impl Default for Divergence {
    fn default() -> Self {
        Self { factor: 3.0, margin: 6.0, floor: 0.1, game_factor: 10.0, patience: 3, action: Action::Stop }
    }
}
impl Default for Plateau {
    fn default() -> Self {
        Self { window: 1000, improvement: 0.01, while_rate: 0.2, action: Action::Warn }
    }
}
impl Default for Dead {
    fn default() -> Self {
        Self { looks: 3, share: 0.5, frozen: Vec::new(), action: Action::Warn }
    }
}
impl Default for OneSided {
    fn default() -> Self {
        Self { share: 0.98, patience: 500, action: Action::Warn }
    }
}
impl Default for Collapse {
    fn default() -> Self {
        Self { share: 0.25, patience: 3, action: Action::RollBack }
    }
}
