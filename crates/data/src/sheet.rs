//! Contact sheets: many pictures on one, to look at a data set or a batch of samples.

use crate::Picture;

/// The pictures on one RGB sheet, row by row, `columns` to a row. Every cell has the size of the largest picture, and a
/// picture sits in the centre of its cell; `gap` pixels of `ground` lie between cells and around the sheet. Each pixel
/// of a picture becomes `scale` x `scale` pixels, so that small pictures stay sharp.
///
/// # Panics
/// If there is no picture, or `columns` or `scale` is 0.
#[track_caller]
pub fn sheet(pictures: &[Picture], columns: usize, gap: usize, scale: usize, ground: [u8; 3]) -> Picture {
    assert!(!pictures.is_empty(), "sheet: expected at least one picture");
    assert!(columns > 0 && scale > 0, "sheet: expected columns and scale above 0, got {columns} and {scale}");
    let columns = columns.min(pictures.len());
    let rows = pictures.len().div_ceil(columns);
    let largest = |side: fn(&Picture) -> usize| scale * pictures.iter().map(side).max().unwrap_or(0);
    let (cell_w, cell_h) = (largest(Picture::width), largest(Picture::height));
    let (width, height) = (columns * (cell_w + gap) + gap, rows * (cell_h + gap) + gap);

    let mut pixels = ground.repeat(width * height);
    for (i, picture) in pictures.iter().enumerate() {
        let picture = picture.rgb();
        let (w, h) = (picture.width() * scale, picture.height() * scale);
        let left = gap + i % columns * (cell_w + gap) + (cell_w - w) / 2;
        let top = gap + i / columns * (cell_h + gap) + (cell_h - h) / 2;
        for y in 0..h {
            let from = &picture.pixels()[y / scale * picture.width() * 3..][..picture.width() * 3];
            let to = &mut pixels[((top + y) * width + left) * 3..][..w * 3];
            for (to, pixel) in to.chunks_exact_mut(3 * scale).zip(from.chunks_exact(3)) {
                to.copy_from_slice(&pixel.repeat(scale));
            }
        }
    }
    Picture::new(width, height, 3, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lie_row_by_row_with_gaps() {
        let grey = |v| Picture::new(1, 1, 1, vec![v]);
        let sheet = sheet(&[grey(1), grey(2), grey(3)], 2, 1, 2, [9; 3]);
        assert_eq!((sheet.width(), sheet.height()), (7, 7));
        #[rustfmt::skip]
        assert_eq!(sheet.grey().pixels(), [
            9, 9, 9, 9, 9, 9, 9,
            9, 1, 1, 9, 2, 2, 9,
            9, 1, 1, 9, 2, 2, 9,
            9, 9, 9, 9, 9, 9, 9,
            9, 3, 3, 9, 9, 9, 9,
            9, 3, 3, 9, 9, 9, 9,
            9, 9, 9, 9, 9, 9, 9,
        ]);
    }

    #[test]
    fn a_smaller_picture_sits_in_the_centre_of_its_cell() {
        let sheet = sheet(&[Picture::new(3, 1, 1, vec![5; 3]), Picture::new(1, 1, 1, vec![6])], 1, 0, 1, [0; 3]);
        assert_eq!(sheet.grey().pixels(), [5, 5, 5, 0, 6, 0]);
    }
}
