//! Drawing pictures anew against PyTorch: at any size, through filters, from the points of a grid.

use impasto_autograd::Var;
use impasto_autograd::fns::{Padding, affine_grid, grid_sample, resize2d, upfirdn2d};
use impasto_tensor::Interpolation;

use super::functions::{agree, cases};

const NEAREST: Interpolation = Interpolation::Nearest;
const LINEAR: Interpolation = Interpolation::Linear { align_corners: false };
const LINEAR_CORNERS: Interpolation = Interpolation::Linear { align_corners: true };
const CUBIC: Interpolation = Interpolation::Cubic { align_corners: false };
const CUBIC_CORNERS: Interpolation = Interpolation::Cubic { align_corners: true };

const SOFT: [f64; 4] = [1.0, 3.0, 3.0, 1.0];
const ODD: [f64; 3] = [1.0, 2.0, 5.0];
const SLANTED: [f64; 5] = [1.0, 4.0, 6.0, 3.0, 1.0];

#[test]
fn sampling_agrees_with_pytorch() {
    agree(
        "sampling.safetensors",
        cases! {
            resize2d_nearest |x| resize2d(&x[0], [3, 7], NEAREST);
            resize2d_nearest_one |x| resize2d(&x[0], [1, 5], NEAREST);
            resize2d_bilinear |x| resize2d(&x[0], [3, 7], LINEAR);
            resize2d_bilinear_one |x| resize2d(&x[0], [1, 5], LINEAR);
            resize2d_bilinear_corners |x| resize2d(&x[0], [3, 7], LINEAR_CORNERS);
            resize2d_bilinear_corners_one |x| resize2d(&x[0], [1, 5], LINEAR_CORNERS);
            resize2d_bicubic |x| resize2d(&x[0], [3, 7], CUBIC);
            resize2d_bicubic_one |x| resize2d(&x[0], [1, 5], CUBIC);
            resize2d_bicubic_corners |x| resize2d(&x[0], [3, 7], CUBIC_CORNERS);
            resize2d_bicubic_corners_one |x| resize2d(&x[0], [1, 5], CUBIC_CORNERS);
            upfirdn2d_blur_zero |x| upfirdn2d(&x[0], &SOFT, [1, 1], Padding::Zero);
            upfirdn2d_up_zero |x| upfirdn2d(&x[0], &SOFT, [2, 1], Padding::Zero);
            upfirdn2d_up_reflect |x| upfirdn2d(&x[0], &SOFT, [2, 1], Padding::Reflect);
            upfirdn2d_down_zero |x| upfirdn2d(&x[0], &SOFT, [1, 2], Padding::Zero);
            upfirdn2d_down_reflect |x| upfirdn2d(&x[0], &SOFT, [1, 2], Padding::Reflect);
            upfirdn2d_blur_reflect |x| upfirdn2d(&x[0], &ODD, [1, 1], Padding::Reflect);
            upfirdn2d_both_reflect |x| upfirdn2d(&x[0], &SLANTED, [3, 2], Padding::Reflect);
            grid_sample_zeros |x| grid_sample(&x[0], &x[1], Padding::Zero, false);
            grid_sample_zeros_corners |x| grid_sample(&x[0], &x[1], Padding::Zero, true);
            grid_sample_border |x| grid_sample(&x[0], &x[1], Padding::Replicate, false);
            grid_sample_border_corners |x| grid_sample(&x[0], &x[1], Padding::Replicate, true);
            grid_sample_reflection_corners |x| grid_sample(&x[0], &x[1], Padding::Reflect, true);
            affine_grid |x| affine_grid(&x[0], [3, 4], false);
            affine_grid_corners |x| affine_grid(&x[0], [3, 4], true);
        },
    );
}
