//! `impasto generate`: pictures from a trained generator.

use std::path::PathBuf;

use impasto_data::{Kind, Mark, can_write, encode_png, sheet, write_atomically};
use impasto_models::checkpoint;
use impasto_models::gan::{generate, load};

use crate::failure::Failure;
use crate::shell::word;
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

/// As many as names with five digits tell apart.
const MOST: usize = 100_000;

pub(crate) fn run(args: &Args, seed: u64, ui: &Ui) -> Result<(), Failure> {
    if !(1..=MOST).contains(&args.n) {
        return Err(Failure::usage(format!("-n: expected 1 to {MOST} pictures, got {}", args.n)));
    }
    let path = args.out.join(format!("{seed}-sheet.png"));
    let single = |i: usize| args.out.join(format!("{seed}-{i:05}.png"));
    if let Some(path) = std::iter::once(path.clone()).chain((0..args.n).map(single)).find(|path| path.exists()) {
        let way_out = "name another directory with --out, or another --seed";
        return Err(Failure::usage(format!("{}: is there already; {way_out}", path.display())));
    }
    let (generator, meta) = load(&args.model)?;
    std::fs::create_dir_all(&args.out)
        .map_err(|e| Failure::usage(format!("{}: cannot be made: {e}", args.out.display())))?;
    can_write(&path)?;
    let images = generate(&generator, &meta.config, seed, args.n);
    // Of the file the name: nothing of where it lies.
    let model = args.model.file_name().unwrap_or_default().to_string_lossy();
    let mark = Mark {
        command: Some(format!("impasto generate --model {} -n {} --seed {seed}", word(&model), args.n)),
        model: Some(checkpoint::file_hash(&args.model)?),
        seed: Some(seed),
        ..Mark::new(Kind::Generated)
    };
    let pictures = pictures(&images);
    let columns = (args.n as f64).sqrt().ceil() as usize;
    let written = pictures
        .iter()
        .enumerate()
        .try_for_each(|(i, picture)| write_atomically(single(i), &encode_png(picture, Some(&mark))))
        .and_then(|()| write_atomically(&path, &encode_png(&sheet(&pictures, columns, 2, 2, [32; 3]), Some(&mark))));
    if let Err(error) = written {
        // All of them or none: the same command is to work when there is room.
        (0..args.n).map(single).for_each(|path| drop(std::fs::remove_file(path)));
        return Err(error.into());
    }
    ui.wrote(&path);
    ui.say(format!("{} pictures in {}", args.n, args.out.display()));
    Ok(())
}
