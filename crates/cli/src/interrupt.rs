//! Ctrl-C, and what else asks a program to end: a `kill`, a terminal that is closed. The first asks the run to save and end, a second
//! one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// What a shell sees of a program that Ctrl-C ended: 128 and the number of the signal. The others are told by it too.
pub(crate) const EXIT_CODE: u8 = 130;

/// Listens from now on.
pub(crate) fn listen() {
    #[allow(clippy::exit, reason = "a second Ctrl-C is not to wait for anything")]
    let heard = || {
        if ASKED.swap(true, Ordering::SeqCst) {
            #[cfg(feature = "tui")]
            crate::dashboard::leave();
            std::process::exit(EXIT_CODE.into());
        }
    };
    // Where no handler can be set, Ctrl-C ends the program as ever, and the last checkpoint stands.
    let _ = ctrlc::set_handler(heard);
}

/// Whether the run is to save and end.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
