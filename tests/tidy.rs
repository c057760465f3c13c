//! Holds the promises of ARCHITECTURE.md that the compiler cannot: which crate may use what, and what must be absent.
//!
//! A promise is a [`Rule`]: how to find offenders, what they should do, and samples that it must catch. A rule without
//! a sample fails, because a check that cannot fail is decoration.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

mod documents;
mod forms;
mod manifests;
mod ops;
mod places;
mod scan;

use scan::{File, Finding};

/// Files by name and text, as a sample gives them.
type Sample = &'static [(&'static str, &'static str)];

/// One promise about the repository.
struct Rule {
    /// What an offender should do.
    remedy: &'static str,
    /// Every place that breaks the promise.
    find: fn(&[File]) -> Vec<Finding>,
    /// What must be caught, each once and at this `name:line`.
    bad: &'static [(Sample, &'static str)],
    /// What must pass: the near misses.
    good: &'static [Sample],
}

impl Rule {
    fn holds(&self) {
        let found = (self.find)(&REPOSITORY);
        let list: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert!(found.is_empty(), "{} offender(s)\n{}\n{}", found.len(), list.join("\n"), self.remedy);
    }

    fn can_fail(&self) {
        assert!(!self.bad.is_empty(), "give the rule a sample that it catches");
        for (sample, place) in self.bad {
            let found = (self.find)(&files(sample));
            let at = found.iter().map(Finding::place).collect::<Vec<_>>();
            assert_eq!(at, [*place], "{sample:?} gives {found:?}");
        }
        for sample in self.good {
            let found = (self.find)(&files(sample));
            assert!(found.is_empty(), "{sample:?} gives {found:?}");
        }
    }
}

/// Two tests a rule: the repository keeps it, and it catches its samples.
macro_rules! rules {
    ($($file:ident: $($rule:ident)+;)+) => {
        $(mod $file {$(
            mod $rule {
                use crate::tidy::$file::$rule;
                #[test]
                fn holds() { $rule().holds(); }
                #[test]
                fn can_fail() { $rule().can_fail(); }
            }
        )+})+
    };
}

mod rule {
    rules! {
        manifests: arrows outside_crates written_once strict_profiles;
        places: unsafe_code threads_in_libraries threads_in_cli files_on_disk console_and_environment stubs;
        forms: module_docs length numbered_examples shape_panics_blame_the_caller panics_outside_closures one_error_a_crate;
        ops: registered_by_table ops_have_rows fns_have_rows;
        documents: readme_commands links home_paths decisions assets_have_sources;
    }
}

/// Where the repository keeps its own files; any other folder at the top (build output, runs) is not ours, and neither is
/// `.git`, which in a worktree is a file.
const FOLDERS: [&str; 6] = [".ci", "benches", "crates", "docs", "examples", "tests"];

static REPOSITORY: LazyLock<Vec<File>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is inside the repository");
    let mut found = Vec::new();
    collect(root, "", &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
});

/// A rule about a file that has moved would hold for ever.
#[test]
fn what_the_rules_name_exists() {
    let named = [
        "Cargo.toml",
        "README.md",
        "crates/autograd/src/fns/mod.rs",
        "crates/autograd/src/ops/mod.rs",
        "crates/cli/assets/SOURCES.md",
        "crates/cli/src/main.rs",
        "crates/data/src/workers.rs",
        "crates/tensor/src/parallel.rs",
        "docs/adr/README.md",
    ];
    let missing: Vec<_> = named.into_iter().filter(|name| !REPOSITORY.iter().any(|file| file.name == *name)).collect();
    assert!(missing.is_empty(), "moved or missing: {missing:?}; adapt the rules in tests/tidy");
}

/// Reads every file of `root/under`; a binary file keeps its name and its digest.
fn collect(root: &Path, under: &str, found: &mut Vec<File>) {
    let folder = root.join(under);
    for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let entry = entry.expect("a readable folder");
        let own = entry.file_name().into_string().expect("names are UTF-8");
        let is_folder = entry.file_type().expect("a file type").is_dir();
        let name = if under.is_empty() { own.clone() } else { format!("{under}/{own}") };
        let skip = match under {
            "" => own == ".git" || is_folder && !FOLDERS.contains(&own.as_str()),
            _ => own == "target",
        };
        if skip {
            continue;
        }
        if is_folder {
            collect(root, &name, found);
        } else {
            found.push(File::from_bytes(name, fs::read(entry.path()).expect("a readable file")));
        }
    }
}

fn files(sample: Sample) -> Vec<File> {
    sample.iter().map(|(name, text)| File::from_bytes((*name).to_owned(), text.as_bytes().to_vec())).collect()
}
