//! Training by several processes, here as threads: the bits do not depend on how many there are.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use impasto_models::classifier::{Config, Net, Run, Settings};
use impasto_models::team::{Alone, Team};

use crate::shapes::{CLASSES, SIDE, Shapes};

/// A thread of several.
struct Member {
    rank: usize,
    board: Arc<Board>,
}

/// Where each thread puts what it has.
struct Board {
    places: Vec<Mutex<Vec<f32>>>,
    barrier: Barrier,
}

impl Team for Member {
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        self.board.places.len()
    }
    fn gather(&self, own: Vec<f32>) -> Vec<f32> {
        let Board { places, barrier } = &*self.board;
        *places[self.rank].lock().expect("no thread panics") = own;
        barrier.wait();
        let all = places.iter().flat_map(|place| place.lock().expect("no thread panics").clone()).collect();
        barrier.wait();
        all
    }
    fn broadcast(&self, _: Vec<u8>) -> Vec<u8> {
        unreachable!("a run has nothing to broadcast")
    }
}

fn run(net: Net, micro_batches: usize, team: Arc<dyn Team>) -> Run<Shapes> {
    let config = Config { net, ..Config::new(1, SIDE, CLASSES.map(str::to_owned).to_vec(), 4) };
    let settings = Settings { steps: 4, micro_batches, mixup: 0.3, ema: 0.9, clip: 1.0, ..Settings::default() };
    Run::new(config, settings, Shapes::new(3, 10)).expect("settings in range").in_team(team).expect("equal shares")
}

/// The checkpoint behind four steps, and what they reported.
fn trained(mut run: Run<Shapes>) -> (Vec<u8>, Vec<impasto_models::Event>) {
    let events = (0..4).map(|_| run.step()).collect();
    (run.checkpoint("").to_bytes().expect("a checkpoint that can be written"), events)
}

#[test]
fn any_number_of_processes_gives_the_same_bytes() {
    for (net, parts) in [(Net::Plain, 4), (Net::Resnet, 2), (Net::Vgg, 8)] {
        let alone = trained(run(net, parts, Arc::new(Alone)));
        for size in [2, 4].into_iter().filter(|size| parts % size == 0) {
            let places = (0..size).map(|_| Mutex::default()).collect();
            let board = Arc::new(Board { places, barrier: Barrier::new(size) });
            let members = (0..size).map(|rank| {
                let board = Arc::clone(&board);
                thread::spawn(move || trained(run(net, parts, Arc::new(Member { rank, board }))))
            });
            for (rank, member) in members.collect::<Vec<_>>().into_iter().enumerate() {
                assert!(member.join().expect("no panic") == alone, "{net:?}, {rank} of {size}");
            }
        }
        let whole = trained(run(net, 1, Arc::new(Alone)));
        assert!(whole.0 != alone.0, "else the parts were not taken");
    }
}

#[test]
fn unequal_shares_are_refused() {
    let settings = Settings { micro_batches: 3, ..Settings::default() };
    let config = Config::new(1, SIDE, CLASSES.map(str::to_owned).to_vec(), 4);
    let run = Run::new(config, settings, Shapes::new(3, 10)).expect("settings in range");
    let error = run.in_team(Arc::new(impasto_models::team::Echo(2))).err().expect("3 parts for 2");
    assert_eq!(error.to_string(), "micro_batches: expected a multiple of 2 processes, got 3");
}
