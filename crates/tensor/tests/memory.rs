//! The bounds of the pool. A binary of its own: the pool is one for all threads.

use impasto_tensor::Tensor;
use impasto_tensor::memory::{set_cap, stats, trim};

#[test]
fn idle_memory_is_bounded_and_can_be_given_back() {
    const BYTES: usize = 4 << 20;
    let block = || Tensor::<f32>::zeros([BYTES / size_of::<f32>()]);
    let one = block();
    assert!(stats().live >= BYTES);
    drop(one);
    assert!(stats().idle >= BYTES);
    let fresh = stats().fresh;
    drop(block());
    assert_eq!(stats().fresh, fresh, "a block that was dropped is found again");
    set_cap(BYTES / 2);
    assert_eq!(stats().idle, 0, "what is above the bound goes back at once");
    drop(block());
    assert_eq!(stats().idle, 0, "and so does what would exceed it");
    set_cap(2 * BYTES);
    drop(block());
    assert!(stats().idle >= BYTES);
    trim();
    assert_eq!(stats().idle, 0);
}
