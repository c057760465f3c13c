//! What every source file looks like.

use std::collections::BTreeMap;

use super::Rule;
use super::scan::{File, Finding, line_of};

/// A file of one idea is about this long at most.
const LINES: usize = 400;

pub(super) fn module_docs() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let bare = files.iter().filter(|file| file.is_rust() && !file.text.starts_with("//! "));
        bare.map(|file| file.at(1, "no `//!`")).collect()
    }
    Rule {
        remedy: "Begin the file with `//!` and one line that says why it exists.",
        find,
        bad: &[(&[("crates/data/src/a.rs", "use x;\n//! late")], "crates/data/src/a.rs:1")],
        good: &[&[("crates/data/src/a.rs", "//! Why.\nuse x;")]],
    }
}

pub(super) fn length() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let count = |file: &File| file.text.lines().count();
        let long = files.iter().filter(|file| file.is_rust() && count(file) > LINES);
        long.map(|file| file.at(LINES + 1, format!("{} lines", count(file)))).collect()
    }
    const LONG: &str = {
        const TEXT: [u8; LINES + 1] = [b'\n'; LINES + 1];
        match str::from_utf8(&TEXT) {
            Ok(text) => text,
            Err(_) => "",
        }
    };
    const LONGEST: &str = LONG.split_at(LINES).0;
    Rule {
        remedy: "A file holds one idea in at most 400 lines: find the second idea and give it a file.",
        find,
        bad: &[(&[("crates/data/src/a.rs", LONG)], "crates/data/src/a.rs:401")],
        good: &[&[("crates/data/src/a.rs", LONGEST)]],
    }
}

pub(super) fn numbered_examples() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let own = |name: &str| name.split_once("/examples/").map(|(_, own)| own.to_owned());
        let is_numbered = |name: &str| {
            let start = name.as_bytes();
            start.len() > 3 && start[..2].iter().all(u8::is_ascii_digit) && start[2] == b'_'
        };
        let examples = files.iter().filter(|file| file.is_rust() && file.name.starts_with("crates/"));
        let plain = examples.filter(|file| own(&file.name).is_some_and(|name| !is_numbered(&name)));
        plain.map(|file| file.at(1, "an example without a number")).collect()
    }
    Rule {
        remedy: "Examples are read in order: 01_name.rs, 02_name.rs, ...",
        find,
        bad: &[(&[("crates/tensor/examples/tour.rs", "//! x")], "crates/tensor/examples/tour.rs:1")],
        good: &[&[("crates/tensor/examples/01_tour.rs", "//! x"), ("crates/tensor/src/tour.rs", "//! x")]],
    }
}

pub(super) fn shape_panics_blame_the_caller() -> Rule {
    /// From each `# Panics` to its function, `#[track_caller]` must come.
    fn find(files: &[File]) -> Vec<Finding> {
        let mut found = Vec::new();
        let core = ["crates/tensor/src/", "crates/autograd/src/"];
        for file in files.iter().filter(|file| core.iter().any(|home| file.name.starts_with(home))) {
            for (at, _) in file.text.match_indices("/// # Panics") {
                let mut after = file.text[at..].lines().skip(1).map(str::trim_start);
                let is_function = |line: &str| line.starts_with("fn ") || line.contains(" fn ");
                let stop = after.find(|line| {
                    *line == "#[track_caller]" || (!line.starts_with("//") && is_function(line)) || line.is_empty()
                });
                if stop.is_some_and(is_function) {
                    found.push(file.at(line_of(&file.text, at), "panics on its own line"));
                }
            }
        }
        found
    }
    Rule {
        remedy: "A shape mistake is the caller's: put `#[track_caller]` on the function, so that the panic names their line.",
        find,
        bad: &[(
            &[("crates/tensor/src/a.rs", "//! x\n/// F.\n/// # Panics\n/// If a fn is odd.\npub fn f() {}")],
            "crates/tensor/src/a.rs:3",
        )],
        good: &[
            &[("crates/tensor/src/a.rs", "/// # Panics\n/// If odd.\n#[track_caller]\npub fn f() {}")],
            &[("crates/data/src/a.rs", "/// # Panics\n/// If odd.\npub fn f() {}")],
        ],
    }
}

/// A closure does not inherit `#[track_caller]`: a panic in it names the closure's own line.
pub(super) fn panics_outside_closures() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let mut found = Vec::new();
        let core = ["crates/tensor/src/", "crates/autograd/src/"];
        for file in files.iter().filter(|file| core.iter().any(|home| file.name.starts_with(home))) {
            let code = file.shipped();
            let closures = code.match_indices("| panic!(");
            found.extend(closures.map(|(at, _)| file.at(line_of(&code, at), "a panic in a closure")));
        }
        found
    }
    Rule {
        remedy: "A closure loses the caller's line. Write `let Some(x) = .. else { panic!(..) }`, a `match`, or `expect`.",
        find,
        bad: &[(
            &[("crates/tensor/src/a.rs", "#[track_caller]\nfn f() {\n    r.unwrap_or_else(|e| panic!(\"{e}\"))\n}")],
            "crates/tensor/src/a.rs:3",
        )],
        good: &[&[(
            "crates/tensor/src/a.rs",
            "fn f() { let Some(x) = r else { panic!() }; }\n#[cfg(test)]\nmod tests { fn g() { r.unwrap_or_else(|| panic!()) } }",
        )]],
    }
}

pub(super) fn one_error_a_crate() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut found = Vec::new();
        for file in files.iter().filter(|file| file.is_product()) {
            let crate_name = file.name.split('/').nth(1).unwrap_or_default();
            let code = file.shipped();
            for (at, _) in code.match_indices("pub enum ") {
                let name = code[at + "pub enum ".len()..].split(|c: char| !c.is_alphanumeric()).next();
                if name.is_some_and(|name| name.ends_with("Error")) {
                    let count = seen.entry(crate_name).or_default();
                    *count += 1;
                    if *count > 1 {
                        found.push(file.at(line_of(&code, at), "a second error type in one crate"));
                    }
                }
            }
        }
        found
    }
    Rule {
        remedy: "One small Error enum a crate; each message names the path or field, the rule broken and the way out.",
        find,
        bad: &[(
            &[
                ("crates/data/src/a.rs", "pub enum Error { A }"),
                ("crates/data/src/b.rs", "\npub enum PackError { B }"),
                ("crates/models/src/b.rs", "pub enum Error { B }"),
            ],
            "crates/data/src/b.rs:2",
        )],
        good: &[&[("crates/data/src/a.rs", "pub enum Error { A }\npub enum Errors { A }")]],
    }
}
