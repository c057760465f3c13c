//! A data set as the batches that a training run takes: the one place where data and models meet.

use std::sync::Arc;

use impasto_data::{Batches as Order, Dataset};
use impasto_models::{Batch, Batches};

use crate::failure::Failure;

/// Batches of a data set in seeded random order.
#[derive(Clone)]
pub(crate) struct Feed {
    data: Arc<Dataset>,
    order: Order,
}

impl Feed {
    pub(crate) fn new(data: &Arc<Dataset>, size: usize, seed: u64) -> Result<Self, Failure> {
        let order = Order::new(data.len(), size, seed)?;
        Ok(Self { data: Arc::clone(data), order })
    }
}

impl Batches for Feed {
    fn next(&mut self) -> Batch {
        let indices = self.order.next_indices();
        Batch { images: self.data.tensor(&indices), labels: self.data.labels_of(&indices).unwrap_or_default() }
    }
    fn position(&self) -> u64 {
        self.order.position()
    }
    fn seek(&mut self, position: u64) {
        self.order.seek(position);
    }
}
