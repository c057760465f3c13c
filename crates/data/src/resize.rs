//! Bringing pictures to a size, by the Lanczos filter with three lobes, on the stored (gamma-encoded) samples as image
//! tools commonly do. The arithmetic is in integers: the same bytes at every SIMD level.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

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
        let options = options.resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
        let mut pixels = vec![0; width * height * self.channels()];
        match self.channels() {
            1 => resample::<U8>(self, [width, height], &mut pixels, &options),
            _ => resample::<U8x3>(self, [width, height], &mut pixels, &options),
        }
        Self::new(width, height, self.channels(), pixels)
    }
}

/// For one kind of pixel: the library would compile all that it knows if it were told the kind at run time.
fn resample<P: PixelTrait>(from: &Picture, [width, height]: [usize; 2], out: &mut [u8], options: &ResizeOptions) {
    const EXACT: &str = "a picture holds exactly its samples";
    let from = TypedImageRef::<P>::from_buffer(from.width() as u32, from.height() as u32, from.pixels()).expect(EXACT);
    let mut to = TypedImage::<P>::from_buffer(width as u32, height as u32, out).expect(EXACT);
    Resizer::new().resize_typed(&from, &mut to, options).expect("no side is 0");
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
