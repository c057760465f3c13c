//! Pictures drawn anew from any points of them: turned, stretched, warped. The gradient goes to the picture and to the points.

use impasto_tensor::{Element, MatMul, Tensor};

use super::pad::Padding;
use super::planes::sides;
use crate::ops::{concat, gate, gather, matmul_as, mul, narrow, reshape, sum_axes};
use crate::var::Var;

/// The points `theta [x, y, 1]` for every place `[x, y]` of a picture of `[H, W]`. The picture reaches from -1 to 1: to the centres
/// of its outermost places with `align_corners`, to their outer edges without.
///
/// # Shapes
/// `theta` `[N, 2, 3] -> [N, H, W, 2]`
///
/// # Gradient
/// the sum of `g [x, y, 1]` over all places
///
/// # Source
/// Jaderberg et al., "Spatial transformer networks", 2015.
#[track_caller]
pub fn affine_grid<T: Element>(theta: &Var<T>, [h, w]: [usize; 2], align_corners: bool) -> Var<T> {
    let &[n, 2, 3] = &theta.shape()[..] else { panic!("affine_grid: expected [N, 2, 3], got {:?}", theta.shape()) };
    let along = |i: usize, len: usize| match (align_corners, len) {
        (true, 1) => 0.0,
        (true, _) => 2.0 * i as f64 / (len - 1) as f64 - 1.0,
        (false, _) => (2 * i + 1) as f64 / len as f64 - 1.0,
    };
    let places = Tensor::from_fn([h * w, 3], |at| {
        let (i, j) = (at / 3 / w, at / 3 % w);
        T::splat([along(j, w), along(i, h), 1.0][at % 3])
    });
    let how = MatMul { transpose_a: false, transpose_b: true };
    reshape(&matmul_as(how, &Var::constant(places), theta), [n, h, w, 2])
}

/// The picture at the points `[x, y]` of a grid, bilinearly between the four places around each. A picture reaches from -1 to 1 as
/// in [`affine_grid`]; `edge` says how it goes on beyond, however far.
///
/// # Shapes
/// `x` `[N, C, H, W]`, `grid` `[N, H', W', 2] -> [N, C, H', W']`
///
/// # Gradient
/// for `x`: `g` to the four places by their weights; for the grid: the slope of the picture at the point, where points on the
/// line between two places belong to the next one
///
/// # Source
/// Jaderberg et al., "Spatial transformer networks", 2015.
#[track_caller]
pub fn grid_sample<T: Element>(x: &Var<T>, grid: &Var<T>, edge: Padding, align_corners: bool) -> Var<T> {
    let [h, w] = sides("grid_sample", x);
    let (n, c) = (x.shape()[0], x.shape()[1]);
    let &[pictures, oh, ow, 2] = &grid.shape()[..] else {
        panic!("grid_sample: expected a grid [N, H', W', 2], got {:?}", grid.shape());
    };
    assert!(pictures == n, "grid_sample: expected a grid for each of {n} pictures, got {:?}", grid.shape());
    let columns = Neighbours::new(grid, 0, w, edge, align_corners);
    let rows = Neighbours::new(grid, 1, h, edge, align_corners);
    let points = (oh * ow).max(1);
    let mut corners = Vec::with_capacity(n * c * 4 * points);
    for (rows, columns) in rows.places.chunks(2 * points).zip(columns.places.chunks(2 * points)) {
        for _ in 0..c {
            for rows in rows.chunks(points) {
                for columns in columns.chunks(points) {
                    corners.extend(rows.iter().zip(columns).map(|(i, j)| i * w as u32 + j));
                }
            }
        }
    }
    let picked = gather(x, n * c, corners.into(), [n, c, 2, 2, oh, ow]);
    let weights = mul(&reshape(&rows.weights, [n, 1, 2, 1, oh, ow]), &reshape(&columns.weights, [n, 1, 1, 2, oh, ow]));
    sum_axes(&mul(&picked, &weights), &[2, 3])
}

/// For every point of a grid the two places on either side of it along one axis of the picture: `[N, 2, H', W']`. Which they are
/// is data, their weights follow the point.
struct Neighbours<T: Element> {
    places: Vec<u32>,
    weights: Var<T>,
}

impl<T: Element> Neighbours<T> {
    fn new(grid: &Var<T>, coordinate: usize, len: usize, edge: Padding, align_corners: bool) -> Self {
        let [n, oh, ow] = [0, 1, 2].map(|axis| grid.shape()[axis]);
        let reach = (len - usize::from(align_corners)) as f64 / 2.0;
        let point = reshape(&narrow(grid, 3, coordinate, 1), [n, 1, oh, ow]) * reach + (len - 1) as f64 / 2.0;
        let before = point.value().map(|v| T::splat(v.to_f64().floor()));
        let after = point - Var::constant(before.clone());
        let weights = concat(&[&(-&after + 1.0), &after], 1);
        let mut sources = Vec::with_capacity(weights.value().len());
        for before in before.data().chunks((oh * ow).max(1)) {
            for step in [0, 1] {
                let places = before.iter().map(|v| (v.to_f64() as isize).saturating_add(step));
                sources.extend(places.map(|place| edge.source(place, len)));
            }
        }
        let inside = Tensor::<T>::from_fn(weights.shape(), |i| T::splat(f64::from(u8::from(sources[i].is_some()))));
        Self {
            weights: gate(&weights, inside.positive(), 1.0, 0.0),
            places: sources.into_iter().map(|source| source.unwrap_or(0) as u32).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_tensor::Random;

    #[test]
    fn the_identity_draws_the_same_picture() {
        let x: Var<f64> = Var::constant(Random::new(1, 0).normal([2, 3, 4, 5], 0.0, 1.0));
        let theta = Var::constant(Tensor::new([1, 2, 3], vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).broadcast_to([2, 2, 3]));
        for align_corners in [false, true] {
            let grid = affine_grid(&theta, [4, 5], align_corners);
            for edge in [Padding::Zero, Padding::Reflect, Padding::Replicate, Padding::Circular] {
                let y = grid_sample(&x, &grid, edge, align_corners);
                assert!(y.value().zip(x.value(), |a, b| (a - b).abs()).max_value() < 1e-14);
            }
        }
    }

    #[test]
    fn a_shift_by_whole_places_is_padding() {
        let x: Var<f64> = Var::constant(Random::new(2, 0).normal([1, 1, 5, 4], 0.0, 1.0));
        // Three places to the right of four that span [-1, 1].
        let theta = Var::constant(Tensor::new([1, 2, 3], vec![1.0, 0.0, 1.5, 0.0, 1.0, 0.0]));
        for edge in [Padding::Zero, Padding::Reflect, Padding::Replicate, Padding::Circular] {
            let y = grid_sample(&x, &affine_grid(&theta, [5, 4], false), edge, false);
            let want = narrow(&super::super::pad2d(&x, edge, [[0, 0], [0, 3]]), 3, 3, 4);
            assert!(y.value().zip(want.value(), |a, b| (a - b).abs()).max_value() < 1e-14, "{edge:?}");
        }
    }

    #[test]
    fn points_far_away_are_beyond_the_edge() {
        let x = Var::<f32>::constant(Tensor::ones([1, 1, 3, 3]));
        let grid = Var::constant(Tensor::new([1, 1, 2, 2], vec![1e30, 0.0, -1e30, 1e30]));
        assert_eq!(grid_sample(&x, &grid, Padding::Zero, true).value().data(), [0.0, 0.0]);
        assert_eq!(grid_sample(&x, &grid, Padding::Replicate, true).value().data(), [1.0, 1.0]);
    }
}
