//! Buffers that are recycled instead of returned to the system.
//!
//! A fresh large block costs a page fault per 4 KiB, on a CPU a large part of a training step. A step that repeats
//! the shapes of the last one therefore finds every buffer it needs here and allocates nothing.
//!
//! A block is zeroed when it is first taken from the system and holds old numbers afterwards: its contents are
//! always initialised, never meaningful. That is what lets kernels ask for `Buffer::stale` memory and write every
//! element of it without `unsafe`.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::element::Element;

/// Every block begins on a cache line, which is also the width of the widest SIMD register.
const ALIGN: usize = 64;

/// A huge page. Blocks of two and more begin on one and ask the system for them: where it gives them on request only, as Linux
/// does by default, that makes a fresh block several times as fast to fill.
const HUGE: usize = 2 << 20;

/// Bytes of the largest block there can be: more than any machine has, and so few that rounding up does not overflow.
pub(crate) const MOST: usize = isize::MAX as usize / 4;

/// Idle bytes the pool keeps unless [`set_cap`] says otherwise.
const DEFAULT_CAP: usize = 4 << 30;

/// What the pool holds and has done since the start, or since [`reset_peak`] for the peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes of the blocks that tensors hold now.
    pub live: usize,
    /// The largest `live` there was.
    pub peak: usize,
    /// Bytes kept for reuse.
    pub idle: usize,
    /// Blocks taken from the system.
    pub fresh: u64,
    /// Blocks taken from the pool instead.
    pub reused: u64,
}

/// Reads the pool's statistics.
pub fn stats() -> Stats {
    pool().stats
}

/// Starts a new peak at the bytes that are live now.
pub fn reset_peak() {
    let mut pool = pool();
    pool.stats.peak = pool.stats.live;
}

/// Bounds the idle bytes; what is above the bound goes back to the system at once.
pub fn set_cap(bytes: usize) {
    let mut pool = pool();
    pool.cap = bytes;
    pool.shrink(bytes);
}

/// Gives all idle bytes back to the system.
#[allow(unsafe_code, reason = "glibc keeps what is freed unless it is asked")]
pub fn trim() {
    pool().shrink(0);
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it may be called at any time, by any thread, and touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// An idle block may be larger than what is asked for by 1/SLACK of that: idle blocks of many sizes would otherwise be kept
/// side by side, while few of them are in use at a time.
const SLACK: usize = 2;

struct Pool {
    free: BTreeMap<usize, Vec<SendPtr>>,
    stats: Stats,
    cap: usize,
}

struct SendPtr(NonNull<u8>);
#[allow(unsafe_code, reason = "a free block has no other owner")]
// SAFETY: the pointer is to a block that nobody else refers to, so it may move to any thread.
unsafe impl Send for SendPtr {}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    free: BTreeMap::new(),
    stats: Stats { live: 0, peak: 0, idle: 0, fresh: 0, reused: 0 },
    cap: DEFAULT_CAP,
});

fn pool() -> MutexGuard<'static, Pool> {
    // The pool's own code does not panic between two of its writes, so a poisoned lock is still consistent.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// The smallest idle block of `size` to `most` bytes, and its size.
    fn take(&mut self, size: usize, most: usize) -> Option<(SendPtr, usize)> {
        let (&size, blocks) = self.free.range_mut(size..=most).next()?;
        let ptr = blocks.pop().expect("a size with an entry has a block");
        if blocks.is_empty() {
            self.free.remove(&size);
        }
        self.stats.idle -= size;
        Some((ptr, size))
    }

    /// Releases idle blocks, the largest first, until at most `bytes` are left.
    fn shrink(&mut self, bytes: usize) {
        while self.stats.idle > bytes {
            let Some((&size, _)) = self.free.last_key_value() else { return };
            let (ptr, size) = self.take(size, size).expect("a size with an entry has a block");
            release(ptr.0, size);
        }
    }
}

fn layout(size: usize) -> Layout {
    let align = if size < 2 * HUGE { ALIGN } else { HUGE };
    Layout::from_size_align(size, align).expect("a tensor's size fits the address space")
}

#[allow(unsafe_code, reason = "aligned memory comes from the allocator directly")]
fn allocate(size: usize) -> NonNull<u8> {
    let layout = layout(size);
    // SAFETY: `size` is not zero (Block::new keeps empty buffers away from here).
    let Some(ptr) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
    #[cfg(target_os = "linux")]
    if layout.align() == HUGE {
        // SAFETY: advice on memory that was just allocated and begins on a page; it changes no contents, and refused it
        // changes nothing.
        unsafe { libc::madvise(ptr.as_ptr().cast(), size, libc::MADV_HUGEPAGE) };
    }
    // SAFETY: the block has `size` bytes and no other owner.
    unsafe { ptr.as_ptr().write_bytes(0, size) };
    ptr
}

#[allow(unsafe_code, reason = "the counterpart of allocate")]
fn release(ptr: NonNull<u8>, size: usize) {
    // SAFETY: the block came from `allocate` with this very size, and its one owner gives it up here.
    unsafe { dealloc(ptr.as_ptr(), layout(size)) }
}

/// Sizes step by an eighth of a power of two, so that a slightly different batch still finds its buffers and at most
/// an eighth of a fresh block is unused; of a recycled one it may be more, see [`SLACK`].
fn size_class(bytes: usize) -> usize {
    let step = (bytes.next_power_of_two() / 16).max(ALIGN);
    bytes.next_multiple_of(step)
}

/// Raw bytes that return to the pool when dropped.
struct Block {
    ptr: NonNull<u8>,
    size: usize,
}

impl Block {
    fn new(bytes: usize) -> Self {
        if bytes == 0 {
            return Self { ptr: NonNull::<u64>::dangling().cast(), size: 0 };
        }
        assert!(bytes <= MOST, "memory: {bytes} bytes are more than any machine has");
        let size = size_class(bytes);
        let mut pool = pool();
        let recycled = pool.take(size, size + size / SLACK);
        let size = recycled.as_ref().map_or(size, |found| found.1);
        pool.stats.live += size;
        pool.stats.peak = pool.stats.peak.max(pool.stats.live);
        if let Some((SendPtr(ptr), _)) = recycled {
            pool.stats.reused += 1;
            return Self { ptr, size };
        }
        pool.stats.fresh += 1;
        drop(pool);
        Self { ptr: allocate(size), size }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.size == 0 {
            return;
        }
        let mut pool = pool();
        pool.stats.live -= self.size;
        if pool.stats.idle + self.size <= pool.cap {
            pool.stats.idle += self.size;
            pool.free.entry(self.size).or_default().push(SendPtr(self.ptr));
        } else {
            drop(pool);
            release(self.ptr, self.size);
        }
    }
}

enum Store<T> {
    Pooled(Block),
    Adopted(Vec<T>),
}

/// `len` elements, from the pool or adopted from a `Vec`.
pub(crate) struct Buffer<T> {
    store: Store<T>,
    len: usize,
}

#[allow(unsafe_code, reason = "a block is owned memory, like the Vec beside it")]
// SAFETY: a Buffer owns its memory exclusively and T is a plain number, so it moves and is shared like a Vec<T>.
unsafe impl<T: Element> Send for Buffer<T> {}
#[allow(unsafe_code, reason = "as above")]
// SAFETY: shared access only reads.
unsafe impl<T: Element> Sync for Buffer<T> {}

impl<T: Element> Buffer<T> {
    /// `len` elements of initialised but meaningless values: for kernels that write every one of them.
    pub(crate) fn stale(len: usize) -> Self {
        Self { store: Store::Pooled(Block::new(len.saturating_mul(size_of::<T>()))), len }
    }

    /// Takes the vector over without copying.
    pub(crate) fn adopt(values: Vec<T>) -> Self {
        Self { len: values.len(), store: Store::Adopted(values) }
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];
    #[allow(unsafe_code, reason = "turns the owned block into a slice")]
    fn deref(&self) -> &[T] {
        match &self.store {
            Store::Adopted(values) => values,
            // SAFETY: the block is aligned to 64, holds at least `len` elements, and every byte was initialised when
            // it was allocated (zeroed); any bit pattern is a valid f32 or f64.
            Store::Pooled(block) => unsafe { std::slice::from_raw_parts(block.ptr.cast::<T>().as_ptr(), self.len) },
        }
    }
}
impl<T: Element> DerefMut for Buffer<T> {
    #[allow(unsafe_code, reason = "as for Deref")]
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.store {
            Store::Adopted(values) => values,
            // SAFETY: as for Deref, and `&mut self` makes the access exclusive.
            Store::Pooled(block) => unsafe { std::slice::from_raw_parts_mut(block.ptr.cast::<T>().as_ptr(), self.len) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_classes_waste_at_most_an_eighth() {
        for bytes in [1, 63, 64, 65, 1000, 4097, 100_000, (1 << 20) + 1, 123_456_789] {
            let class = size_class(bytes);
            assert!(class >= bytes && class.is_multiple_of(ALIGN));
            assert!(class - bytes <= (bytes / 8).max(ALIGN), "{bytes} -> {class}");
            assert_eq!(size_class(class), class);
        }
    }

    #[test]
    fn a_dropped_block_is_found_again_and_is_aligned() {
        // A size that no other test of this binary uses.
        let bytes = 77_777_777;
        let first = Block::new(bytes);
        let at = first.ptr;
        assert_eq!(at.as_ptr() as usize % ALIGN, 0);
        drop(first);
        assert_eq!(Block::new(bytes).ptr, at);
    }

    #[test]
    #[should_panic(expected = "are more than any machine has")]
    fn a_block_that_is_too_large_is_refused_before_it_is_counted() {
        Buffer::<f64>::stale((1 << 61) - 1);
    }

    #[test]
    fn empty_buffers_cost_nothing() {
        assert!(Buffer::<f32>::stale(0).is_empty());
    }
}
