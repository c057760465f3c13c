//! Which rows of the weights got no gradient in any of the last looks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::inspection::Inspection;
use super::watch::Dead;

/// Weights that an alarm names: a net that is cut off whole need not be listed whole.
const NAMED: usize = 4;

/// How long each row has been without a gradient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Idle {
    /// The rows that were idle at the last look, and at how many looks on end; weights without such rows are left out.
    rows: BTreeMap<String, Vec<(u32, u32)>>,
    /// The weights that were told of already.
    known: BTreeSet<String>,
}

impl Idle {
    /// Takes a look; says which weights are newly dead.
    pub(super) fn take(&mut self, inspection: &Inspection, watch: &Dead) -> Option<String> {
        let is_watched = |path: &str| !watch.frozen.iter().any(|start| path.starts_with(start.as_str()));
        let weights = || inspection.parameters.iter().filter(|p| p.is_weight && p.rows > 0 && is_watched(&p.path));
        let before = std::mem::take(&mut self.rows);
        for weight in weights().filter(|weight| !weight.idle.is_empty()) {
            let before = before.get(&weight.path).map_or(&[][..], Vec::as_slice);
            let looks = |row: &u32| before.binary_search_by_key(row, |seen| seen.0).map_or(0, |at| before[at].1);
            let rows = weight.idle.iter().map(|row| (*row, looks(row).saturating_add(1))).collect();
            self.rows.insert(weight.path.clone(), rows);
        }
        let is_old = |seen: &&(u32, u32)| seen.1 >= watch.looks;
        let count = |path: &str| self.rows.get(path).map_or(0, |rows| rows.iter().filter(is_old).count());
        let is_dead = |path: &str, all: usize| count(path) > 0 && count(path) as f64 >= watch.share * all as f64;
        let dead: Vec<_> = weights().filter(|p| is_dead(&p.path, p.rows)).collect();
        let known = dead.iter().map(|p| p.path.clone()).collect();
        let known = std::mem::replace(&mut self.known, known);
        let mut new = dead.into_iter().filter(|p| !known.contains(&p.path)).map(|p| match count(&p.path) {
            rows if rows == p.rows => p.path.clone(),
            rows => format!("{rows} of {} rows of {}", p.rows, p.path),
        });
        let named: Vec<String> = new.by_ref().take(NAMED).collect();
        let rest = match new.count() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        (!named.is_empty()).then(|| format!("no gradient in {} looks: {}{rest}", watch.looks, named.join(", ")))
    }
}
