//! Tensors: shapes, broadcasting, and buffers that are shared until somebody writes.
//!
//!     cargo run --package impasto-autograd --example 01_tensor
#![allow(clippy::print_stdout, reason = "an example prints")]

use impasto_tensor::{Random, Tensor};

fn main() {
    // A tensor is a shape and numbers, row by row. A picture is [N, C, H, W]: pictures, channels, height, width.
    let picture = Tensor::<f32>::from_fn([1, 3, 2, 2], |i| i as f32);
    println!("{:?}", picture.shape());

    // Closures say what happens to each number, or to each pair.
    let brighter = picture.map(|v| v * 1.1);
    let difference = brighter.zip(&picture, |a, b| a - b);
    println!("brighter by {:.2} on average", difference.mean());

    // Shapes that differ are stretched where one of them has length 1: a factor for each channel.
    let tint = Tensor::new([3, 1, 1], vec![1.0, 0.5, 0.0]);
    let tinted = picture.zip(&tint, |v, t| v * t);
    println!("sums by channel: {:?}", tinted.sum_axes(&[0, 2, 3]).data());

    // Movement: axes change places, parts are cut out and put together.
    let channels_last = picture.permute(&[0, 2, 3, 1]);
    println!("{:?} has the first pixel {:?}", channels_last.shape(), &channels_last.data()[..3]);

    // A clone shares the buffer, and writing to a shared buffer copies it first: nobody sees another's changes.
    let mut copy = picture.clone();
    assert!(copy.is_shared());
    copy.data_mut()[0] = 100.0;
    assert_eq!((picture.data()[0], copy.data()[0]), (0.0, 100.0));

    // Random numbers depend on a seed, a stream and a position, never on how many threads there are.
    let mut random = Random::new(7, 0);
    let a: Tensor = random.normal([64, 128], 0.0, 1.0);
    let b: Tensor = random.normal([128, 32], 0.0, 1.0);
    let product = a.matmul(&b);
    println!("a product {:?}, mean square {:.1}", product.shape(), product.dot(&product) / product.len() as f64);
}
