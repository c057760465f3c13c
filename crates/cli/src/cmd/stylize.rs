//! `impasto stylize`: a photograph in the style of a painting.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use impasto_data::{Decoder, Kind, Mark, can_write, encode_png, write_atomically};
use impasto_models::checkpoint;
use impasto_models::style::{Perceptual, Settings, Weights, from_extractor, load, random_filters};

use crate::assets;
use crate::budget::Budget;
use crate::failure::Failure;
use crate::shell::word;
use crate::stages::style::{Task, paint};
use crate::ui::Ui;

/// Paints a photograph in the style of another picture.
#[derive(clap::Args)]
#[command(after_help = "Example: impasto stylize cat.jpg --style starry-night.jpg --net vgg16.safetensors --size 384")]
pub(crate) struct Args {
    /// The photograph
    photo: PathBuf,
    /// The picture whose style it gets
    #[arg(long, value_name = "PAINTING")]
    style: PathBuf,
    /// The perceptual net: a safetensors file (VGG-16, VGG-19, SqueezeNet 1.1, an impasto classifier), `classifier` for the
    /// one of impasto-run, `fmnist` for the one in the program, which has learned from Fashion-MNIST, or `random` for filters
    /// that have learned nothing. VGG paints best
    #[arg(long, value_name = "NET", default_value = "fmnist")]
    net: String,
    /// Long side of the result
    #[arg(long, value_name = "PX", default_value_t = 384)]
    size: usize,
    /// Steps of the optimiser, over all sizes
    #[arg(long, value_name = "N", default_value_t = 150)]
    steps: u64,
    /// How much the style counts: 20 for a light brush, 60 for a strong one
    #[arg(long, value_name = "X", default_value_t = 30.0)]
    style_weight: f64,
    /// Layers that style is read from, with commas between [default: the net's own]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    style_layers: Vec<String>,
    /// The layer that content is read from [default: the net's own]
    #[arg(long, value_name = "NAME")]
    content_layer: Option<String>,
    /// The file to write [default: PHOTO-PAINTING.png]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, seed: u64, ui: &Ui) -> Result<(), Failure> {
    if !(64..=4096).contains(&args.size) {
        return Err(Failure::usage(format!("--size: expected 64 to 4096 px, got {}", args.size)));
    }
    if args.steps == 0 {
        return Err(Failure::usage("--steps: expected at least 1, got 0"));
    }
    if !(args.style_weight.is_finite() && args.style_weight >= 0.0) {
        return Err(Failure::usage(format!("--style-weight: expected 0 or more, got {}", args.style_weight)));
    }
    let decoder = Decoder::default();
    let (photograph, painting) = (decoder.open(&args.photo)?, decoder.open(&args.style)?);
    let mut net = net(&args.net, seed)?;
    if !args.style_layers.is_empty() {
        let content = net.content.clone();
        net = net.with_layers(&args.style_layers, &content).map_err(|e| Failure::option("--style-layers", e))?;
    }
    if let Some(content) = &args.content_layer {
        let style = net.style.clone();
        net = net.with_layers(&style, content).map_err(|e| Failure::option("--content-layer", e))?;
    }
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let out = args.out.clone().unwrap_or_else(|| format!("{}-{}.png", stem(&args.photo), stem(&args.style)).into());
    if out.extension().is_some_and(|ending| !ending.eq_ignore_ascii_case("png")) {
        return Err(Failure::usage(format!("{}: a PNG is written; name a file that ends in .png", out.display())));
    }
    if out.exists() {
        return Err(Failure::usage(format!("{}: is there already; name another file with --out", out.display())));
    }
    if let Some(folder) = out.parent().filter(|p| !p.as_os_str().is_empty() && !p.is_dir()) {
        return Err(Failure::usage(format!("{}: there is no such folder; make it first", folder.display())));
    }
    can_write(&out)?;
    let weights = Weights { style: args.style_weight, ..Weights::default() };
    let task = Task {
        name: "style",
        net: &net,
        photograph: &photograph,
        painting: &painting,
        size: args.size,
        budget: Budget::Steps(args.steps),
        settings: Settings { weights, ..Settings::default() },
    };
    let painted = paint(&task, None, ui)?;
    // Of files the names: nothing of where they lie.
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let file = Path::new(&args.net);
    let [photo, painting, net] = [&args.photo, &args.style, file].map(name);
    let mut command = format!(
        "impasto stylize {} --style {} --net {} --size {} --steps {} --style-weight {} --seed {seed}",
        word(&photo),
        word(&painting),
        word(&net),
        args.size,
        args.steps,
        args.style_weight
    );
    if !args.style_layers.is_empty() {
        let _ = write!(command, " --style-layers {}", word(&args.style_layers.join(",")));
    }
    if let Some(layer) = &args.content_layer {
        let _ = write!(command, " --content-layer {}", word(layer));
    }
    let mark = Mark {
        command: Some(command),
        model: file.is_file().then(|| checkpoint::file_hash(file)).transpose()?,
        parents: vec![photo, painting],
        seed: Some(seed),
        ..Mark::new(Kind::Edited)
    };
    write_atomically(&out, &encode_png(&painted.picture, Some(&mark)))?;
    ui.wrote(&out);
    Ok(())
}

/// The perceptual net of a name or file.
pub(crate) fn net(name: &str, seed: u64) -> Result<Perceptual, Failure> {
    match name {
        "fmnist" => Ok(from_extractor(&assets::extractor()?)),
        "random" => Ok(random_filters(seed)),
        "classifier" => {
            let path = Path::new("impasto-run/checkpoints/classifier.safetensors");
            if !path.exists() {
                let way_out = "run `impasto create` here first, or give a file with --net";
                return Err(Failure::usage(format!("{}: there is no classifier; {way_out}", path.display())));
            }
            Ok(load(path)?)
        }
        file => Ok(load(Path::new(file))?),
    }
}
