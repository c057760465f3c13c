//! Movement and indexing against PyTorch. Indices are those of `fixtures/movement.py`.

use impasto_autograd::fns::{self, Padding};
use impasto_autograd::{Var, ops};
use impasto_tensor::conv::Window;

use super::functions::{agree, cases};

/// Indices that repeat and leave some out.
fn index(count: u32, below: u32) -> Vec<u32> {
    (0..count).map(|i| i * 7 / 3 % below).collect()
}

const WIDE: Window = Window { stride: [2, 3], padding: [[2; 2], [1; 2]], dilation: [1, 2], groups: 1 };

#[test]
fn movement_agrees_with_pytorch() {
    agree(
        "movement.safetensors",
        cases! {
            slice |x| fns::slice(&x[0], 1, 1..6, 2);
            split |x| {
                let parts = fns::split(&x[0], 1, &[1, 3, 1]);
                ops::concat(&[&parts[2], &parts[0]], 1)
            };
            chunk |x| {
                let parts = fns::chunk(&x[0], 2, 3);
                ops::concat(&[&parts[2], &parts[0]], 2)
            };
            stack_first |x| fns::stack(&[&x[0], &x[1], &x[2]], 0);
            stack_last |x| fns::stack(&[&x[0], &x[1]], 2);
            flip |x| fns::flip(&x[0], &[0, 2]);
            roll_on |x| fns::roll(&x[0], 1, 2);
            roll_back |x| fns::roll(&x[0], 1, -8);
            tile |x| fns::tile(&x[0], &[2, 1, 3]);
            repeat_interleave |x| fns::repeat_interleave(&x[0], 1, 3);
            pixel_shuffle |x| fns::pixel_shuffle(&x[0], 3);
            pixel_unshuffle |x| fns::pixel_unshuffle(&x[0], 3);
            pad_zero |x| fns::pad(&x[0], Padding::Zero, &[[1, 2], [0, 1], [2, 0]]);
            pad_reflect |x| fns::pad(&x[0], Padding::Reflect, &[[0, 0], [0, 0], [2, 3]]);
            pad_replicate |x| fns::pad(&x[0], Padding::Replicate, &[[0, 0], [1, 4], [2, 0]]);
            pad_circular |x| fns::pad(&x[0], Padding::Circular, &[[0, 0], [0, 0], [4, 1]]);
            index_select |x| fns::index_select(&x[0], 1, &[3, 0, 3, 2]);
            take_along_first |x| fns::take_along(&x[0], 0, &index(24, 2));
            take_along_middle |x| fns::take_along(&x[0], 1, &index(24, 5));
            take_along_last |x| fns::take_along(&x[0], 2, &index(6, 4));
            scatter_add_along |x| fns::scatter_add_along(&x[0], 1, &index(24, 5), 5);
            unfold |x| fns::unfold(&x[0], [2, 2], Window::default());
            unfold_wide |x| fns::unfold(&x[0], [3, 2], WIDE);
            fold |x| fns::fold(&x[0], [4, 3], [2, 2], Window::default());
            fold_wide |x| fns::fold(&x[0], [6, 5], [3, 2], WIDE);
        },
    );
}
