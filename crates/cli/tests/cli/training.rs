//! Trainings as commands: planned, killed, resumed, out of disk, scored.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::mistakes::refused;
use super::verbs::json;
use super::{PAINTING, PHOTO, PICTURES, done, folder, impasto};

const STEPS: &str = "60";

/// A short training of a classifier in which everything random takes part.
pub(super) fn args(out: &str) -> Vec<&str> {
    let fixed = "--steps 60 --checkpoint-every 10 --batch 16 --width 4 --seed 3 --set classifier.ema=0.9 \
                 --set classifier.mixup=0.2 --set classifier.cutmix=1.0 --set classifier.cutout=6 \
                 --set classifier.brightness=0.1";
    let mut args = vec!["train", "classifier", "--data", PICTURES, "--out", out];
    args.extend(fixed.split_whitespace());
    args
}

pub(super) fn finished(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("checkpoints/classifier.safetensors")).expect("a finished run")
}

/// The steps that a log tells of, in its order.
fn logged(folder: &Path, run: &str) -> Vec<u64> {
    let log = fs::read_to_string(folder.join(run).join("log.jsonl")).expect("a log");
    json(&log)
        .iter()
        .filter(|line| line["loss"].is_number())
        .map(|line| line["step"].as_u64().expect("a step"))
        .collect()
}

#[test]
fn a_killed_run_ends_with_the_bytes_of_a_whole_one() {
    let folder = folder();
    let folder = folder.path();
    done(folder, &args("whole"));
    for (run, awaited) in [("early", "config.toml"), ("late", "checkpoints/classifier-00000030.safetensors")] {
        let mut killed = Command::new(env!("CARGO_BIN_EXE_impasto"))
            .args(args(run))
            .current_dir(folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        while !folder.join(run).join(awaited).exists() && killed.try_wait().expect("it can be asked").is_none() {
            sleep(Duration::from_millis(1));
        }
        killed.kill().expect("it can be killed");
        killed.wait().expect("it ends");
        let resumed = done(folder, &["train", "resume", run]);
        let beginning = if run == "early" { "the run begins anew" } else { "going on from" };
        // A fast machine may have finished before it was killed.
        assert!(resumed.contains(beginning) || resumed.contains("is finished"), "{resumed}");
        assert!(finished(folder, run) == finished(folder, "whole"), "{run}");
        assert_eq!(logged(folder, run), (1..=60).collect::<Vec<_>>(), "{run}");
    }
    assert!(done(folder, &["train", "resume", "whole"]).contains("whole: the run is finished"));
    // Killed behind its last checkpoint, a run lacks its report, and nothing that was logged is logged again.
    let [log, report] = ["log.jsonl", "report.html"].map(|name| folder.join("whole").join(name));
    let before = fs::read_to_string(&log).expect("a log");
    fs::remove_file(&report).expect("a report");
    done(folder, &["train", "resume", "whole"]);
    assert!(report.exists());
    assert_eq!(fs::read_to_string(&log).expect("a log"), before);
}

#[test]
fn out_of_time_is_saved_and_goes_on() {
    let folder = folder();
    let folder = folder.path();
    done(folder, &args("whole"));
    let said = done(folder, &[&args("short")[..], &["--max-minutes", "1e-6"]].concat());
    assert!(said.contains("to go on: impasto train resume short"), "{said}");
    done(folder, &["train", "resume", "short", "--max-minutes", "60"]);
    assert!(finished(folder, "short") == finished(folder, "whole"));
}

/// A `kill` asks for an end as Ctrl-C does: a training is saved, `create` says that it cannot be.
#[cfg(unix)]
#[test]
fn who_is_asked_to_end_has_the_last_word() {
    let folder = folder();
    let folder = folder.path();
    let long = ["train", "classifier", "--data", PICTURES, "--steps", "1000000", "--batch", "8", "--width", "4"];
    for (args, word) in [
        (&long[..], "to go on: impasto train resume run"),
        (&["create", "--steps", "1000000"], "a run of `create` cannot be resumed, begin another"),
    ] {
        let mut asked = Command::new(env!("CARGO_BIN_EXE_impasto"))
            .args([args, &["--out", "run"]].concat())
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let has_begun = || fs::metadata(folder.join("run/log.jsonl")).is_ok_and(|log| log.len() > 0);
        while !has_begun() && asked.try_wait().expect("it can be asked").is_none() {
            sleep(Duration::from_millis(1));
        }
        Command::new("kill").arg(asked.id().to_string()).status().expect("there is `kill`");
        let ended = asked.wait_with_output().expect("it ends");
        let said = String::from_utf8(ended.stderr).expect("UTF-8");
        assert_eq!(ended.status.code(), Some(130), "{said}");
        assert!(said.contains(word), "{said}");
        fs::rename(folder.join("run"), folder.join(args[0])).expect("another name");
    }
    assert!(folder.join("train/checkpoints/classifier-early.safetensors").exists());
}

#[test]
fn a_run_is_resumed_as_it_was_told() {
    let folder = folder();
    let folder = folder.path();
    done(folder, &[&args("run")[..], &["--max-minutes", "1e-6"]].concat());
    let path = folder.join("run/config.toml");
    let told = fs::read_to_string(&path).expect("settings");
    let edits = [
        ("batch = 16", "batch = 8", "batch"),
        ("ema = 0.9", "ema = 0.5", "classifier.ema"),
        ("seed = 3", "seed = 4", "seed"),
        ("batch = 16", "batch = 16\nsize = 16", "size"),
    ];
    for (was, is, key) in edits {
        assert!(told.contains(was), "{told}");
        fs::write(&path, told.replace(was, is)).expect("writable");
        refused(folder, &["train", "resume", "run"], &["was made with ", key, "set it back"]);
    }
    let (was, is) = ("keep = 2", "keep = 1");
    assert!(told.contains(was), "{told}");
    fs::write(&path, told.replace(was, is)).expect("writable");
    done(folder, &["train", "resume", "run", "--max-minutes", "60"]);
}

#[test]
fn a_run_has_one_writer_and_one_seed() {
    let folder = folder();
    let folder = folder.path();
    done(folder, &[&args("run")[..], &["--max-minutes", "1e-6"]].concat());
    let lock = fs::File::open(folder.join("run")).expect("a folder");
    lock.try_lock().expect("nobody writes there");
    refused(folder, &["train", "resume", "run"], &["run: is being written to by another process", "wait for its end"]);
    drop(lock);
    refused(folder, &["train", "resume", "run", "--seed", "9"], &["--seed: a run is resumed with its own"]);
    done(folder, &["train", "resume", "run", "--max-minutes", "60"]);
}

#[test]
fn arrays_that_are_not_square_are_cut_to_squares() {
    let folder = folder();
    let folder = folder.path();
    let images: Vec<u8> = (0..40 * 8 * 12).map(|i| (i * 7 % 251) as u8).collect();
    let head = |kind: u8, sides: &[u32]| {
        let sides: Vec<u8> = sides.iter().flat_map(|side| side.to_be_bytes()).collect();
        [&[0, 0, 8, kind][..], &sides].concat()
    };
    let labels: Vec<u8> = (0..40).map(|i| i % 2).collect();
    fs::create_dir(folder.join("rect")).expect("a disk with room");
    let write = |name: &str, head: Vec<u8>, rest: &[u8]| {
        fs::write(folder.join("rect").join(name), [&head[..], rest].concat()).expect("a disk with room");
    };
    write("train-images-idx3-ubyte", head(3, &[40, 8, 12]), &images);
    write("train-labels-idx1-ubyte", head(1, &[40]), &labels);
    let said = done(folder, &["train", "classifier", "--data", "rect", "--steps", "2", "--dry-run", "--width", "4"]);
    assert!(said.contains("nothing was written: --dry-run"), "{said}");
    assert!(
        said.contains(" a step of 36 pictures"),
        "a tenth is held back, and a batch is no larger than the rest: {said}"
    );
}

#[test]
fn folders_to_train_on_and_to_test_with() {
    let folder = folder();
    let folder = folder.path();
    for (from, to) in [
        (PHOTO, "pets/train/cup/1.jpg"),
        (PHOTO, "pets/train/cup/2.jpg"),
        (PAINTING, "pets/train/art/1.jpg"),
        (PAINTING, "pets/train/art/2.jpg"),
        (PHOTO, "pets/val/cup/1.jpg"),
    ] {
        let to = folder.join(to);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a disk with room");
        fs::copy(from, to).expect("an asset");
    }
    let told = "--steps 2 --batch 2 --width 2 --set size=16 --out run";
    let train =
        |data| [&["train", "classifier", "--data", data], &told.split_whitespace().collect::<Vec<_>>()[..]].concat();
    done(folder, &train("pets"));
    let model = "run/checkpoints/classifier.safetensors";
    let scored = json(&done(folder, &["evaluate", "classifier", model, "--data", "pets", "--json"])).remove(0);
    assert_eq!(scored["pictures"], 1);
    assert!(done(folder, &["data", "inspect", "pets"]).contains("pets/train\n  4 pictures"));
    // From within: the part alone, of which a tenth is held back.
    done(&folder.join("pets"), &train("train"));

    fs::remove_dir_all(folder.join("pets/val/cup")).expect("it is there");
    fs::copy(PHOTO, folder.join("pets/val/1.jpg")).expect("an asset");
    refused(
        folder,
        &["train", "classifier", "--data", "pets", "--out", "new"],
        &["pets/val: the pictures have no labels"],
    );
}

/// A limit on the size of files stands in for a full disk: the write of a checkpoint fails half-way.
#[cfg(unix)]
#[test]
fn a_checkpoint_that_cannot_be_written_ends_the_run_and_harms_none() {
    let folder = folder();
    let folder = folder.path();
    done(folder, &args("whole"));
    let largest = fs::metadata(folder.join("whole/checkpoints/classifier-00000060.safetensors"));
    let blocks = largest.map_or_else(|_| finished(folder, "whole").len() as u64, |file| file.len()) / 512 / 2;
    let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_impasto")])
        .args(args("full"))
        .current_dir(folder)
        .output()
        .expect("there is a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("full/checkpoints/classifier-best.safetensors: "), "{said}");
    let left: Vec<_> = fs::read_dir(folder.join("full/checkpoints")).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
    done(folder, &["train", "resume", "full"]);
    assert!(finished(folder, "full") == finished(folder, "whole"));
}

#[test]
fn a_plan_tells_what_a_run_would_take() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("run.toml"), format!("data = {PICTURES:?}\nsteps = {STEPS}\nbatch = 16\n"))
        .expect("writable");
    let plan = json(&done(folder, &["plan", "run.toml", "--json"])).pop().expect("a plan");
    for key in ["parameters", "flops_per_step", "seconds", "seconds_per_thousand", "peak_mb", "disk_mb"] {
        assert!(plan[key].as_f64().is_some_and(|value| value > 0.0), "{key}: {plan}");
    }
    assert_eq!(plan["steps"], 60);
    let entries: Vec<_> = fs::read_dir(folder).expect("a folder").collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let slip = impasto(folder, &["plan", "run.toml", "--set", "classifier.widht=8"]);
    assert!(slip.stderr.contains("did you mean `classifier.width`?"), "{slip:?}");
}

#[test]
fn a_trained_classifier_is_scored_and_names_pictures() {
    let folder = folder();
    let folder = folder.path();
    let mut args = args("run");
    args.push("--json");
    let trained = json(&done(folder, &args)).pop().expect("a result");
    let model = "run/checkpoints/classifier.safetensors";
    let scored = json(&done(folder, &["evaluate", "classifier", model, "--data", PICTURES, "--json"])).remove(0);
    let seen = |value: &serde_json::Value| value["accuracy"].as_f64().expect("an accuracy");
    assert!(seen(&scored) > 0.5, "{scored}");
    assert_eq!(seen(&scored), seen(&trained), "both on the pictures that were held back");
    let rows = scored["confusion"].as_array().expect("a matrix");
    let sum = |row: &serde_json::Value| {
        row.as_array().expect("a row").iter().filter_map(serde_json::Value::as_u64).sum::<u64>()
    };
    assert_eq!((rows.len(), rows.iter().map(sum).sum::<u64>()), (10, 1_000));
    let text = done(folder, &["evaluate", "classifier", model, "--data", PICTURES, "--flip"]);
    assert!(text.contains("top-1") && text.contains("precision") && text.contains("Ankle boot"), "{text}");

    for model in [&["--model", model][..], &[]] {
        let named = json(&done(folder, &[&["classify", PAINTING, PHOTO, "--json", "--top", "2"], model].concat()));
        assert_eq!(named.len(), 2);
        let guesses = named[0]["guesses"].as_array().expect("guesses");
        let p = |i: usize| guesses[i]["probability"].as_f64().expect("a probability");
        assert!(guesses.len() == 2 && p(0) >= p(1) && p(0) + p(1) <= 1.0 + 1e-6, "{named:?}");
    }
}

#[test]
fn a_gan_keeps_the_checkpoint_nearest_to_real_pictures() {
    let folder = folder();
    let folder = folder.path();
    let fixed = "--steps 4 --checkpoint-every 1 --batch 4 --width 2 --out run";
    done(folder, &[&["train", "gan", "--data", PICTURES][..], &fixed.split_whitespace().collect::<Vec<_>>()].concat());
    let log = json(&fs::read_to_string(folder.join("run/log.jsonl")).expect("a log"));
    assert!(log.iter().filter(|line| line["loss"].is_null()).any(|line| line["diversity"].as_f64().is_some()));
    assert_eq!(log.iter().filter(|line| line["kernel_distance"].is_number()).count(), 4, "the last weights too");
    let scored = log.iter().filter_map(|line| Some((line["kernel_distance"].as_f64()?, line["step"].as_u64()?)));
    let (_, nearest) = scored.min_by(|a, b| a.0.total_cmp(&b.0)).expect("each checkpoint is scored");
    let best = fs::read(folder.join("run/checkpoints/gan-best.safetensors")).expect("a best checkpoint");
    // A step takes a batch.
    let step = format!("\\\"counters\\\":{{\\\"batches\\\":{nearest},");
    assert!(best.windows(step.len()).any(|w| w == step.as_bytes()), "the best one is not that of step {nearest}");
}
