//! What the logs of a run hold, whether or not it was interrupted.

use super::*;

fn event(step: u64) -> Event {
    Event { step, scalars: vec![("loss", 1.0 / step as f64), ("accuracy", 0.5)] }
}

fn write(logs: &mut Logs, stage: &str, steps: std::ops::RangeInclusive<u64>) {
    steps.for_each(|step| logs.step(stage, &event(step), 0.5).expect("a disk with room"));
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("a log")
}

/// The records of a stage's event files, in the order in which TensorBoard reads them.
fn records(folder: &Path, stage: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder.join("tensorboard").join(stage)).expect("a folder");
    let mut names: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    names.sort();
    names.iter().flat_map(|name| tensorboard::tests::records(&fs::read(name).expect("a file"))).collect()
}

#[test]
fn a_resumed_run_has_each_step_once() {
    let [whole, resumed] = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let mut logs = Logs::create(whole.path()).expect("logs");
    write(&mut logs, "classifier", 1..=4);
    write(&mut logs, "gan", 1..=6);
    logs.flush().expect("a disk with room");

    let mut logs = Logs::create(resumed.path()).expect("logs");
    write(&mut logs, "classifier", 1..=4);
    write(&mut logs, "gan", 1..=5);
    drop(logs);
    // Killed in the middle of a line, after a checkpoint at step 3.
    for (name, torn) in [("log.jsonl", "{\"stage\":\"ga"), ("gan.csv", "6,0.1")] {
        let mut file = File::options().append(true).open(resumed.path().join(name)).expect("a log");
        file.write_all(torn.as_bytes()).expect("a disk with room");
    }
    let mut logs = Logs::resume(resumed.path(), "gan", 3).expect("logs");
    write(&mut logs, "gan", 4..=6);
    for name in ["log.jsonl", "classifier.csv", "gan.csv"] {
        assert_eq!(read(whole.path(), name), read(resumed.path(), name), "{name}");
    }
    let count = |folder: &Path| ["classifier", "gan"].map(|stage| records(folder, stage).len());
    assert_eq!(count(whole.path()), [1 + 4, 1 + 6]);
    assert_eq!(count(resumed.path()), [1 + 4, 1 + 5 + 2 + 3], "both files, and the mark that step 4 begins anew");
}

#[test]
fn scores_have_a_table_of_their_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let score = |step| Event { step, scalars: vec![("held_out_accuracy", 0.5)] };
    let mut logs = Logs::create(folder.path()).expect("logs");
    write(&mut logs, "classifier", 1..=4);
    for step in [2, 4] {
        logs.scores("classifier", &score(step), 1.0).expect("a disk with room");
    }
    let mut logs = Logs::resume(folder.path(), "classifier", 2).expect("logs");
    logs.scores("classifier", &score(3), 1.0).expect("a disk with room");
    assert_eq!(read(folder.path(), "classifier-scores.csv"), "step,held_out_accuracy\n2,0.5\n3,0.5\n");
}

#[test]
fn a_run_that_goes_on_from_before_its_first_line_begins_its_logs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut logs = Logs::create(folder.path()).expect("logs");
    write(&mut logs, "gan", 1..=2);
    let mut logs = Logs::resume(folder.path(), "gan", 0).expect("logs");
    write(&mut logs, "gan", 1..=1);
    assert_eq!(read(folder.path(), "gan.csv"), "step,loss,accuracy\n1,1,0.5\n");
    assert_eq!(read(folder.path(), "log.jsonl").lines().count(), 1);
    fs::remove_file(folder.path().join("gan.csv")).expect("a log");
    let mut logs = Logs::resume(folder.path(), "gan", 1).expect("logs");
    write(&mut logs, "gan", 2..=2);
    assert_eq!(read(folder.path(), "gan.csv"), "step,loss,accuracy\n2,0.5,0.5\n", "a log that is gone is begun");
}

#[test]
fn columns_are_those_of_the_first_event() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut logs = Logs::create(folder.path()).expect("logs");
    write(&mut logs, "gan", 1..=1);
    let odd = Event { step: 2, scalars: vec![("diversity", 0.25), ("loss", f64::NAN)] };
    logs.step("gan", &odd, 0.5).expect("a disk with room");
    assert_eq!(read(folder.path(), "gan.csv"), "step,loss,accuracy\n1,1,0.5\n2,NaN,\n");
    assert!(read(folder.path(), "log.jsonl").contains(r#""diversity":0.25"#));
}

#[test]
fn pictures_and_histograms_are_records() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut logs = Logs::create(folder.path()).expect("logs");
    logs.image("gan", "samples", 5, &[1, 2, 3], [4, 6]).expect("a disk with room");
    logs.histogram("gan", "conv.0.weight", 5, &[1.0, f32::NAN]).expect("a disk with room");
    logs.histogram("gan", "conv.0.weight", 6, &[f32::NAN]).expect("a disk with room");
    let records = records(folder.path(), "gan");
    assert_eq!(records.len(), 3, "of nothing finite nothing is written");
    let image = [&[0x22, 11, 0x08, 6, 0x10, 4, 0x18, 3, 0x22, 3, 1, 2, 3][..]].concat();
    assert!(records[1].ends_with(&image), "{:?}", records[1]);
    assert!(records[2].windows(13).any(|w| w == b"conv.0.weight"));
}

/// By hand, with `pip install tensorboard`, its own reader shows that nothing is lost:
///
///     IMPASTO_EVENTS=DIR cargo test -p impasto a_run_for_tensorboard
///     python tests/fixtures/read_events.py DIR/tensorboard/gan
#[test]
fn a_run_for_tensorboard() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = std::env::var_os("IMPASTO_EVENTS").map_or_else(|| folder.path().to_owned(), PathBuf::from);
    fs::create_dir_all(&path).expect("a folder");
    let mut logs = Logs::create(&path).expect("logs");
    write(&mut logs, "gan", 1..=8);
    let picture = impasto_data::Picture::from_tensor(&impasto_tensor::Tensor::from_fn([3, 2, 4], |i| i as f32 / 23.0));
    logs.image("gan", "samples", 5, &impasto_data::encode_png(&picture, None), [4, 2]).expect("a disk with room");
    let values: Vec<f32> = (-50..=50).map(|i| i as f32 / 10.0).collect();
    logs.histogram("gan", "weights", 5, &values).expect("a disk with room");
    let mut logs = Logs::resume(&path, "gan", 5).expect("logs");
    write(&mut logs, "gan", 6..=7);
    assert_eq!(records(&path, "gan").len(), 1 + 8 + 2 + 2 + 2);
}
