//! What the binary carries so that `create` needs nothing else. Sources and licences: `assets/SOURCES.md`.

use std::path::Path;

use impasto_data::{Dataset, Decoder, FASHION_MNIST, Picture};
use impasto_models::metrics::Extractor;

use crate::failure::Failure;

const IMAGES: &[u8] = include_bytes!("../assets/fashion-mnist-10k-images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("../assets/fashion-mnist-10k-labels-idx1-ubyte.gz");
/// What the two files hash to when unpacked as a data set: a damaged binary is noticed before it trains.
const HASH: &str = "41d84ee5d85d10f0e946aa5b1c5fae2b33eb905d4e5a85b76b522419c8f91f72";

/// 10,000 pictures of the Fashion-MNIST training set, 1,000 of each class.
pub(crate) fn fashion() -> Result<Dataset, Failure> {
    let data = Dataset::from_idx_bytes(IMAGES, LABELS, &FASHION_MNIST)?
        .with_source("Fashion-MNIST, 1,000 training pictures of each class", Some("MIT"));
    if data.hash() != HASH {
        return Err(Failure::usage("the embedded pictures are damaged; build or download impasto again"));
    }
    Ok(data)
}

/// What `evaluate` looks at Fashion-MNIST through.
pub(crate) fn extractor() -> Result<Extractor, Failure> {
    const BYTES: &[u8] = include_bytes!("../assets/fashion-extractor.safetensors");
    Ok(Extractor::from_bytes(Path::new("the embedded extractor"), BYTES)?)
}

/// An embedded picture and where it comes from.
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    pub(crate) licence: &'static str,
    bytes: &'static [u8],
}

impl Asset {
    pub(crate) fn picture(&self) -> Result<Picture, Failure> {
        Ok(Decoder::default().decode(self.bytes, self.name)?)
    }
}

/// A photograph and the style it gets.
pub(crate) const PAIRS: [(Asset, Asset); 3] = [
    (
        Asset {
            name: "chelsea",
            source: "Stefan van der Walt, the cat Chelsea",
            licence: "CC0",
            bytes: include_bytes!("../assets/photo-chelsea.jpg"),
        },
        Asset { name: "swirls", source: OURS, licence: LICENCE, bytes: include_bytes!("../assets/style-swirls.jpg") },
    ),
    (
        Asset {
            name: "coffee",
            source: "Rachel Michetti, courtesy of Pikolo Espresso Bar",
            licence: "CC0",
            bytes: include_bytes!("../assets/photo-coffee.jpg"),
        },
        Asset { name: "waves", source: OURS, licence: LICENCE, bytes: include_bytes!("../assets/style-waves.jpg") },
    ),
    (
        Asset {
            name: "astronaut",
            source: "NASA, portrait of the astronaut Eileen Collins",
            licence: "public domain",
            bytes: include_bytes!("../assets/photo-astronaut.jpg"),
        },
        Asset { name: "mosaic", source: OURS, licence: LICENCE, bytes: include_bytes!("../assets/style-mosaic.jpg") },
    ),
];

const OURS: &str = "painted by assets/make_styles.py";
const LICENCE: &str = "MIT OR Apache-2.0";
