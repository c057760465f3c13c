//! `bench`: what it prints and what it refuses. No test looks at a time.

use std::fs;

use super::mistakes::refused;
use super::verbs::json;
use super::{done, folder};

#[test]
fn every_line_has_the_same_keys() {
    let folder = folder();
    let lines = json(&done(folder.path(), &["bench", "gemms", "--reps", "1", "--threads", "2", "--json"]));
    let keys = |line: &serde_json::Value| line.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let names: Vec<&str> = lines.iter().map(|line| line["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["fma_peak", "sgemm 256", "sgemm 512", "sgemm 1024", "sgemm 2048"]);
    assert_eq!(keys(&lines[0]), ["copy_gb_s", "gflops", "name", "simd", "threads"]);
    for line in &lines[1..] {
        let all = ["best_ms", "gflops", "median_ms", "name", "of_peak", "peak_mb", "simd", "threads"];
        assert_eq!(keys(line), all);
        assert!(all.iter().filter(|&&key| key != "name" && key != "simd").all(|&key| line[key].is_number()), "{line}");
        assert_eq!((&line["threads"], &line["simd"]), (&2.into(), &lines[0]["simd"]));
    }
}

#[test]
fn people_get_a_table() {
    let folder = folder();
    let said = done(folder.path(), &["bench", "gemms", "--reps", "1", "--simd", "base"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("FMA peak ") && lines[0].ends_with("simd base"), "{said}");
    assert!(lines[2].starts_with("workload ") && lines[2].ends_with(" peak MB"), "{said}");
    assert!(lines[3..].iter().all(|line| line.starts_with("sgemm ") && line.len() == lines[2].len()), "{said}");
}

#[test]
fn what_it_refuses() {
    let folder = folder();
    let folder = folder.path();
    refused(folder, &["bench", "gems"], &["there is no workload `gems`; there are gemms, elementwise, ", "fast_train"]);
    refused(folder, &["bench", "--reps", "0"], &["--reps: expected at least 1, got 0"]);
    refused(folder, &["bench", "gemms", "--simd", "sse9"], &["--simd: this machine has no level `sse9`; it has base"]);
    refused(folder, &["bench", "cnn", "--same-as", "gone"], &["cnn.safetensors: ", "check that it exists"]);
    fs::write(folder.join("cnn.safetensors"), b"hello").expect("a disk with room");
    refused(folder, &["bench", "cnn", "--same-as", "."], &["cnn.safetensors: is not a whole safetensors file"]);
}

/// A peer's file that lacks something is refused before any work is done.
#[test]
fn another_beginning_must_fit() {
    let folder = folder();
    let file = impasto_models::Checkpoint::new("bench", &());
    file.save(&folder.path().join("cnn.safetensors")).expect("a disk with room");
    refused(
        folder.path(),
        &["bench", "cnn", "--same-as", "."],
        &["cnn.safetensors: expected `conv.0.bias` of shape [32]"],
    );
}
