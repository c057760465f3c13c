//! Keys that nobody knows are slips of the hand: they are refused, and the nearest known one is named.

use toml::{Table, Value};

/// How alike two keys must be for one to be meant for the other.
const ALIKE: f64 = 0.7;

/// Refuses keys that `known` does not have.
pub(super) fn check(table: &Table, known: &Table) -> Result<(), String> {
    check_below("", table, known, known)
}

fn check_below(path: &str, table: &Table, known: &Table, all: &Table) -> Result<(), String> {
    for (key, value) in table {
        let full = format!("{path}{key}");
        match (known.get(key), value) {
            (Some(Value::Table(known)), Value::Table(table)) => check_below(&format!("{full}."), table, known, all)?,
            (Some(Value::Table(_)), _) => return Err(format!("`{full}` is a section, not a value")),
            (Some(_), _) => {}
            (None, _) => return Err(unknown(&full, key, all)),
        }
    }
    Ok(())
}

fn unknown(full: &str, key: &str, all: &Table) -> String {
    let mut known = Vec::new();
    list("", all, &mut known);
    // The key alone counts too: it may stand in the wrong section.
    let likeness = |candidate: &String| {
        let last = candidate.rsplit('.').next().unwrap_or(candidate);
        strsim::normalized_damerau_levenshtein(full, candidate).max(strsim::normalized_damerau_levenshtein(key, last))
    };
    let most = known.iter().map(&likeness).fold(ALIKE, f64::max);
    // Several, where a key stands in more than one section.
    let nearest: Vec<String> = known.iter().filter(|key| likeness(key) >= most).map(|key| format!("`{key}`")).collect();
    match &nearest[..] {
        [] => format!("there is no setting `{full}`; a run's config.toml holds all there are"),
        nearest => format!("there is no setting `{full}`; did you mean {}?", nearest.join(" or ")),
    }
}

fn list(path: &str, table: &Table, into: &mut Vec<String>) {
    for (key, value) in table {
        into.push(format!("{path}{key}"));
        if let Value::Table(table) = value {
            list(&format!("{path}{key}."), table, into);
        }
    }
}
