//! The proof of same work: from a peer's weights and batch, three steps of ours give the peer's losses.

use std::path::Path;

use impasto_models::Checkpoint;
use serde_json::json;

use super::Group;
use super::nets::Start;
use crate::failure::Failure;
use crate::ui::Ui;

/// Prints the losses of every network among `chosen`, begun from `FOLDER/NAME.safetensors`: a checkpoint of kind `bench`
/// with the parts `weights` and `batch`.
pub(super) fn run<'g>(
    chosen: impl Iterator<Item = &'g (&'static str, Group)>,
    folder: &Path,
    ui: &Ui,
) -> Result<(), Failure> {
    for (name, group) in chosen {
        let Group::Network(network) = group else { continue };
        let path = folder.join(format!("{name}.safetensors"));
        let file = Checkpoint::load_kind(&path, "bench")?;
        let start = Start { weights: file.part("weights"), batch: file.part("batch") };
        let network = network();
        let line = network.name.clone();
        let losses = network.three_steps(start).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
        let text = losses.iter().fold(line.clone(), |text, loss| format!("{text}  {loss:.6e}"));
        ui.result(text, &json!({ "name": line, "losses": losses }));
    }
    Ok(())
}
