//! Mistakes in arguments and files: exit code 2, one line that names the file or option and the way out, and the disk as it
//! was.

use std::fs;
use std::path::{Path, PathBuf};

use super::{PAINTING, PHOTO, PICTURES, contents, done, folder, impasto, train_gan};

/// The beginning of a PNG file of 60,000 x 60,000 pixels, and its end.
const HUGE: [&[u8]; 3] = [
    b"\x89PNG\r\n\x1a\n",
    b"\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\x0f\xb0\xe2\x15",
    b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82",
];

/// Files that are not what they should be.
fn fill(folder: &Path) {
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("a disk with room");
    for sub in ["empty", "labelled", "full"] {
        fs::create_dir(folder.join(sub)).expect("a disk with room");
    }
    write("text.png", b"hello");
    let photo = fs::read(PHOTO).expect("an asset");
    write("cut.jpg", &photo[..photo.len() / 2]);
    write("huge.png", &HUGE.concat());
    write("there.png", b"mine");
    write("full/mine.txt", b"mine");
    write("labelled/photo.jpg", &photo);
    write("labelled/labels.csv", b"file,label\nphoto.jpg,cup\ngone.jpg,cup\n");
}

/// The command must be refused with one line that has all of `parts`.
#[track_caller]
pub(super) fn refused(folder: &Path, args: &[&str], parts: &[&str]) {
    let before = contents(folder);
    let outcome = impasto(folder, args);
    assert_eq!(outcome.code, Some(2), "{args:?}: {outcome:?}");
    assert!(outcome.stderr.starts_with("error: "), "{args:?}: {outcome:?}");
    assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{args:?}: {outcome:?}");
    for part in parts {
        assert!(outcome.stderr.contains(part), "{args:?}: no `{part}` in: {}", outcome.stderr);
    }
    let after = contents(folder);
    let new: Vec<&PathBuf> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    assert!(new.is_empty(), "{args:?} has left {new:?} behind");
    assert!(after == before, "{args:?} has changed a file");
}

#[test]
fn pictures_that_are_none() {
    let folder = folder();
    let folder = folder.path();
    fill(folder);
    let cases: [(&str, &[&str]); 4] = [
        ("missing.jpg", &["missing.jpg: ", "check that it exists"]),
        ("text.png", &["text.png: is not a picture; ", "PNG, JPEG"]),
        ("cut.jpg", &["cut.jpg: ends before its picture does; copy or download it again"]),
        ("huge.png", &["huge.png: ", "60000 x 60000 pixels", "; scale it down"]),
    ];
    for (file, parts) in cases {
        refused(folder, &["stylize", file, "--style", PAINTING], parts);
        refused(folder, &["stylize", PHOTO, "--style", file], parts);
    }
    for (file, parts) in &cases[..2] {
        refused(folder, &["verify", file], parts);
    }
    // The others are looked at all the same.
    for verb in ["verify", "classify"] {
        let outcome = impasto(folder, &[verb, "text.png", PHOTO, "missing.jpg"]);
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.stdout.contains("photo-coffee.jpg: "), "{outcome:?}");
        assert_eq!(outcome.stderr.trim_end().lines().count(), 2, "{outcome:?}");
    }
    let named = ["stylize", PHOTO, "--style", PAINTING, "--out", "painted.jpg"];
    refused(folder, &named, &["painted.jpg: a PNG is written", "ends in .png"]);
    // A file alone is no data set; one among others is left out, and said so.
    refused(folder, &["data", "inspect", "text.png"], &["text.png: ", "name a folder"]);
}

#[test]
fn data_sets_that_are_none() {
    let folder = folder();
    let folder = folder.path();
    fill(folder);
    let cases: [(&str, &[&str]); 3] = [
        ("missing", &["missing: ", "check that it exists"]),
        ("empty", &["empty: ", "put pictures into it or name another folder"]),
        ("labelled", &["labels.csv: names `gone.jpg` in row 2", "add the picture or remove the row"]),
    ];
    for (path, parts) in cases {
        refused(folder, &["data", "inspect", path], parts);
        refused(folder, &["train", "classifier", "--steps", "1", "--data", path], parts);
        refused(folder, &["train", "gan", "--steps", "1", "--data", path, "--out", "run"], parts);
    }
    fs::create_dir(folder.join("bad")).expect("a disk with room");
    for file in ["text.png", "cut.jpg", "huge.png"] {
        fs::copy(folder.join(file), folder.join("bad").join(file)).expect("a disk with room");
    }
    refused(folder, &["data", "inspect", "bad"], &["bad: none of its 3 files can be used", "cut.jpg"]);
    fs::remove_file(folder.join("labelled/labels.csv")).expect("it is there");
    // The part to test with is damaged: its pictures are not replaced by others.
    fs::create_dir(folder.join("set")).expect("a disk with room");
    for kind in ["images-idx3", "labels-idx1"] {
        let asset = PICTURES.replace("images-idx3", kind);
        fs::copy(asset, folder.join(format!("set/train-{kind}-ubyte.gz"))).expect("an asset");
    }
    fs::write(folder.join("set/t10k-images-idx3-ubyte"), [0, 0]).expect("a disk with room");
    let damaged = &["t10k-images-idx3-ubyte: cannot be read as an IDX file"];
    refused(folder, &["train", "classifier", "--steps", "1", "--data", "set"], damaged);
    let unlabelled = &["labelled: the pictures have no labels; ", "labels.csv"];
    refused(folder, &["train", "classifier", "--steps", "1", "--data", "labelled"], unlabelled);
}

#[test]
fn models_that_are_none() {
    let folder = folder();
    let folder = folder.path();
    train_gan(folder, "run");
    let whole = "run/checkpoints/gan.safetensors";
    let bytes = fs::read(folder.join(whole)).expect("a checkpoint");
    fs::write(folder.join("half.safetensors"), &bytes[..bytes.len() / 2]).expect("a disk with room");
    fs::write(folder.join("text.safetensors"), b"hello").expect("a disk with room");

    fs::create_dir(folder.join("mine")).expect("a disk with room");
    fs::write(folder.join("mine/5-00001.png"), b"mine").expect("a disk with room");
    let again = ["generate", "--model", whole, "-n", "2", "--seed", "5", "--out", "mine"];
    refused(folder, &again, &["5-00001.png: is there already", "--out"]);

    let cut = "is not a whole safetensors file";
    let again = "copy or download it again";
    for file in ["half.safetensors", "text.safetensors"] {
        refused(folder, &["generate", "--model", file], &[file, cut, again]);
        refused(folder, &["stylize", PHOTO, "--style", PAINTING, "--net", file], &[file, cut, again]);
        refused(folder, &["create", "--steps", "1", "--net", file], &[file, cut, again]);
        let train = ["train", "gan", "--data", PICTURES, "--steps", "1", "--judge", file];
        refused(folder, &train, &[file, cut, again]);
    }
    refused(folder, &["generate", "--model", "gone.safetensors"], &["gone.safetensors: ", "check that it exists"]);
    refused(
        folder,
        &["stylize", PHOTO, "--style", PAINTING, "--net", whole],
        &[whole, "is a gan, but a classifier is needed"],
    );
    let judge = ["train", "gan", "--data", PICTURES, "--steps", "1", "--judge", whole];
    refused(folder, &judge, &[whole, "is a gan, but a classifier is needed"]);
    let classifier = ["stylize", PHOTO, "--style", PAINTING, "--net", "classifier"];
    refused(folder, &classifier, &["there is no classifier; run `impasto create` here first"]);
    for option in ["--style-layers", "--content-layer"] {
        let args = ["stylize", PHOTO, "--style", PAINTING, option, "relu9_9"];
        refused(folder, &args, &[&format!("error: {option}: "), "fmnist has no layer `relu9_9`; it has relu1, "]);
    }
}

/// Writes a checkpoint again with `old` in its names and metadata replaced by `new`, which is as long.
fn altered(from: &Path, to: &Path, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let mut bytes = fs::read(from).expect("a checkpoint");
    let places: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(old.as_bytes())).collect();
    assert!(!places.is_empty(), "no `{old}` in {}", from.display());
    for at in places {
        bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
    }
    fs::write(to, bytes).expect("a disk with room");
}

#[test]
fn checkpoints_that_are_not_whole() {
    let folder = folder();
    let folder = folder.path();
    train_gan(folder, "gan");
    let data = ["--data", PICTURES, "--steps", "1", "--batch", "4"];
    done(folder, &[&["train", "classifier", "--width", "2", "--out", "classifier"][..], &data].concat());
    let gan = folder.join("gan/checkpoints/gan.safetensors");
    let classifier = folder.join("classifier/checkpoints/classifier.safetensors");
    let file = folder.join("file");
    let again = "; copy the file again or train anew";

    let generate = ["generate", "--model", "file"];
    altered(&gan, &file, "average/generator.norm.1.running_var", "average/generator.norm.1.running_bar");
    let missing = "file: `average/generator.norm.1.running_var` is missing, this gan needs it of shape [4]";
    refused(folder, &generate, &[missing, again]);
    for (value, wrong) in [
        ("3", "file: `average/generator.norm.0.bias` is of shape [8], this gan needs it of shape [12]"),
        ("0", "file: `width` in its metadata: expected at least 1, got 0"),
        ("x", "file: the impasto metadata is damaged"),
    ] {
        altered(&gan, &file, r#"\"width\":2"#, &format!(r#"\"width\":{value}"#));
        refused(folder, &generate, &[wrong, again]);
    }
    altered(&gan, &file, r#"\"width\""#, r#"\"breit\""#);
    refused(folder, &generate, &["file: the metadata of this gan is not usable: missing field `width`", again]);

    let judge = [&["train", "gan", "--judge", "file"][..], &data].concat();
    let stylize = ["stylize", PHOTO, "--style", PAINTING, "--net", "file"];
    for (old, new, shape) in
        [("model/conv.1.weight", "model/conv.9.weight", "[4, 2, 3, 3]"), ("model/head.bias", "model/head.bass", "[10]")]
    {
        altered(&classifier, &file, old, new);
        let missing = format!("file: `{old}` is missing, this classifier needs it of shape {shape}");
        for args in [&judge[..], &stylize, &["create", "--steps", "1", "--net", "file"]] {
            refused(folder, args, &[&missing, again]);
        }
    }
}

#[test]
fn settings_out_of_range() {
    let folder = folder();
    let folder = folder.path();
    let stylize = |option: &'static str, value: &'static str| ["stylize", PHOTO, "--style", PAINTING, option, value];
    refused(folder, &stylize("--size", "10"), &["--size: expected 64 to 4096 px, got 10"]);
    refused(folder, &stylize("--steps", "0"), &["--steps: expected at least 1, got 0"]);
    refused(folder, &stylize("--style-weight", "nan"), &["--style-weight: expected 0 or more, got NaN"]);
    refused(folder, &["create", "--steps", "0"], &["--steps: expected at least 1, got 0"]);
    refused(folder, &["create", "--steps", "1,2"], &["--steps: expected one number or three, got 2"]);
    refused(folder, &["create", "--minutes", "0"], &["--minutes: expected more than 0, got 0"]);
    refused(folder, &["create", "--threads", "0"], &["--threads: expected 1 to 1024, got 0"]);
    refused(folder, &["create", "--threads", "100000"], &["--threads: expected 1 to 1024, got 100000"]);
    refused(folder, &["check", "--simd", "sse9"], &["--simd: this machine has no level `sse9`; it has base"]);
    refused(folder, &["generate", "--model", "x", "-n", "0"], &["-n: expected 1 to 100000 pictures, got 0"]);
    let inspect = |option: &'static str| ["data", "inspect", PICTURES, option, "0"];
    refused(folder, &inspect("--size"), &["error: --size: 0 pixels are not possible; choose 1 to "]);
    refused(folder, &inspect("--channels"), &["error: --channels: 0 channels are not possible; choose 1 (grey)"]);
    refused(folder, &["check", "--ops", "nothing"], &["--ops: no operation is called `nothing`"]);
    refused(folder, &["check", "--order", "4"], &["--order: expected 1 to 3, got 4"]);
    for kind in ["classifier", "gan"] {
        let train = |option: &'static str, value: &'static str| {
            let mut args = vec!["train", kind, "--data", PICTURES, option, value];
            if option != "--steps" {
                args.extend(["--steps", "1"]);
            }
            args
        };
        refused(folder, &train("--steps", "0"), &["--steps: expected at least 1, got 0"]);
        // Widths are noticed when the run's directory has been made; it goes again.
        refused(folder, &train("--batch", "0"), &["error: --batch: expected at least 1, got 0"]);
        refused(folder, &train("--width", "0"), &["error: --width: expected at least 1, got 0"]);
        refused(folder, &train("--width", "9000000"), &["error: --width: makes a network of ", "the limit is 5e8"]);
    }
}

#[test]
fn places_that_are_taken_or_missing() {
    let folder = folder();
    let folder = folder.path();
    fill(folder);
    let not_empty = &["full: is not empty; name a new directory with --out"];
    refused(folder, &["create", "--steps", "1", "--out", "full"], not_empty);
    refused(folder, &["train", "gan", "--data", PICTURES, "--steps", "1", "--out", "full"], not_empty);
    refused(folder, &["create", "--steps", "1", "--out", "text.png"], &["text.png: cannot be made"]);
    // Before anything is read or timed.
    let dry = |out: &'static str| ["train", "gan", "--data", PICTURES, "--dry-run", "--out", out];
    refused(folder, &dry("full"), not_empty);
    refused(folder, &dry("text.png/run"), &["text.png/log.jsonl: cannot write it"]);
    let stylize = |out: &'static str| ["stylize", PHOTO, "--style", PAINTING, "--steps", "1", "--out", out];
    refused(folder, &stylize("there.png"), &["there.png: is there already; name another file with --out"]);
    refused(folder, &stylize("gone/out.png"), &["gone: there is no such folder; make it first"]);
    train_gan(folder, "run");
    let generate = ["generate", "--model", "run/checkpoints/gan.safetensors", "-n", "2", "--out", "drawn"];
    assert_eq!(impasto(folder, &generate).code, Some(0));
    refused(folder, &generate, &["0-sheet.png: is there already; name another directory with --out"]);
}

/// What clap refuses takes more lines, because it shows how the command is used.
#[test]
fn commands_that_are_not_understood() {
    let folder = folder();
    for (args, part) in [
        (&["create", "--stepps", "3"][..], "--stepps"),
        (&["create", "--steps", "many"], "many"),
        (&["create", "--steps", "3", "--minutes", "1"], "--minutes"),
        (&["stylize", PHOTO], "--style"),
        (&["paint"], "paint"),
        (&["verify"], "FILE"),
        (&[], "Usage: impasto"),
    ] {
        let outcome = impasto(folder.path(), args);
        assert_eq!(outcome.code, Some(2), "{args:?}: {outcome:?}");
        assert!(outcome.stderr.contains(part), "{args:?}: {outcome:?}");
    }
    assert!(contents(folder.path()).is_empty());
}

/// With `--json` a program finds the message among its other lines, too.
#[test]
fn mistakes_as_json() {
    let folder = folder();
    let outcome = impasto(folder.path(), &["verify", "gone.png", "--json"]);
    assert_eq!(outcome.code, Some(2));
    let line: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("one JSON object");
    assert_eq!(format!("error: {}\n", line["error"].as_str().expect("a message")), outcome.stderr);
}
