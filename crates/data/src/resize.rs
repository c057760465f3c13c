//! Bringing pictures to a size, by the Lanczos filter with three lobes, on the stored (gamma-encoded) samples as image
//! tools commonly do. The arithmetic is in integers: the same bytes at every SIMD level.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::Picture;

impl Picture {
    /// Stretched to `width` x `height` pixels.
    ///
    /// # Panics
    /// If a side is 0.
    #[track_caller]
    pub fn resize_exact(&self, width: usize, height: usize) -> Self {
        self.resample(width, height, ResizeOptions::new())
    }

    /// Scaled so that the longer side has `px` pixels, larger or smaller than before; the other follows the aspect
    /// ratio and has at least 1.
    ///
    /// # Panics
    /// If `px` is 0.
    #[track_caller]
    pub fn fit_long_side(&self, px: usize) -> Self {
        let long = self.width().max(self.height()) as f64;
        let side = |len: usize| ((len as f64 * px as f64 / long).round() as usize).max(1);
        assert!(px > 0, "fit_long_side: expected a side above 0");
        self.resize_exact(side(self.width()), side(self.height()))
    }

    /// The largest square in the centre, scaled to `px` x `px` pixels.
    ///
    /// # Panics
    /// If `px` is 0.
    #[track_caller]
    pub fn cover_square(&self, px: usize) -> Self {
        self.resample(px, px, ResizeOptions::new().fit_into_destination(None))
    }

    /// As a member of a data set: the central square at `size` pixels, grey (1 channel) or RGB (3).
    ///
    /// # Panics
    /// If `size` is 0.
    #[track_caller]
    pub fn standard(&self, size: usize, channels: usize) -> Self {
        if channels == 1 { self.grey().cover_square(size) } else { self.rgb().cover_square(size) }
    }

    #[track_caller]
    fn resample(&self, width: usize, height: usize, options: ResizeOptions) -> Self {
        assert!(width > 0 && height > 0, "resize: expected sides above 0, got {width}x{height}");
        let kind = if self.channels() == 1 { PixelType::U8 } else { PixelType::U8x3 };
        let from = ImageRef::new(self.width() as u32, self.height() as u32, self.pixels(), kind)
            .expect("a picture holds exactly its samples");
        let mut to = Image::new(width as u32, height as u32, kind);
        let options = options.resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        Resizer::new().resize(&from, &mut to, &options).expect("both have the same pixel type, and no side is 0");
        Self::new(width, height, self.channels(), to.into_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_side_leads() {
        let picture = Picture::new(40, 10, 1, vec![7; 400]);
        let sides = |p: &Picture| (p.width(), p.height());
        assert_eq!(sides(&picture.fit_long_side(20)), (20, 5));
        assert_eq!(sides(&picture.fit_long_side(80)), (80, 20));
        assert_eq!(sides(&picture.fit_long_side(1)), (1, 1));
        assert_eq!(picture.fit_long_side(20).pixels(), [7; 100]);
    }

    #[test]
    fn a_square_is_cut_from_the_centre() {
        // Black, white, black: the central square is white.
        let row: Vec<u8> = [[0; 30], [255; 30], [0; 30]].concat();
        let picture = Picture::new(90, 30, 1, row.repeat(30));
        assert_eq!(picture.cover_square(30).pixels(), [255; 900]);
    }

    #[test]
    fn its_own_size_changes_nothing() {
        let picture = Picture::new(5, 4, 3, (0..60).map(|i| i * 4).collect());
        assert_eq!(picture.resize_exact(5, 4), picture);
    }
}
