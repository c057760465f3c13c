//! Settings for a time: what serves best in five minutes does not in eight hours.

use toml::Table;

use super::{Kind, Layer};

/// A training of so long, on two cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Preset {
    /// A first look
    #[value(name = "5min")]
    FiveMinutes,
    /// An honest attempt
    #[value(name = "1h")]
    Hour,
    /// Over night
    #[value(name = "8h")]
    Night,
}

impl Preset {
    /// Where its settings come from, as messages name it.
    pub(super) const ORIGIN: &str = "--preset";

    pub(crate) fn layer(self, train: Kind) -> Layer {
        let text = match (self, train) {
            (Self::FiveMinutes, Kind::Classifier) => include_str!("presets/classifier-5min.toml"),
            (Self::Hour, Kind::Classifier) => include_str!("presets/classifier-1h.toml"),
            (Self::Night, Kind::Classifier) => include_str!("presets/classifier-8h.toml"),
            (Self::FiveMinutes, Kind::Gan) => include_str!("presets/gan-5min.toml"),
            (Self::Hour, Kind::Gan) => include_str!("presets/gan-1h.toml"),
            (Self::Night, Kind::Gan) => include_str!("presets/gan-8h.toml"),
        };
        let table: Table = text.parse().expect("presets are tested");
        Layer { origin: Self::ORIGIN.into(), table }
    }
}
