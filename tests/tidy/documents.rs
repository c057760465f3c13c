//! The pages beside the code: what they promise exists.

use super::Rule;
use super::scan::{File, Finding, ending, line_of};

pub(super) fn readme_commands() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let readme = files.iter().filter(|file| file.name == "README.md");
        let lacks = |file: &File| {
            let missing = ["cargo run --release -- create", "cargo test --workspace"]
                .into_iter()
                .filter(|command| !file.text.contains(command));
            missing.map(|command| file.at(1, format!("does not name `{command}`"))).collect::<Vec<_>>()
        };
        readme.flat_map(lacks).collect()
    }
    Rule {
        remedy: "A newcomer types two commands; README names them.",
        find,
        bad: &[(&[("README.md", "Run `cargo run --release -- create`.")], "README.md:1")],
        good: &[&[("README.md", "`cargo run --release -- create` and `cargo test --workspace`")]],
    }
}

/// `a/b/../c` is `a/c`.
fn resolve(folder: &str, link: &str) -> String {
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(path.pop()),
            _ => path.push(part),
        }
    }
    path.join("/")
}

pub(super) fn links() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let exists = |path: &str| {
            let inside = format!("{path}/");
            files.iter().any(|file| file.name == path || file.name.starts_with(&inside))
        };
        let mut found = Vec::new();
        for file in files.iter().filter(|file| ending(&file.name) == "md") {
            let folder = file.name.rsplit_once('/').map_or("", |(folder, _)| folder);
            for (at, start) in file.text.match_indices("](") {
                let rest = &file.text[at + start.len()..];
                let link = rest[..rest.find([')', '\n']).unwrap_or(rest.len())].split('#').next().unwrap_or_default();
                let is_ours = !link.is_empty() && !link.contains(':');
                let is_comment = file.text[..at].rfind("<!--") > file.text[..at].rfind("-->");
                if is_ours && !is_comment && !exists(&resolve(folder, link)) {
                    found.push(file.at(line_of(&file.text, at), format!("`{link}` leads nowhere")));
                }
            }
        }
        found
    }
    Rule {
        remedy: "A relative link names a file or folder of the repository, seen from the page that has it.",
        find,
        bad: &[
            (&[("README.md", "\n[a](docs/a.md#b)")], "README.md:2"),
            (&[("docs/a.md", "[a](README.md)"), ("README.md", "")], "docs/a.md:1"),
        ],
        good: &[
            &[
                ("docs/adr/a.md", "[a](../../README.md#b) [b](b.md)\n<!-- [c](c.md) -->"),
                ("README.md", ""),
                ("docs/adr/b.md", ""),
            ],
            &[("README.md", "[a](https://example.org) [b](docs) [c](#d)"), ("docs/a.md", "")],
        ],
    }
}

pub(super) fn home_paths() -> Rule {
    fn find(files: &[File]) -> Vec<Finding> {
        let mut found = Vec::new();
        for folder in ["root", "home", "work", "Users"].map(|own| format!("/{own}/")) {
            for file in files {
                let absolute =
                    file.text.match_indices(&folder).map(|(at, _)| at).filter(|at| {
                        !file.text[..*at].ends_with(|c: char| c.is_alphanumeric() || ".-_/*}".contains(c))
                    });
                found.extend(absolute.map(|at| file.at(line_of(&file.text, at), format!("`{folder}..`"))));
            }
        }
        found
    }
    Rule {
        remedy: "A path of one machine means nothing on another: use a path inside the repository or an argument.",
        find,
        bad: &[(&[("docs/a.md", concat!("see\n`/ho", "me/me/weights`"))], "docs/a.md:2")],
        good: &[&[("docs/a.md", concat!("https://example.org/ho", "me/me and ../ro", "ot/x"))]],
    }
}

pub(super) fn decisions() -> Rule {
    const FOLDER: &str = "docs/adr/";
    const PARTS: [&str; 4] = ["\n## Context", "\n## Choice", "\n## Cost", "\n## Revisit when"];
    fn find(files: &[File]) -> Vec<Finding> {
        let index = files.iter().find(|file| file.name == "docs/adr/README.md").map_or("", |file| file.text.as_str());
        let records = files.iter().filter_map(|file| Some((file, file.name.strip_prefix(FOLDER)?)));
        let mut found = Vec::new();
        let mut number = 0;
        for (file, own) in records.filter(|(_, own)| *own != "README.md") {
            number += 1;
            if !own.starts_with(&format!("{number:04}-")) {
                found.push(file.at(1, format!("expected number {number:04}")));
            }
            if !index.contains(&format!("({own})")) {
                found.push(file.at(1, "not in docs/adr/README.md"));
            }
            let missing = PARTS.into_iter().filter(|part| !file.text.contains(part));
            found.extend(missing.map(|part| file.at(1, format!("no `{}`", part.trim()))));
        }
        found
    }
    Rule {
        remedy: "A decision is docs/adr/NNNN-title.md, numbered without gaps, listed in docs/adr/README.md, with Context, \
                 Choice, Cost and Revisit when.",
        find,
        bad: &[
            (
                &[
                    ("docs/adr/0001-a.md", "# 1\n## Context\n## Choice\n## Cost\n"),
                    ("docs/adr/README.md", "[1](0001-a.md)"),
                ],
                "docs/adr/0001-a.md:1",
            ),
            (
                &[
                    ("docs/adr/0002-a.md", "# 2\n## Context\n## Choice\n## Cost\n## Revisit when\n"),
                    ("docs/adr/README.md", "[2](0002-a.md)"),
                ],
                "docs/adr/0002-a.md:1",
            ),
            (
                &[("docs/adr/0001-a.md", "# 1\n## Context\n## Choice\n## Cost\n## Revisit when\n")],
                "docs/adr/0001-a.md:1",
            ),
        ],
        good: &[],
    }
}

pub(super) fn assets_have_sources() -> Rule {
    const FOLDER: &str = "crates/cli/assets/";
    /// Scripts that make assets and licence texts need a mention but no checksum.
    fn is_ours(own: &str) -> bool {
        ending(own) == "py" || own.starts_with("LICENSE")
    }
    fn find(files: &[File]) -> Vec<Finding> {
        let sources = files.iter().find(|file| file.name == "crates/cli/assets/SOURCES.md");
        let sources = sources.map_or("", |file| file.text.as_str());
        let assets = files.iter().filter_map(|file| Some((file, file.name.strip_prefix(FOLDER)?)));
        let mut found = Vec::new();
        for (file, own) in assets.filter(|(_, own)| *own != "SOURCES.md") {
            if !sources.contains(own) {
                found.push(file.at(1, "not in SOURCES.md"));
            } else if !is_ours(own) && !sources.contains(&file.sha256) {
                found.push(file.at(1, format!("SOURCES.md does not give its SHA-256, {}", file.sha256)));
            }
        }
        found
    }
    Rule {
        remedy: "Whatever we ship is listed in crates/cli/assets/SOURCES.md with its source, its licence and its checksum.",
        find,
        bad: &[
            (&[("crates/cli/assets/a.png", "x")], "crates/cli/assets/a.png:1"),
            (
                &[("crates/cli/assets/a.png", "x"), ("crates/cli/assets/SOURCES.md", "a.png: free, sum unknown")],
                "crates/cli/assets/a.png:1",
            ),
        ],
        good: &[&[
            ("crates/cli/assets/a.png", "x"),
            ("crates/cli/assets/SOURCES.md", "a.png 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"),
        ]],
    }
}
