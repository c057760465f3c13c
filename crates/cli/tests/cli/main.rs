//! The program as its users meet it: run as a process, judged by its exit code, its output and what it leaves on the disk.

mod bench;
mod create;
mod mistakes;
#[cfg(feature = "mpi")]
mod processes;
mod training;
mod verbs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Ten thousand pictures of garments.
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fashion-mnist-10k-images-idx3-ubyte.gz");
const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/photo-coffee.jpg");
const PAINTING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/style-waves.jpg");

/// How a command ended.
#[derive(Debug)]
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs the program in a folder.
fn impasto(folder: &Path, args: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_impasto"));
    let output = command.args(args).current_dir(folder).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(!stderr.contains("panicked") && !stdout.contains("panicked"), "{args:?}: {stderr}");
    Outcome { code: output.status.code(), stdout, stderr }
}

/// Runs the program, which must do what it was asked, and returns what it printed.
fn done(folder: &Path, args: &[&str]) -> String {
    let outcome = impasto(folder, args);
    assert_eq!(outcome.code, Some(0), "{args:?}: {outcome:?}");
    assert_eq!(outcome.stderr, "", "{args:?}");
    outcome.stdout
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A run of `train gan` that is as short as can be.
fn train_gan(folder: &Path, out: &str) -> String {
    let args = ["train", "gan", "--data", PICTURES, "--steps", "1", "--batch", "4", "--width", "2", "--out", out];
    done(folder, &args)
}

/// All files in and below a folder, empty folders too, with their bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let own = path.strip_prefix(folder).expect("it is inside").to_owned();
            if path.is_dir() {
                found.insert(own, Vec::new());
                open.push(path);
            } else {
                found.insert(own, fs::read(path).expect("a readable file"));
            }
        }
    }
    found
}
