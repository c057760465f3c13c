//! `impasto generate`: pictures from a trained generator.

use std::path::PathBuf;

use impasto_data::{Kind, Mark, encode_png, sheet, write_atomically};
use impasto_models::checkpoint;
use impasto_models::gan::{generate, load};

use crate::failure::Failure;
use crate::stages::pictures;
use crate::ui::Ui;

/// Makes pictures with a trained generator; picture i of a seed is the same however many are made.
#[derive(clap::Args)]
#[command(after_help = "Example: impasto generate --model impasto-run/checkpoints/gan.safetensors -n 16 --seed 5")]
pub(crate) struct Args {
    /// A checkpoint of `create` or `train gan`
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// How many pictures
    #[arg(short, value_name = "N", default_value_t = 64)]
    n: usize,
    /// Directory for the pictures
    #[arg(long, value_name = "DIR", default_value = "generated")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args, seed: u64, ui: &Ui) -> Result<(), Failure> {
    if args.n == 0 {
        return Err(Failure::usage("-n: expected at least 1 picture, got 0"));
    }
    let path = args.out.join(format!("{seed}-sheet.png"));
    let single = |i: usize| args.out.join(format!("{seed}-{i:05}.png"));
    if let Some(path) = std::iter::once(path.clone()).chain((0..args.n).map(single)).find(|path| path.exists()) {
        let way_out = "name another directory with --out, or another --seed";
        return Err(Failure::usage(format!("{}: is there already; {way_out}", path.display())));
    }
    let (generator, meta) = load(&args.model)?;
    let images = generate(&generator, &meta.config, seed, args.n);
    let mark = Mark {
        command: Some(format!("impasto generate -n {} --seed {seed}", args.n)),
        model: Some(checkpoint::file_hash(&args.model)?),
        seed: Some(seed),
        ..Mark::new(Kind::Generated)
    };
    std::fs::create_dir_all(&args.out)
        .map_err(|e| Failure::usage(format!("{}: cannot be made: {e}", args.out.display())))?;
    let pictures = pictures(&images);
    for (i, picture) in pictures.iter().enumerate() {
        write_atomically(single(i), &encode_png(picture, Some(&mark)))?;
    }
    let columns = (args.n as f64).sqrt().ceil() as usize;
    write_atomically(&path, &encode_png(&sheet(&pictures, columns, 2, 2, [32; 3]), Some(&mark)))?;
    ui.wrote(&path);
    ui.say(format!("{} pictures in {}", args.n, args.out.display()));
    Ok(())
}
