//! What each command prints and writes when all is well.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{PAINTING, PHOTO, PICTURES, contents, done, folder, train_gan};

/// Every line as JSON.
#[track_caller]
pub(super) fn json(stdout: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let lines: Vec<Value> = stdout.lines().map(parse).collect();
    assert!(!lines.is_empty());
    lines
}

#[test]
fn help_has_an_example() {
    let folder = folder();
    let verbs: [&[&str]; 14] = [
        &["create"],
        &["data", "inspect"],
        &["train", "classifier"],
        &["train", "gan"],
        &["train", "resume"],
        &["plan"],
        &["evaluate", "classifier"],
        &["evaluate", "gan"],
        &["classify"],
        &["generate"],
        &["stylize"],
        &["verify"],
        &["check"],
        &["bench"],
    ];
    let all = done(folder.path(), &["--help"]);
    for verb in verbs {
        assert!(all.contains(&format!("\n  {}", verb[0])), "{verb:?} is not in: {all}");
        let help = done(folder.path(), &[verb, &["--help"]].concat());
        assert!(help.contains(&format!("Example: impasto {}", verb.join(" "))), "{help}");
        assert!(help.contains("--seed") && help.contains("--threads") && help.contains("--quiet"), "{help}");
    }
}

#[test]
fn json_is_one_object_a_line() {
    let folder = folder();
    let checks = json(&done(folder.path(), &["check", "--ops", "tanh", "--json"]));
    assert!(checks.iter().all(|check| check["passed"] == true && check["op"] == "tanh"), "{checks:?}");
    let first = json(&done(folder.path(), &["check", "--ops", "so?t*", "--order", "1", "--json"]));
    assert!(
        first.len() > 1 && first.iter().all(|check| check["order"] == 1 && check["worst_second"].is_null()),
        "{first:?}"
    );
    let mutants = json(&done(folder.path(), &["check", "--ops", "tanh", "--mutants", "--json"]));
    assert_eq!(mutants[0]["planted"], mutants[0]["killed"]);
    let data = json(&done(folder.path(), &["data", "inspect", PICTURES, "--json"]));
    assert_eq!(data.len(), 1);
    assert!(data[0].to_string().contains("10000"), "{data:?}");
    let args = ["train", "gan", "--data", PICTURES, "--steps", "2", "--batch", "4", "--width", "2", "--json"];
    let lines = json(&done(folder.path(), &args));
    assert!(lines.iter().any(|line| line["step"] == 2 && line["stage"] == "gan"), "{lines:?}");
}

#[test]
fn quiet_prints_results_only() {
    let folder = folder();
    let args = ["train", "gan", "--data", PICTURES, "--steps", "1", "--batch", "4", "--width", "2", "--quiet"];
    assert_eq!(done(folder.path(), &args), "1 steps\n");
}

#[test]
fn generated_and_stylised_pictures_say_what_they_are() {
    let folder = folder();
    let folder = folder.path();
    train_gan(folder, "run");
    let model = "run/checkpoints/gan.safetensors";
    done(folder, &["generate", "--model", model, "-n", "3", "--seed", "5", "--out", "drawn"]);
    let names: Vec<_> = contents(&folder.join("drawn")).into_keys().collect();
    let expected = ["5-00000.png", "5-00001.png", "5-00002.png", "5-sheet.png"];
    assert_eq!(names, expected.map(std::path::PathBuf::from));
    fs::copy(PHOTO, folder.join("my photo.jpg")).expect("an asset");
    fs::copy(PAINTING, folder.join("waves.jpg")).expect("an asset");
    done(folder, &["stylize", "my photo.jpg", "--style", "waves.jpg", "--size", "64", "--steps", "2"]);

    let stylised = "my photo-waves.png";
    let args = ["verify", "drawn/5-00000.png", stylised, PHOTO, "run/samples/gan-00000001.png"];
    let said = done(folder, &args);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "drawn/5-00000.png: generated");
    assert_eq!(lines[1], format!("{stylised}: edited"));
    assert_eq!(lines[2], format!("{PHOTO}: no mark found (proves nothing)"));
    assert_eq!(lines[3], "run/samples/gan-00000001.png: generated");

    let marks = json(&done(folder, &[&args[..], &["--json"]].concat()));
    assert_eq!(marks[0]["mark"]["seed"], 5);
    assert_eq!(marks[0]["mark"]["model"].as_str().map(str::len), Some(64), "the model's SHA-256");
    assert_eq!(marks[1]["verdict"], "edited");
    assert_eq!(marks[1]["mark"]["parents"], serde_json::json!(["my photo.jpg", "waves.jpg"]));
    assert_eq!(marks[2]["mark"], Value::Null);

    // Where the files lie, the command of a mark makes the picture again.
    for (i, place, picture, again) in
        [(0, "run/checkpoints", "drawn/5-00000.png", "again/5-00000.png"), (1, ".", stylised, "again.png")]
    {
        let command = marks[i]["mark"]["command"].as_str().expect("a command");
        let words = shlex::split(command).expect("quotes in pairs");
        let out = Path::new(again).components().next().expect("a name").as_os_str().to_str().expect("UTF-8");
        let mut args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        args.extend(["--out", out]);
        let place = folder.join(place);
        done(&place, &args);
        let [first, second] = [folder.join(picture), place.join(again)].map(|path| fs::read(path).expect("a picture"));
        assert!(first == second, "{command}");
    }
}
