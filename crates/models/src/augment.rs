//! Training pictures moved a little, each in its own way, so that a network cannot learn them by heart.

use impasto_tensor::{Random, Tensor};

/// Flips each picture left to right with probability one half and moves it by up to `shift` pixels in each direction; what
/// comes in from outside is 0.
///
/// # Shapes
/// `[N, C, H, W] ->` the same
///
/// # Panics
/// With other than four axes.
#[track_caller]
pub fn flip_and_shift(images: &Tensor, shift: usize, random: &mut Random) -> Tensor {
    let &[n, c, h, w] = &images.shape()[..] else { panic!("augment: expected [N, C, H, W], got {:?}", images.shape()) };
    let mut out = Tensor::zeros([n, c, h, w]);
    let moves: Vec<(bool, isize, isize)> = (0..n)
        .map(|_| {
            let mut step = || random.below(2 * shift + 1) as isize - shift as isize;
            let (down, right) = (step(), step());
            (random.below(2) == 1, down, right)
        })
        .collect();
    for (plane, out) in out.data_mut().chunks_mut(h * w).enumerate() {
        let (flip, down, right) = moves[plane / c];
        let picture = &images.data()[plane * h * w..][..h * w];
        for (i, row) in out.chunks_mut(w).enumerate() {
            let Some(from) = i.checked_add_signed(-down).filter(|&i| i < h) else { continue };
            for (j, pixel) in row.iter_mut().enumerate() {
                if let Some(from_column) = j.checked_add_signed(-right).filter(|&j| j < w) {
                    let column = if flip { w - 1 - from_column } else { from_column };
                    *pixel = picture[from * w + column];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_mass_when_there_is_room() {
        let mut x = Tensor::zeros([8, 1, 9, 9]);
        for picture in x.data_mut().chunks_mut(81) {
            picture[40] = 1.0;
            picture[41] = 2.0;
        }
        let y = flip_and_shift(&x, 2, &mut Random::new(5, 0));
        assert_ne!(x, y);
        for picture in y.data().chunks(81) {
            assert_eq!(picture.iter().sum::<f32>(), 3.0);
        }
    }
}
