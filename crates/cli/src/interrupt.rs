//! Ctrl-C and `kill`: the first asks the run to save and end, a second one ends the program at once. A terminal that is closed ends it as
//! ever, unless it was begun with `nohup`.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

static ASKED: AtomicBool = AtomicBool::new(false);

/// What a shell sees of a program that Ctrl-C ended: 128 and the number of the signal. After a `kill` too.
pub(crate) const EXIT_CODE: u8 = 130;

/// Listens from now on. Where no handler can be set, the program is ended as ever, and the last checkpoint stands.
pub(crate) fn listen() {
    // Who listens twice hears everything twice.
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| {
        #[cfg(unix)]
        if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) {
            std::thread::spawn(move || signals.forever().for_each(|_| heard()));
        }
        #[cfg(not(unix))]
        let _ = ctrlc::set_handler(heard);
    });
}

#[allow(clippy::exit, reason = "a second request is not to wait for anything")]
fn heard() {
    if ASKED.swap(true, Ordering::SeqCst) {
        #[cfg(feature = "tui")]
        crate::dashboard::leave();
        std::process::exit(EXIT_CODE.into());
    }
}

/// Whether the run is to save and end.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
