//! The arrows between the crates, held in their manifests, and what every manifest shares.

use toml::{Table, Value};

use super::Rule;
use super::scan::{File, Finding};

/// Who may depend on whom, for building, for tests and for examples alike.
const ARROWS: [(&str, &[&str]); 6] = [
    ("impasto-tensor", &[]),
    ("impasto-autograd", &["impasto-tensor"]),
    ("impasto-models", &["impasto-autograd", "impasto-tensor"]),
    ("impasto-data", &["impasto-tensor"]),
    ("impasto", &["impasto-autograd", "impasto-data", "impasto-models", "impasto-tensor"]),
    ("impasto-tests", &["impasto", "impasto-autograd", "impasto-data", "impasto-models", "impasto-tensor"]),
];

/// Outside crates that belong to one place. The tests may use any.
const OUTSIDE: [(&str, &[&str]); 6] = [
    ("rayon", &["impasto-tensor", "impasto-data", "impasto"]),
    ("matrixmultiply", &["impasto-tensor"]),
    ("wide", &["impasto-tensor"]),
    ("clap", &["impasto"]),
    ("indicatif", &["impasto"]),
    ("safetensors", &["impasto-models"]),
];

/// A member's manifest, read.
struct Member<'a> {
    file: &'a File,
    table: Table,
    name: String,
}

fn members(files: &[File]) -> impl Iterator<Item = Member<'_>> {
    let is_member = |name: &str| {
        let folder = name.strip_suffix("/Cargo.toml");
        folder.is_some_and(|f| f == "tests" || f.strip_prefix("crates/").is_some_and(|own| !own.contains('/')))
    };
    files.iter().filter(move |file| is_member(&file.name)).map(|file| {
        let table = parse(file);
        let name = table.get("package").and_then(|p| p.get("name")).and_then(Value::as_str).unwrap_or_default();
        Member { name: name.to_owned(), file, table }
    })
}

fn parse(file: &File) -> Table {
    file.text.parse().unwrap_or_else(|e| panic!("{}: {e}", file.name))
}

/// Every dependency of every section, the platform-dependent ones too.
fn dependencies(table: &Table) -> Vec<(&str, &Value)> {
    let mut found = Vec::new();
    for (key, value) in table {
        let Value::Table(inner) = value else { continue };
        match key.as_str() {
            "dependencies" | "dev-dependencies" | "build-dependencies" => {
                found.extend(inner.iter().map(|(name, spec)| (name.as_str(), spec)));
            }
            "target" => found.extend(inner.values().filter_map(Value::as_table).flat_map(dependencies)),
            _ => {}
        }
    }
    found
}

fn at_dependency(member: &Member, name: &str, what: impl std::fmt::Display) -> Finding {
    let is_it = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    member.file.at(member.file.text.lines().position(is_it).map_or(1, |i| i + 1), what)
}

pub(super) fn arrows() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let mut found = Vec::new();
        for member in members(files) {
            let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == member.name) else {
                found.push(member.file.at_text("name", format!("`{}` has no place among the arrows", member.name)));
                continue;
            };
            for (name, _) in dependencies(&member.table) {
                let is_ours = ARROWS.iter().any(|(ours, _)| *ours == name);
                if is_ours && !allowed.contains(&name) {
                    found.push(at_dependency(&member, name, format!("{} must not depend on {name}", member.name)));
                }
            }
        }
        found
    }
    Rule {
        remedy: "The arrows are tensor <- autograd <- models <- cli and tensor <- data <- cli. Pass the thing in as an \
                 argument or a trait; the cli joins the two sides.",
        find,
        bad: &[
            (
                &[(
                    "crates/models/Cargo.toml",
                    "[package]\nname = \"impasto-models\"\n[dependencies]\nimpasto-data.workspace = true",
                )],
                "crates/models/Cargo.toml:4",
            ),
            (
                &[(
                    "crates/autograd/Cargo.toml",
                    "[package]\nname = \"impasto-autograd\"\n[target.'cfg(unix)'.dependencies]\nimpasto-models = { path = \"../models\" }",
                )],
                "crates/autograd/Cargo.toml:4",
            ),
            (&[("crates/new/Cargo.toml", "[package]\nname = \"impasto-new\"")], "crates/new/Cargo.toml:2"),
        ],
        good: &[&[(
            "crates/models/Cargo.toml",
            "[package]\nname = \"impasto-models\"\n[dependencies]\nimpasto-tensor.workspace = true\nserde.workspace = true",
        )]],
    }
}

pub(super) fn outside_crates() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let mut found = Vec::new();
        for member in members(files).filter(|member| member.name != "impasto-tests") {
            for (name, _) in dependencies(&member.table) {
                let owners = OUTSIDE.iter().find(|(outside, _)| *outside == name);
                if owners.is_some_and(|(_, owners)| !owners.contains(&member.name.as_str())) {
                    found.push(at_dependency(&member, name, format!("{} must not use {name}", member.name)));
                }
            }
        }
        found
    }
    Rule {
        remedy: "Threads, SIMD, arguments and weight files each have one home; use it through the crate that owns it.",
        find,
        bad: &[(
            &[(
                "crates/autograd/Cargo.toml",
                "[package]\nname = \"impasto-autograd\"\n\n[dev-dependencies]\nrayon.workspace = true",
            )],
            "crates/autograd/Cargo.toml:5",
        )],
        good: &[&[("tests/Cargo.toml", "[package]\nname = \"impasto-tests\"\n[dependencies]\nrayon.workspace = true")]],
    }
}

pub(super) fn written_once() -> Rule {
    const KEYS: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];
    fn inherits(value: Option<&Value>) -> bool {
        value.and_then(|v| v.get("workspace")).and_then(Value::as_bool) == Some(true)
    }
    fn find(files: &[File]) -> Vec<Finding> {
        let mut found = Vec::new();
        for member in members(files) {
            for key in KEYS.into_iter().filter(|key| !inherits(member.table["package"].get(key))) {
                found.push(member.file.at_text("[package]", format!("`{key}` should be `{key}.workspace = true`")));
            }
            if !inherits(member.table.get("lints")) {
                found.push(member.file.at(1, "no `[lints] workspace = true`"));
            }
            for (name, spec) in dependencies(&member.table) {
                if !inherits(Some(spec)) {
                    found.push(at_dependency(&member, name, format!("`{name}` names a version of its own")));
                }
            }
        }
        found
    }
    Rule {
        remedy: "Versions, lints and package keys are written once, in the root manifest; members inherit them.",
        find,
        bad: &[(
            &[(
                "crates/data/Cargo.toml",
                "[package]\nname = \"impasto-data\"\nversion.workspace = true\nedition.workspace = true\n\
                 rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
                 [lints]\nworkspace = true\n[dependencies]\npng = \"0.18\"",
            )],
            "crates/data/Cargo.toml:11",
        )],
        good: &[],
    }
}

pub(super) fn strict_profiles() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let mut found = Vec::new();
        for file in files.iter().filter(|file| file.name == "Cargo.toml") {
            let table = parse(file);
            let profile = |name: &str| table.get("profile").and_then(|p| p.get(name)).and_then(Value::as_table);
            let kernels = profile("dev").and_then(|dev| dev.get("package")?.get("impasto-tensor")?.get("opt-level"));
            if kernels != Some(&Value::Integer(2)) {
                found.push(file.at(1, "the dev profile does not have impasto-tensor at opt-level 2"));
            }
            for (name, table) in ["dev", "test"].iter().filter_map(|name| Some((name, profile(name)?))) {
                let text = toml::to_string(table).unwrap_or_default();
                if text.contains("debug-assertions = false") || (*name == "test" && text.contains("opt-level")) {
                    found.push(file.at_text(&format!("[profile.{name}"), "takes away what tests rely on"));
                }
            }
        }
        found
    }
    Rule {
        remedy: "Tests run the real kernels with every debug assertion on: impasto-tensor at opt-level 2, debug-assertions as they are.",
        find,
        bad: &[
            (&[("Cargo.toml", "[workspace]\n[profile.dev]\nopt-level = 1")], "Cargo.toml:1"),
            (
                &[(
                    "Cargo.toml",
                    "[profile.dev.package]\nimpasto-tensor.opt-level = 2\n[profile.test]\ndebug-assertions = false",
                )],
                "Cargo.toml:3",
            ),
            (
                &[(
                    "Cargo.toml",
                    "[profile.dev.package]\nimpasto-tensor.opt-level = 2\nimage.debug-assertions = false",
                )],
                "Cargo.toml:1",
            ),
        ],
        good: &[&[("Cargo.toml", "[profile.dev.package]\nimpasto-tensor.opt-level = 2")]],
    }
}
