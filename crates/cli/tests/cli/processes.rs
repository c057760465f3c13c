//! Trainings by several processes, as `mpirun` starts them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::training::{args, finished};
use super::verbs::json;
use super::{PICTURES, done, folder};

/// Runs the program as two processes.
fn two(folder: &Path, args: &[&str]) -> Output {
    Command::new("mpirun")
        .args(["-n", "2", env!("CARGO_BIN_EXE_impasto")])
        .args(args)
        .current_dir(folder)
        // Containers run as root, and CI machines have few cores; both mean something to Open MPI alone.
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
        .output()
        .expect("the feature `mpi` needs mpirun")
}

fn two_done(folder: &Path, args: &[&str]) -> String {
    let output = two(folder, args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).expect("the program writes UTF-8")
}

/// What a log tells of each step.
fn losses(folder: &Path, run: &str) -> Vec<(u64, f64)> {
    let log = fs::read_to_string(folder.join(run).join("log.jsonl")).expect("a log");
    json(&log).iter().filter_map(|line| Some((line["step"].as_u64()?, line["loss"].as_f64()?))).collect()
}

#[test]
fn two_processes_end_with_the_bytes_of_one() {
    let folder = folder();
    let folder = folder.path();
    done(folder, &[&args("one")[..], &["--set", "classifier.micro_batches=2"]].concat());
    let said = two_done(folder, &args("two"));
    assert_eq!(said.matches("classifier.safetensors").count(), 1, "the first process speaks and writes: {said}");
    assert!(finished(folder, "two") == finished(folder, "one"));
    let curve = losses(folder, "two");
    assert_eq!(curve.len(), 60);
    assert_eq!(curve, losses(folder, "one"));
}

#[test]
fn two_processes_are_interrupted_and_go_on_as_two_or_as_one() {
    let folder = folder();
    let folder = folder.path();
    two_done(folder, &args("whole"));
    for run in ["as-two", "as-one"] {
        let said = two_done(folder, &[&args(run)[..], &["--max-minutes", "1e-6"]].concat());
        assert!(said.contains(&format!("to go on: impasto train resume {run}")), "{said}");
        let resume = ["train", "resume", run, "--max-minutes", "60"];
        if run == "as-two" {
            two_done(folder, &resume)
        } else {
            done(folder, &resume)
        };
        assert!(finished(folder, run) == finished(folder, "whole"), "{run}");
    }
    assert!(two_done(folder, &["train", "resume", "whole"]).contains("whole: the run is finished"));
}

#[test]
fn what_cannot_be_done_by_two_is_said_once_and_ends_both() {
    let folder = folder();
    let folder = folder.path();
    let gan = ["train", "gan", "--data", PICTURES, "--steps", "1", "--batch", "4", "--width", "2"];
    let small = ["train", "classifier", "--data", PICTURES, "--steps", "1", "--batch", "1", "--width", "2"];
    for (args, says) in [(&gan[..], "a GAN is trained by one process"), (&small, "--batch: expected at least 2")] {
        let output = two(folder, args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.matches(says).count() == 1, "{said}");
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 0, "nothing is half-written");
    }
}
