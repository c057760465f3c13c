//! Mistakes in how pictures are pooled, drawn anew and normalised: their panics, too, name the caller's line.

use impasto_autograd::{Var, fns};
use impasto_tensor::conv::Window;
use impasto_tensor::{Interpolation, Random, Tensor};

use super::blame::panic_of;

#[test]
fn misfits_of_pictures_name_the_callers_line() {
    let v = |shape: &[usize]| Var::<f64>::param(Tensor::ones(shape));
    let (picture, flat, row) = (v(&[1, 2, 4, 4]), v(&[6]), v(&[1, 5]));
    let seeds = Random::new(0, 0);
    let mut wrong = Vec::new();
    macro_rules! blames {
        ($mistake:expr) => {
            match panic_of(&|| _ = $mistake) {
                Some(((file, line), _)) if file == file!() && line == line!() => {}
                other => wrong.push(format!("{}: {other:?}", stringify!($mistake))),
            }
        };
    }
    let average = fns::AvgPool { kernel: 3, stride: 1, padding: 2, count_padding: true };
    blames!(fns::avg_pool2d_padded(&flat, average));
    blames!(fns::avg_pool2d_padded(&picture, average));
    blames!(fns::l2_pool2d(&picture, 5, 2));
    blames!(fns::adaptive_avg_pool2d(&flat, [2, 2]));
    blames!(fns::adaptive_max_pool2d(&flat, [2, 2]));
    blames!(fns::resize2d(&flat, [2, 2], Interpolation::Nearest));
    blames!(fns::upfirdn2d(&flat, &[1.0], [1, 1], fns::Padding::Zero));
    blames!(fns::upfirdn2d(&picture, &[1.0, -1.0], [1, 1], fns::Padding::Zero));
    blames!(fns::upfirdn2d(&picture, &[1.0], [0, 1], fns::Padding::Zero));
    blames!(fns::affine_grid(&flat, [2, 2], true));
    blames!(fns::grid_sample(&picture, &picture, fns::Padding::Zero, true));
    blames!(fns::grid_sample(&picture, &v(&[2, 3, 3, 2]), fns::Padding::Zero, true));
    blames!(fns::layer_norm(&row, &flat, &flat, 1e-5));
    blames!(fns::layer_norm(&flat, &flat, &row, 1e-5));
    blames!(fns::pixel_norm(&flat, 1e-8));
    let vectors = fns::SingularVectors::random(&[2, 3].into(), &mut seeds.clone());
    blames!(fns::spectral_norm(&row, &vectors));
    blames!(vectors.clone().improved(row.value(), 1));
    blames!(fns::SingularVectors::<f32>::random(&[].into(), &mut seeds.clone()));
    blames!(fns::modulated_conv2d(&flat, &picture, &row, Window::new(1, 1), 1e-8));
    blames!(fns::modulated_conv2d(&picture, &picture, &row, Window::new(1, 1), 1e-8));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
