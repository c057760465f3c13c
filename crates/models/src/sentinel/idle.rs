//! Which rows of the weights got no gradient in any of the last looks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::inspection::Inspection;
use super::watch::Dead;

/// Looks are taken in groups of [`Dead::looks`]; a row that was idle in all of a group's is dead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Idle {
    looks: u32,
    /// The rows that were idle at every look of this group; weights without such rows are left out.
    rows: BTreeMap<String, Vec<u32>>,
    /// The weights that were told of already.
    known: BTreeSet<String>,
}

impl Idle {
    /// Takes a look; at the end of a group says which weights are newly dead.
    pub(super) fn take(&mut self, inspection: &Inspection, watch: &Dead) -> Option<String> {
        let is_watched = |path: &str| !watch.frozen.iter().any(|start| path.starts_with(start.as_str()));
        let weights = || inspection.parameters.iter().filter(|p| p.is_weight && p.rows > 0 && is_watched(&p.path));
        let both =
            |before: Vec<u32>, now: &[u32]| before.into_iter().filter(|row| now.binary_search(row).is_ok()).collect();
        let mut before = std::mem::take(&mut self.rows);
        for weight in weights() {
            let rows: Vec<u32> = match (self.looks, before.remove(&weight.path)) {
                (0, _) => weight.idle.clone(),
                (_, Some(before)) => both(before, &weight.idle),
                (_, None) => Vec::new(),
            };
            if !rows.is_empty() {
                self.rows.insert(weight.path.clone(), rows);
            }
        }
        self.looks += 1;
        if self.looks < watch.looks {
            return None;
        }
        self.looks = 0;
        let rows = std::mem::take(&mut self.rows);
        let count = |path: &str| rows.get(path).map_or(0, Vec::len);
        let is_dead = |path: &str, all: usize| count(path) > 0 && count(path) as f64 >= watch.share * all as f64;
        let dead: Vec<_> = weights().filter(|p| is_dead(&p.path, p.rows)).collect();
        let known = dead.iter().map(|p| p.path.clone()).collect();
        let known = std::mem::replace(&mut self.known, known);
        let mut new = dead.into_iter().filter(|p| !known.contains(&p.path)).map(|p| match count(&p.path) {
            rows if rows == p.rows => p.path.clone(),
            rows => format!("{rows} of {} rows of {}", p.rows, p.path),
        });
        /// A net that is cut off whole need not be listed whole.
        const NAMED: usize = 4;
        let named: Vec<String> = new.by_ref().take(NAMED).collect();
        let rest = match new.count() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        (!named.is_empty()).then(|| format!("no gradient in {} looks: {}{rest}", watch.looks, named.join(", ")))
    }
}
