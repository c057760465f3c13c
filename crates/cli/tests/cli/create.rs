//! `create`: all that a run directory promises, and the same bytes for any number of threads.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::mistakes::refused;
use super::{contents, done, folder};

/// The files of a run that do not tell of time and machine, as its report and the events for TensorBoard do.
fn lasting(mut files: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    let report = files.remove(&PathBuf::from("report.html")).expect("a report");
    let report = String::from_utf8(report).expect("UTF-8");
    assert!(report.contains("impasto create --steps 3,3,3 --seed 7"), "the report says how to repeat the run");
    let before = files.len();
    files.retain(|name, _| !name.starts_with("tensorboard"));
    assert!(files.len() < before, "no events for TensorBoard");
    let log = files.get_mut(&PathBuf::from("log.jsonl")).expect("a log");
    *log = timeless(log);
    files
}

/// A log without the seconds that its steps took.
fn timeless(log: &[u8]) -> Vec<u8> {
    let lines = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let objects = lines.map(|line| {
        let mut line: serde_json::Value = serde_json::from_slice(line).expect("one JSON object a line");
        assert!(line.as_object_mut().expect("an object").remove("seconds").is_some(), "no seconds in {line}");
        line.to_string()
    });
    objects.collect::<Vec<_>>().join("\n").into_bytes()
}

#[test]
fn a_run_is_the_same_for_any_number_of_threads_and_by_its_own_command() {
    let folder = folder();
    let folder = folder.path();
    let run = |args: &[&str], threads: &str| {
        let out = format!("run-{threads}");
        done(folder, &[args, &["--threads", threads, "--out", &out]].concat());
        lasting(contents(&folder.join(out)))
    };
    let first = run(&["create", "--steps", "3", "--seed", "7"], "1");
    for name in ["config.toml", "log.jsonl", "checkpoints/classifier.safetensors", "checkpoints/gan.safetensors"] {
        assert!(first.get(&PathBuf::from(name)).is_some_and(|bytes| !bytes.is_empty()), "no {name}");
    }
    let pictures = first.keys().filter(|name| name.extension().is_some_and(|ending| ending == "png"));
    assert!(pictures.count() > 20, "{:?}", first.keys());

    let way_out = "is of a run of `create`, which is repeated with `impasto create --steps 3,3,3 --seed 7`";
    for verb in [&["train", "resume"][..], &["plan"]] {
        refused(folder, &[verb, &["run-1"]].concat(), &["config.toml", way_out]);
    }

    // The command that the run says it can be repeated by.
    let config = String::from_utf8(first[&PathBuf::from("config.toml")].clone()).expect("UTF-8");
    let command = config.lines().find_map(|line| line.strip_prefix("command = \"impasto ")?.strip_suffix('"'));
    let command: Vec<&str> = command.expect("a command in config.toml").split(' ').collect();
    for (args, threads) in [(&command[..], "2"), (&["create", "--steps", "3", "--seed", "7"], "3")] {
        let again = run(args, threads);
        assert_eq!(again.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>());
        for (name, bytes) in &first {
            assert!(again[name] == *bytes, "{} differs with {threads} threads", name.display());
        }
    }
}
