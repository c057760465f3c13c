//! Sees Rust sources as code only: comments, texts in quotes and test modules blanked, every line in its place.

use std::fmt;

use sha2::{Digest, Sha256};

/// One file of the repository.
pub(super) struct File {
    /// From the root, with forward slashes.
    pub(super) name: String,
    /// Empty if the file is not text.
    pub(super) text: String,
    /// Of a Rust source: the code without comments and without the contents of literals.
    pub(super) code: String,
    /// Of the bytes, in lower-case hexadecimal.
    pub(super) sha256: String,
}

impl File {
    pub(super) fn from_bytes(name: String, bytes: Vec<u8>) -> Self {
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        let sha256 = digest.map(|byte| format!("{byte:02x}")).concat();
        let text = String::from_utf8(bytes).unwrap_or_default();
        let code = if ending(&name) == "rs" { blank_literals(&text) } else { String::new() };
        Self { name, text, code, sha256 }
    }

    pub(super) fn is_rust(&self) -> bool {
        ending(&self.name) == "rs"
    }

    /// Whether this is a library's or the program's own source, not a test, bench or example.
    pub(super) fn is_product(&self) -> bool {
        let own = self.name.strip_prefix("crates/").and_then(|rest| rest.split_once('/'));
        let is_test = self.name.ends_with("/tests.rs") || self.name.contains("/tests/");
        self.is_rust() && own.is_some_and(|(_, path)| path.starts_with("src/")) && !is_test
    }

    /// The code that ships: without `#[cfg(test)]` items too.
    pub(super) fn shipped(&self) -> String {
        blank_tests(&self.code)
    }

    pub(super) fn at(&self, line: usize, what: impl fmt::Display) -> Finding {
        Finding { name: self.name.clone(), line, what: what.to_string() }
    }

    /// A finding at the first line that has `needle`, or at line 1.
    pub(super) fn at_text(&self, needle: &str, what: impl fmt::Display) -> Finding {
        let line = self.text.find(needle).map_or(1, |at| line_of(&self.text, at));
        self.at(line, what)
    }
}

/// A place that breaks a rule.
#[derive(Debug)]
pub(super) struct Finding {
    name: String,
    line: usize,
    what: String,
}

impl Finding {
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.name, self.line)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.name, self.line, self.what)
    }
}

/// What follows the last dot.
pub(super) fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// The line of a byte offset, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Offsets where `word` stands by itself, not inside a longer name.
pub(super) fn words(code: &str, word: &str) -> Vec<usize> {
    let joins = |a: Option<char>, b: Option<char>| a.is_some_and(in_name) && b.is_some_and(in_name);
    let alone = |at: &usize| {
        !joins(code[..*at].chars().next_back(), word.chars().next())
            && !joins(word.chars().next_back(), code[at + word.len()..].chars().next())
    };
    code.match_indices(word).map(|(at, _)| at).filter(alone).collect()
}

/// Replaces comments and the insides of string and character literals by spaces.
fn blank_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest).filter(|_| !code.ends_with(in_name) || code.ends_with('b')) {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_character(rest) {
            quoted(rest, '\'')
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[length..];
    }
    code
}

/// Length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < text.len() {
        let (step, change) = match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth = depth.saturating_add_signed(change);
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of the raw string that `text` begins with, if it does.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let body = after.trim_start_matches('#');
    let hashes = after.len() - body.len();
    let end = format!("\"{}", "#".repeat(hashes));
    let inner = body.strip_prefix('"')?;
    Some(2 + hashes + inner.find(&end)? + end.len())
}

/// Length of a literal that begins and ends with `quote`; a backslash hides what follows it.
fn quoted(text: &str, quote: char) -> usize {
    let mut hidden = false;
    for (at, c) in text.char_indices().skip(1) {
        if hidden {
            hidden = false;
        } else if c == '\\' {
            hidden = true;
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Tells `'a'` from the lifetime `'a`.
fn is_character(text: &str) -> bool {
    let mut inner = text.chars().skip(1);
    inner.next() == Some('\\') || inner.next() == Some('\'')
}

/// Blanks every item under `#[cfg(test)]`: up to its closing brace, or to the semicolon of one without a body.
fn blank_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        let length = item(&rest[at..]);
        kept.push_str(&rest[..at]);
        kept.extend(rest[at..at + length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[at + length..];
    }
    kept + rest
}

fn item(code: &str) -> usize {
    let (mut braces, mut others) = (0, 0);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => others += 1,
            ')' | ']' => others -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
        if braces == 0 && others == 0 && (c == '}' || c == ';') {
            return at + 1;
        }
    }
    code.len()
}

#[test]
fn only_code_remains() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("x\"y") + 1"#, "f(      ) + 1"),
        ("f(r#\"x\"y\"#) + br\"z\"", "f(        ) + b    "),
        (r"['\'', 'a', '\n'] &'a str", "[    ,    ,     ] &'a str"),
        ("r#type + bar\"\"", "r#type + bar  "),
    ];
    for (text, code) in cases {
        assert_eq!(blank_literals(text), code);
    }
    let tested = "a();\n#[cfg(test)]\nmod tests {\n fn f(x: [u8; 2]) { b() }\n}\nc();\n#[cfg(test)]\nmod t;\nd();";
    assert_eq!(blank_tests(tested).split_whitespace().collect::<String>(), "a();c();d();");
    assert_eq!(blank_tests(tested).lines().count(), tested.lines().count());
    assert_eq!(words("unsafe_code unsafe, not_unsafe", "unsafe"), [12]);
}
