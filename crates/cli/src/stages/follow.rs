//! A training by several processes: the first one leads, the others follow. They take the same steps and hold the same state; what
//! only the first one knows, it shares: a checkpoint to go on from, and whether the run ends early.

use std::path::Path;

use impasto_models::Checkpoint;
use impasto_models::engine::Verdict;
use impasto_models::team::Team;

use super::job::{Course, Job, begin};
use crate::failure::Failure;

/// What messages of followers call a checkpoint that the first process sent.
const SENT: &str = "the first process's checkpoint";

/// Gives the others a checkpoint to go on from, or none.
pub(super) fn share_checkpoint(team: &dyn Team, checkpoint: Option<&Checkpoint>) -> Result<(), Failure> {
    if team.size() > 1 {
        team.broadcast(checkpoint.map(Checkpoint::to_bytes).transpose()?.unwrap_or_default());
    }
    Ok(())
}

/// Tells the others whether the run ends after this step.
pub(super) fn share_end(team: &dyn Team, ends: bool) {
    if team.size() > 1 {
        team.broadcast(vec![ends.into()]);
    }
}

/// Trains with the first process, and writes nothing.
pub(crate) fn follow<J: Job>(job: &J, course: &Course) -> Result<(), Failure> {
    let team = &*course.team;
    let sent = || {
        let bytes = team.broadcast(Vec::new());
        (!bytes.is_empty()).then(|| Checkpoint::from_bytes(Path::new(SENT), &bytes)).transpose()
    };
    let mut engine = begin(job, course)?;
    if let Some(checkpoint) = sent()? {
        engine.restore(&checkpoint, Path::new(SENT))?;
    }
    while engine.steps().left() > 0 {
        match engine.turn().verdict {
            Verdict::Stop => return Ok(()),
            Verdict::RollBack => {
                let checkpoint = sent()?.expect("the first process goes back to a checkpoint, or ends all");
                engine.roll_back(&checkpoint, Path::new(SENT))?;
            }
            Verdict::GoOn | Verdict::Save | Verdict::Done => {
                if team.broadcast(Vec::new()) == [1] {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
