//! The weights as products read them: for each group, family and run of channels, panels of six outputs with the inner length
//! (channel, tap) outermost.

use std::ops::Range;

use crate::conv::lower::{Family, Lowered};
use crate::gemm::tile::{Operand, ROWS};
use crate::memory::Buffer;
use crate::parallel;

/// Inner length of a run: so much of a strip of places stays in the first cache while all outputs pass by.
const DEPTH: usize = 256;

/// Outputs up to which each place is read so rarely that runs need not stay in the first cache.
const FEW_OUTPUTS: usize = 12;

/// Channels that make the inner length of a run.
pub(super) fn depth(lowered: &Lowered) -> usize {
    let taps = lowered.families.iter().map(|f| f.taps.len()).max().unwrap_or(0);
    if lowered.outputs / lowered.groups <= FEW_OUTPUTS { usize::MAX } else { DEPTH / taps.max(1) }
}

/// All weights of a convolution.
pub(super) struct Filters {
    channels: usize,
    /// Channels of a run.
    run: usize,
    /// Outputs of a group, in whole panels.
    outputs: usize,
    /// Weights, and taps, of each family, group by group.
    families: Vec<(Buffer<f32>, usize)>,
}

impl Filters {
    pub(super) fn new(lowered: &Lowered, run: usize, w: &[f32]) -> Self {
        let channels = lowered.channels / lowered.groups;
        let outputs = lowered.outputs / lowered.groups;
        let empty = Self { channels, run, outputs: outputs.next_multiple_of(ROWS), families: Vec::new() };
        let group = |g: usize| &w[g * lowered.group..];
        let all = (0..lowered.groups).flat_map(|g| lowered.families.iter().map(move |f| (g, f)));
        let families = all.map(|(g, f)| (empty.arrange(lowered, f, outputs, group(g)), f.taps.len())).collect();
        Self { families, ..empty }
    }

    /// A group's weights for a family.
    fn arrange(&self, lowered: &Lowered, family: &Family, outputs: usize, w: &[f32]) -> Buffer<f32> {
        let taps = family.taps.len();
        let mut out = Buffer::stale(self.channels * taps * self.outputs);
        parallel::chunks(&mut out, self.run * taps * self.outputs, |r, out| {
            let channels = r * self.run..((r + 1) * self.run).min(self.channels);
            for (panel, out) in out.chunks_mut(channels.len() * taps * ROWS).enumerate() {
                let rows = panel * ROWS..((panel + 1) * ROWS).min(outputs);
                for (c, out) in channels.clone().zip(out.chunks_mut(taps * ROWS)) {
                    for (tap, out) in family.taps.iter().zip(out.chunks_mut(ROWS)) {
                        for (o, v) in rows.clone().zip(out) {
                            *v = w[o * lowered.weights[0] + c * lowered.weights[1] + tap.weight];
                        }
                    }
                }
            }
        });
        out
    }

    /// The runs of channels.
    pub(super) fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        (0..self.channels).step_by(self.run).map(|c| c..(c + self.run).min(self.channels))
    }

    /// The weights of a run of channels, for the family with this number, counted through the groups.
    pub(super) fn run(&self, family: usize, run: &Range<usize>) -> Operand {
        let (weights, taps) = &self.families[family];
        let at = weights[run.start * taps * self.outputs..].as_ptr();
        Operand { at, step: ROWS, panel: run.len() * taps * ROWS }
    }
}
