//! The processes that `mpirun` started: they train one model together.

use std::sync::Arc;

use impasto_models::team::{Alone, Team};

use crate::failure::Failure;

/// Where Open MPI and MPICH tell a process how many it is one of.
const SIZES: [&str; 2] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];

/// The team that this process is in; most are alone.
pub(crate) fn join() -> Result<Arc<dyn Team>, Failure> {
    let told = |name: &&str| std::env::var(name).ok()?.parse().ok();
    match SIZES.iter().filter_map(told).max().unwrap_or(1) {
        0 | 1 => Ok(Arc::new(Alone)),
        size => together(size),
    }
}

#[cfg(not(feature = "mpi"))]
fn together(size: usize) -> Result<Arc<dyn Team>, Failure> {
    let way_out = "build it with `cargo build --release --features mpi`, or start one process";
    Err(Failure::usage(format!(
        "this is one of {size} processes, and it was built without the feature `mpi`; {way_out}"
    )))
}

#[cfg(feature = "mpi")]
fn together(_: usize) -> Result<Arc<dyn Team>, Failure> {
    mpi_team::Mpi::join().map(|team| Arc::new(team) as Arc<dyn Team>)
}

/// Ends all processes of a team where one of them cannot go on: the others would wait for it for ever.
#[cfg_attr(not(feature = "mpi"), expect(unused_variables, reason = "a single process ends as ever"))]
pub(crate) fn give_up(team: &dyn Team, code: u8) {
    #[cfg(feature = "mpi")]
    if team.size() > 1 {
        mpi_team::abort(code);
    }
}

#[cfg(feature = "mpi")]
mod mpi_team {
    use mpi::Threading;
    use mpi::environment::Universe;
    use mpi::topology::SimpleCommunicator;
    use mpi::traits::{Communicator, CommunicatorCollectives, Root};

    use super::{Failure, Team};

    /// All processes of an `mpirun`. Ends MPI when it is dropped.
    pub(super) struct Mpi {
        _universe: Universe,
    }

    impl Mpi {
        pub(super) fn join() -> Result<Self, Failure> {
            // The thread that trains makes all the calls; the others only compute.
            let joined = mpi::initialize_with_threading(Threading::Funneled);
            let (universe, _) = joined.ok_or_else(|| Failure::usage("mpi: was begun before"))?;
            Ok(Self { _universe: universe })
        }
    }

    impl Team for Mpi {
        fn rank(&self) -> usize {
            SimpleCommunicator::world().rank() as usize
        }
        fn size(&self) -> usize {
            SimpleCommunicator::world().size() as usize
        }
        fn gather(&self, own: Vec<f32>) -> Vec<f32> {
            let mut all = vec![0.0; own.len() * self.size()];
            SimpleCommunicator::world().all_gather_into(&own[..], &mut all[..]);
            all
        }
        fn broadcast(&self, mut own: Vec<u8>) -> Vec<u8> {
            let world = SimpleCommunicator::world();
            let root = world.process_at_rank(0);
            let mut len = own.len() as u64;
            root.broadcast_into(&mut len);
            own.resize(len as usize, 0);
            // An empty buffer has no address, which MPI refuses.
            if len > 0 {
                root.broadcast_into(&mut own[..]);
            }
            own
        }
    }

    pub(super) fn abort(code: u8) -> ! {
        SimpleCommunicator::world().abort(code.into())
    }
}
