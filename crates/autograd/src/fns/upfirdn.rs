//! Pictures enlarged, filtered and shrunk with a filter of one's own, in one map along each side.

use impasto_tensor::{Element, Taps};

use super::pad::Padding;
use super::planes::{along_sides, sides};
use crate::var::Var;

/// The picture with `up - 1` zeros behind every place, convolved with a filter along each side, and every `down`-th place of
/// that. The filter is scaled to a sum of `up`, so that the picture stays as bright, and centred.
///
/// `[up, down]` is `[1, 1]` for a blur, `[2, 1]` to double the sides and `[1, 2]` to halve them. A filter of two equal numbers
/// repeats places or takes means of pairs; `[1, 3, 3, 1]` does the same more softly.
///
/// # Shapes
/// `[N, C, H, W] -> [N, C, H', W']`, `H' = H up / down`, rounded down
///
/// # Gradient
/// the transposed map on `g`: the filter reversed, `up` and `down` exchanged
///
/// # Source
/// Karras et al., "Analyzing and improving the image quality of StyleGAN", 2020, where edges are zeros.
#[track_caller]
pub fn upfirdn2d<T: Element>(x: &Var<T>, filter: &[f64], [up, down]: [usize; 2], edge: Padding) -> Var<T> {
    let [h, w] = sides("upfirdn2d", x);
    let sum: f64 = filter.iter().sum();
    assert!(up > 0 && down > 0, "upfirdn2d: expected factors of at least 1, got {up} up and {down} down");
    assert!(sum.is_normal(), "upfirdn2d: expected a filter whose sum is not 0, got {filter:?}");
    let (up, down) = (up as isize, down as isize);
    // How far the first place of the result reaches beyond the edge.
    let beyond = (filter.len() as isize + up - down).div_euclid(2);
    let taps = |len: usize| {
        let place = |i: isize| {
            let reached = filter.iter().rev().zip(i * down - beyond..);
            let whole = reached.filter(|&(_, at)| at.rem_euclid(up) == 0);
            whole.filter_map(|(f, at)| Some((edge.source(at.div_euclid(up), len)?, f * up as f64 / sum))).collect()
        };
        Taps::new(len, (0..len as isize * up / down).map(place))
    };
    along_sides(x, [taps(h), taps(w)])
}

#[cfg(test)]
mod tests {
    use super::super::{avg_pool2d, upsample2d};
    use super::*;
    use impasto_tensor::{Random, Tensor, Upsample};

    #[test]
    fn two_equal_numbers_repeat_and_take_means() {
        let x: Var<f64> = Var::constant(Random::new(1, 0).normal([2, 1, 6, 4], 0.0, 1.0));
        let up = upfirdn2d(&x, &[1.0, 1.0], [2, 1], Padding::Zero);
        assert_eq!(up.value(), upsample2d(&x, 2, Upsample::Nearest).value());
        let down = upfirdn2d(&x, &[1.0, 1.0], [1, 2], Padding::Zero);
        assert_eq!(down.value(), avg_pool2d(&x, 2, 2).value());
    }

    #[test]
    fn flat_pictures_stay_flat() {
        let flat = Var::<f64>::constant(Tensor::ones([1, 1, 4, 5]));
        for factors in [[1, 1], [2, 1], [1, 2], [2, 3]] {
            for filter in [&[1.0, 3.0, 3.0, 1.0][..], &[1.0, 4.0, 6.0, 4.0, 1.0]] {
                let y = upfirdn2d(&flat, filter, factors, Padding::Reflect);
                assert!(y.value().data().iter().all(|v| (v - 1.0).abs() < 1e-15), "{factors:?} {filter:?} {y:?}");
            }
        }
    }
}
