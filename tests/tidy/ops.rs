//! The tables that bind an operation to its gradient check, and that nothing goes round them.

use super::Rule;
use super::scan::{File, Finding, line_of, words};

/// What stands between the braces of every `name! { .. }` in `file`.
fn table(files: &[File], file: &str, name: &str) -> Option<String> {
    let file = files.iter().find(|f| f.name == file)?;
    let call = format!("\n{name}! {{");
    let code = format!("\n{}", file.shipped());
    let bodies = code.match_indices(&call).map(|(at, _)| {
        let body = &code[at + call.len()..];
        &body[..body.find("\n}").unwrap_or(body.len())]
    });
    let rows: String = bodies.collect();
    (!rows.is_empty()).then_some(rows)
}

pub(super) fn registered_by_table() -> Rule {
    /// The tests of the checker plant rules that a table would reject, which is the point of them.
    const HOMES: [&str; 3] =
        ["crates/autograd/src/ops/mod.rs", "crates/autograd/src/declare.rs", "tests/checker/planted.rs"];
    fn find(files: &[File]) -> Vec<Finding> {
        let may = |name: &str| HOMES.contains(&name) || name.starts_with("crates/autograd/src/kinds/");
        let mut found = Vec::new();
        for file in files.iter().filter(|file| file.is_rust() && !may(&file.name)) {
            let code = &file.code;
            let by_hand = words(code, "Registered")
                .into_iter()
                .filter(|at| code[at + "Registered".len()..].trim_start().starts_with("for "));
            found.extend(by_hand.map(|at| file.at(line_of(code, at), "`Registered` by hand")));
        }
        found
    }
    Rule {
        remedy: "Give the op a row in `ops!` of crates/autograd/src/ops/mod.rs (or use the public macro outside the \
                 crate): the row is what checks its gradient.",
        find,
        bad: &[
            (&[("crates/autograd/src/ops/a.rs", "//! x\nimpl Registered for A {}")], "crates/autograd/src/ops/a.rs:2"),
            (
                &[("crates/models/src/a.rs", "impl<P: Registered> impasto_autograd::Registered\n    for Map<P> {}")],
                "crates/models/src/a.rs:1",
            ),
            (&[("tests/engine.rs", "impl Registered for A {}")], "tests/engine.rs:1"),
        ],
        good: &[&[("crates/autograd/src/kinds/pointwise.rs", "impl<P: Registered> Registered for Map<P> {}")]],
    }
}

pub(super) fn ops_have_rows() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        const FOLDER: &str = "crates/autograd/src/ops/";
        let rows = table(files, "crates/autograd/src/ops/mod.rs", "ops").unwrap_or_default();
        let mut found = Vec::new();
        for file in files.iter().filter(|file| file.is_rust()) {
            let Some(module) = file.name.strip_prefix(FOLDER).and_then(|own| own.strip_suffix(".rs")) else { continue };
            if module == "mod" && rows.is_empty() {
                found.push(file.at(1, "no table `ops! { .. }`"));
            } else if module != "mod" && words(&rows, &format!("{module}::")).is_empty() {
                found.push(file.at(1, format!("no row `{module}::..` in `ops!`")));
            }
        }
        found
    }
    Rule {
        remedy: "Every file of crates/autograd/src/ops has a row in `ops!` of its mod.rs.",
        find,
        bad: &[
            (
                &[
                    ("crates/autograd/src/ops/mod.rs", "mod add; mod mul;\nops! {\n    linear add::Add;\n}"),
                    ("crates/autograd/src/ops/add.rs", ""),
                    ("crates/autograd/src/ops/mul.rs", ""),
                ],
                "crates/autograd/src/ops/mul.rs:1",
            ),
            (&[("crates/autograd/src/ops/mod.rs", "mod add;")], "crates/autograd/src/ops/mod.rs:1"),
        ],
        good: &[],
    }
}

pub(super) fn fns_have_rows() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        const FOLDER: &str = "crates/autograd/src/fns/";
        let rows = table(files, "crates/autograd/src/fns/mod.rs", "composites").unwrap_or_default();
        let mut found = Vec::new();
        for file in files.iter().filter(|file| file.is_rust() && file.name.starts_with(FOLDER)) {
            let code = file.shipped();
            for (at, start) in code.match_indices("\npub fn ") {
                let name = code[at + start.len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next();
                let name = name.unwrap_or_default();
                if words(&rows, name).is_empty() {
                    found.push(file.at(line_of(&code, at + 1), format!("no row for `{name}` in `composites!`")));
                }
            }
        }
        found
    }
    Rule {
        remedy: "Every public function of crates/autograd/src/fns has a row in `composites!` of its mod.rs, which checks its gradient.",
        find,
        bad: &[(
            &[
                ("crates/autograd/src/fns/mod.rs", "composites! {\n    mean;\n}"),
                ("crates/autograd/src/fns/a.rs", "//! x\npub fn mean() {}\nfn own() {}\npub fn variance() {}"),
            ],
            "crates/autograd/src/fns/a.rs:4",
        )],
        good: &[],
    }
}
