//! Words that may stand in one place only.

use std::collections::BTreeMap;

use super::Rule;
use super::scan::{File, Finding, line_of, words};

/// Each of `needles` in the files that `guarded` picks, as far as they ship.
fn shipped_words(files: &[File], needles: &[&str], guarded: impl Fn(&str) -> bool) -> Vec<Finding> {
    let guarded = files.iter().filter(|file| file.is_product() && guarded(&file.name));
    guarded.flat_map(|file| words_in(file, &file.shipped(), needles)).collect()
}

/// The lines of `code` that have one of `needles`, each with the first of them.
fn words_in(file: &File, code: &str, needles: &[&str]) -> Vec<Finding> {
    let mut lines = BTreeMap::new();
    for needle in needles {
        for at in words(code, needle) {
            lines.entry(line_of(code, at)).or_insert(needle);
        }
    }
    lines.into_iter().map(|(line, needle)| file.at(line, format!("`{needle}`"))).collect()
}

pub(super) fn unsafe_code() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        const NEEDLES: [&str; 5] = ["unsafe", "target_feature", "std::arch", "core::arch", "std::simd"];
        let others = files.iter().filter(|file| file.is_rust() && !file.name.starts_with("crates/tensor/"));
        others.flat_map(|file| words_in(file, &file.code, &NEEDLES)).collect()
    }
    Rule {
        remedy: "Only crates/tensor uses SIMD and unsafe, with a SAFETY comment a block. Offer a safe function there.",
        find,
        bad: &[
            (&[("crates/models/src/a.rs", "//! x\nfn f() { unsafe { g() } }")], "crates/models/src/a.rs:2"),
            (&[("tests/a.rs", "//! x\n#[cfg(test)]\nunsafe fn f() {}")], "tests/a.rs:3"),
        ],
        good: &[
            &[("crates/tensor/src/simd.rs", "unsafe fn f() {}")],
            &[("crates/cli/src/a.rs", "// unsafe\n#![deny(unsafe_code)]\nfn f() -> &'static str { \"unsafe\" }")],
        ],
    }
}

pub(super) fn threads_in_libraries() -> Rule {
    const HOMES: [&str; 2] = ["crates/tensor/src/parallel.rs", "crates/data/src/workers.rs"];
    fn find(files: &[File]) -> Vec<Finding> {
        let guarded = |name: &str| !HOMES.contains(&name) && !name.starts_with("crates/cli/");
        shipped_words(files, &["rayon", "std::thread", "thread::spawn", "thread::scope", "thread_local"], guarded)
    }
    Rule {
        remedy: "Kernels share work through crates/tensor/src/parallel.rs, decoding through crates/data/src/workers.rs: \
                 that is why results do not depend on the number of threads.",
        find,
        bad: &[
            (&[("crates/tensor/src/map.rs", "//! x\nuse rayon::prelude::*;")], "crates/tensor/src/map.rs:2"),
            (&[("crates/data/src/a.rs", "fn f() { std::thread::scope(g) }")], "crates/data/src/a.rs:1"),
        ],
        good: &[
            &[("crates/tensor/src/parallel.rs", "use rayon::prelude::*;")],
            &[("crates/tensor/src/map.rs", "#[cfg(test)]\nmod tests {\n use rayon::ThreadPoolBuilder;\n}")],
        ],
    }
}

/// The program sizes the pool once, at its start; it runs nothing on it.
pub(super) fn threads_in_cli() -> Rule {
    const ALLOWED: [&str; 2] = ["rayon::ThreadPoolBuilder", "rayon::current_num_threads()"];
    fn find(files: &[File]) -> Vec<Finding> {
        let mut found = shipped_words(files, &["rayon", "std::thread", "thread::spawn", "thread::scope"], |name| {
            name.starts_with("crates/cli/")
                && !["crates/cli/src/main.rs", "crates/cli/src/interrupt.rs"].contains(&name)
        });
        for file in files.iter().filter(|file| file.name == "crates/cli/src/main.rs") {
            let uses = words(&file.code, "rayon").into_iter();
            let others = uses.filter(|at| !ALLOWED.iter().any(|word| file.code[*at..].starts_with(word)));
            found.extend(others.map(|at| file.at(line_of(&file.code, at), "more of rayon than the pool's size")));
        }
        found
    }
    Rule {
        remedy: "crates/cli/src/main.rs may size the pool to honour --threads and ask for its size, and \
                 crates/cli/src/interrupt.rs may wait for signals; work is shared out in \
                 crates/tensor/src/parallel.rs and crates/data/src/workers.rs.",
        find,
        bad: &[
            (&[("crates/cli/src/main.rs", "fn f() {\n    rayon::join(a, b);\n}")], "crates/cli/src/main.rs:2"),
            (&[("crates/cli/src/cmd/a.rs", "use rayon::ThreadPoolBuilder;")], "crates/cli/src/cmd/a.rs:1"),
        ],
        good: &[&[(
            "crates/cli/src/main.rs",
            "fn f() { rayon::ThreadPoolBuilder::new(); rayon::current_num_threads() }",
        )]],
    }
}

pub(super) fn files_on_disk() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        const NEEDLES: [&str; 10] = [
            "std::fs",
            "fs::",
            "File::",
            "OpenOptions",
            "tempfile",
            ".read_dir(",
            ".canonicalize(",
            ".is_file(",
            ".is_dir(",
            ".exists(",
        ];
        const HOMES: [&str; 3] = ["crates/data/", "crates/cli/", "crates/models/src/checkpoint"];
        shipped_words(files, &NEEDLES, |name| !HOMES.iter().any(|home| name.starts_with(home)))
    }
    Rule {
        remedy: "Only crates/data, crates/models/src/checkpoint and crates/cli touch files; others take bytes or tensors.",
        find,
        bad: &[
            (&[("crates/models/src/a.rs", "\nuse std::fs;")], "crates/models/src/a.rs:2"),
            (&[("crates/tensor/src/a.rs", "fn f() { File::open(p) }")], "crates/tensor/src/a.rs:1"),
            (&[("crates/autograd/src/a.rs", "fn f(p: &Path) { p.exists() }")], "crates/autograd/src/a.rs:1"),
        ],
        good: &[
            &[("crates/models/src/checkpoint.rs", "use std::fs;")],
            &[("crates/models/src/checkpoint/write.rs", "use std::fs;")],
            &[("crates/tensor/src/a.rs", "//! std::fs\nfn defs() { Defs::new() }")],
        ],
    }
}

pub(super) fn console_and_environment() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        const NEEDLES: [&str; 11] = [
            "println!",
            "eprintln!",
            "print!",
            "eprint!",
            "dbg!",
            "stdout()",
            "stderr()",
            "stdin()",
            "process::exit",
            "process::abort",
            "env::",
        ];
        shipped_words(files, &NEEDLES, |name| !name.starts_with("crates/cli/"))
    }
    Rule {
        remedy: "Libraries never print, exit or read the environment: return a value, an error or an event, and take a \
                 setting as an argument. Only crates/cli prints and exits.",
        find,
        bad: &[
            (&[("crates/data/src/a.rs", "fn f() {\n    println!(\"x\");\n}")], "crates/data/src/a.rs:2"),
            (&[("crates/models/src/a.rs", "fn f() { std::process::exit(1) }")], "crates/models/src/a.rs:1"),
            (&[("crates/tensor/src/a.rs", "fn f() { std::env::var(\"X\") }")], "crates/tensor/src/a.rs:1"),
        ],
        good: &[
            &[("crates/cli/src/a.rs", "fn f() { println!(\"x\") }")],
            &[("crates/tensor/examples/01_a.rs", "fn main() { println!(\"x\") }")],
            &[("crates/tensor/src/a.rs", "/// println!(\"x\")\nconst A: &str = env!(\"X\");")],
        ],
    }
}

pub(super) fn stubs() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        const NEEDLES: [&str; 4] = ["todo!", "unimplemented!", "#[ignore", "dbg!"];
        files.iter().filter(|file| file.is_rust()).flat_map(|file| words_in(file, &file.code, &NEEDLES)).collect()
    }
    Rule {
        remedy: "Finish it, or leave it out and say so in the CHANGELOG; a test that cannot run says aloud why it skips.",
        find,
        bad: &[
            (&[("crates/data/src/a.rs", "fn f() {\n    todo!()\n}")], "crates/data/src/a.rs:2"),
            (&[("tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}")], "tests/a.rs:2"),
        ],
        good: &[&[("tests/a.rs", "//! todo!()\nconst A: &str = \"unimplemented!()\";")]],
    }
}
