//! Pictures flipped, moved and covered.

use impasto_tensor::{Random, Tensor};
use serde::{Deserialize, Serialize};

use super::sizes;

/// What comes in from outside where a picture was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Black, which is 0.
    #[default]
    Zero,
    /// The picture in a mirror that stands on the outermost pixel.
    Reflect,
    /// The outermost pixel again and again.
    Replicate,
}

impl Edge {
    /// Where pixel `i` of an axis of `len` is taken from once the axis was moved by `by`; `None` for black.
    fn source(self, i: usize, by: isize, len: usize) -> Option<usize> {
        let (at, last) = (i as isize - by, len as isize - 1);
        match self {
            _ if (0..=last).contains(&at) => Some(at as usize),
            Self::Zero => None,
            Self::Replicate => Some(at.clamp(0, last) as usize),
            Self::Reflect => {
                let around = at.rem_euclid((2 * last).max(1));
                Some(around.min(2 * last - around).max(0) as usize)
            }
        }
    }
}

/// How pictures may be flipped and moved.
///
/// A move by up to `shift` pixels is what others call a random crop with a padding of `shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    /// Left becomes right with probability one half.
    pub flip: bool,
    /// Pixels by which a picture moves at most, in each direction.
    pub shift: usize,
    /// What comes in.
    pub edge: Edge,
}

impl Moves {
    /// Flips and moves each picture in its own way. Six words of `random` are drawn for each.
    ///
    /// # Shapes
    /// `[N, C, H, W] ->` the same
    ///
    /// # Panics
    /// With other than four axes.
    #[track_caller]
    pub fn apply(&self, images: &Tensor, random: &mut Random) -> Tensor {
        let [n, c, h, w] = sizes("moves", images);
        let mut out = Tensor::zeros([n, c, h, w]);
        if c * h * w == 0 {
            return out;
        }
        let pictures = out.data_mut().chunks_mut(c * h * w).zip(images.data().chunks(c * h * w));
        for (out, picture) in pictures {
            let mut step = || random.below(2 * self.shift + 1) as isize - self.shift as isize;
            let (down, right) = (step(), step());
            let flip = random.below(2) == 1 && self.flip;
            let turned = |j: usize| if flip { w - 1 - j } else { j };
            let columns: Vec<Option<usize>> = (0..w).map(|j| self.edge.source(j, right, w).map(turned)).collect();
            for (out, plane) in out.chunks_mut(h * w).zip(picture.chunks(h * w)) {
                for (i, row) in out.chunks_mut(w).enumerate() {
                    let Some(from) = self.edge.source(i, down, h) else { continue };
                    let from = &plane[from * w..][..w];
                    for (pixel, column) in row.iter_mut().zip(&columns) {
                        *pixel = column.map_or(0.0, |j| from[j]);
                    }
                }
            }
        }
        out
    }
}

/// Blackens a square of `size` by `size` pixels of each picture around a centre that may be any pixel, so that the square may
/// stand out of the picture in part.
///
/// # Shapes
/// `[N, C, H, W] ->` the same
///
/// # Source
/// `DeVries` and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017.
///
/// # Panics
/// With other than four axes.
#[track_caller]
pub fn cutout(mut images: Tensor, size: usize, random: &mut Random) -> Tensor {
    let [_, c, h, w] = sizes("cutout", &images);
    if images.is_empty() {
        return images;
    }
    for picture in images.data_mut().chunks_mut(c * h * w) {
        let [rows, columns] = [h, w].map(|len| {
            let start = random.below(len) as isize - (size / 2) as isize;
            start.max(0) as usize..(start + size as isize).clamp(0, len as isize) as usize
        });
        for plane in picture.chunks_mut(h * w) {
            for i in rows.clone() {
                plane[i * w..][columns.clone()].fill(0.0);
            }
        }
    }
    images
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVES: Moves = Moves { flip: true, shift: 2, edge: Edge::Zero };

    #[test]
    fn pictures_keep_their_mass_when_there_is_room() {
        let mut x = Tensor::zeros([8, 1, 9, 9]);
        for picture in x.data_mut().chunks_mut(81) {
            picture[40] = 1.0;
            picture[41] = 2.0;
        }
        let y = MOVES.apply(&x, &mut Random::new(5, 0));
        assert_ne!(x, y);
        for picture in y.data().chunks(81) {
            assert_eq!(picture.iter().sum::<f32>(), 3.0);
        }
        let flipped = |moves: Moves| {
            let y = moves.apply(&x, &mut Random::new(5, 0));
            y.data().windows(2).any(|pair| pair == [2.0, 1.0])
        };
        assert!(flipped(MOVES) && !flipped(Moves { flip: false, ..MOVES }));
    }

    #[test]
    fn edges_are_black_mirrored_or_repeated() {
        let row = |edge: Edge, by: isize| (0..4).map(|i| edge.source(i, by, 4)).collect::<Vec<_>>();
        assert_eq!(row(Edge::Zero, 2), [None, None, Some(0), Some(1)]);
        assert_eq!(row(Edge::Reflect, 2), [Some(2), Some(1), Some(0), Some(1)]);
        assert_eq!(row(Edge::Reflect, -2), [Some(2), Some(3), Some(2), Some(1)]);
        assert_eq!(row(Edge::Replicate, -3), [Some(3); 4]);
        assert_eq!(Edge::Reflect.source(0, 9, 1), Some(0));
        // No pixel of a picture without black is black when the edges are not.
        let x = Tensor::ones([16, 2, 5, 7]);
        for edge in [Edge::Reflect, Edge::Replicate] {
            assert_eq!(Moves { edge, ..MOVES }.apply(&x, &mut Random::new(1, 2)), x);
        }
    }

    #[test]
    fn a_square_is_black_and_the_rest_stays() {
        let (side, size) = (9, 4);
        let y = cutout(Tensor::ones([200, 2, side, side]), size, &mut Random::new(4, 0));
        let black = |plane: &[f32]| plane.iter().filter(|v| **v == 0.0).count();
        let counts: Vec<usize> = y.data().chunks(side * side).map(black).collect();
        assert!(counts.iter().all(|&n| (4..=size * size).contains(&n)), "{counts:?}");
        assert!(counts.contains(&16) && counts.iter().any(|&n| n < 16), "whole and cut off: {counts:?}");
        assert!(counts.chunks(2).all(|planes| planes[0] == planes[1]), "all channels alike");
        assert!(y.data().iter().all(|v| [0.0, 1.0].contains(v)));
    }
}
