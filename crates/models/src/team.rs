//! [`Team`]: processes that train one model together, each from its parts of every batch.
//!
//! All of them hold the whole state and change it alike. A step takes its batch in parts, the processes take turns at the parts,
//! and each adds up what all parts teach in the order of the parts: however many processes there are, the sums are the same, bit
//! for bit.

/// Processes that can pass numbers on to each other. All of them make the same calls in the same order.
pub trait Team: Send + Sync {
    /// Which of the processes this is: 0, 1, ..
    fn rank(&self) -> usize;
    /// How many there are.
    fn size(&self) -> usize;
    /// What the processes have, one behind the other in the order of their ranks. All of them give the same number of values.
    fn gather(&self, own: Vec<f32>) -> Vec<f32>;
    /// What the process of rank 0 gives.
    fn broadcast(&self, own: Vec<u8>) -> Vec<u8>;
}

/// A single process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Team for Alone {
    fn rank(&self) -> usize {
        0
    }
    fn size(&self) -> usize {
        1
    }
    fn gather(&self, own: Vec<f32>) -> Vec<f32> {
        own
    }
    fn broadcast(&self, own: Vec<u8>) -> Vec<u8> {
        own
    }
}

/// Stands in for a team where only the time counts and the memory: it has as much to do as one of so many processes, and hears
/// only itself.
#[derive(Clone, Copy, Debug)]
pub struct Echo(pub usize);

impl Team for Echo {
    fn rank(&self) -> usize {
        0
    }
    fn size(&self) -> usize {
        self.0
    }
    fn gather(&self, own: Vec<f32>) -> Vec<f32> {
        own.repeat(self.0)
    }
    fn broadcast(&self, own: Vec<u8>) -> Vec<u8> {
        own
    }
}
