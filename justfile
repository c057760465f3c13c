# The index of commands. Each is one plain line, so nobody needs `just` to build impasto.

# Formatting, lints and links, warnings denied.
check:
    cargo fmt --all --check && cargo clippy --workspace --features impasto/tui --all-targets -- -D warnings

# Everything that can be wrong, in one go.
test:
    cargo test --workspace

# A table of every operation with its worst gradient error.
gradcheck:
    cargo run --release -- check

# Whether a release build contains its vector instructions instead of calling them.
inlined:
    cargo build --release && .ci/inlined

# The kernels under AddressSanitizer (with a nightly toolchain) and valgrind, as far as they are there.
sanitize:
    .ci/sanitize

# Speed, as ratios measured in one run.
bench:
    cargo bench --package impasto-tensor && cargo run --release -- bench

# The API documentation of our own crates.
doc:
    cargo doc --workspace --no-deps --open

# The whole way of an AI image, in about five minutes.
demo:
    cargo run --release -- create
