//! [`Picture`]: 8-bit pixels in memory, the one form between files and tensors.

use impasto_tensor::Tensor;

/// A picture of 8-bit samples, grey (1 channel) or RGB (3), row by row with the channels of a pixel side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    channels: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// A picture of the given samples, which are taken over without copying.
    ///
    /// # Panics
    /// If a side is 0, there are not 1 or 3 channels, or the number of samples is not `width * height * channels`.
    #[track_caller]
    pub fn new(width: usize, height: usize, channels: usize, pixels: Vec<u8>) -> Self {
        assert!(width > 0 && height > 0, "picture: expected sides above 0, got {width}x{height}");
        assert!(channels == 1 || channels == 3, "picture: expected 1 or 3 channels, got {channels}");
        let expected = width * height * channels;
        assert!(
            pixels.len() == expected,
            "picture: {width}x{height} with {channels} channels wants {expected} samples, got {}",
            pixels.len()
        );
        Self { width, height, channels, pixels }
    }

    /// The width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// 1 (grey) or 3 (RGB).
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The samples: those of pixel (x, y) begin at `(y * width + x) * channels`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The picture as a tensor in [0, 1]: sample / 255.
    ///
    /// # Shapes
    /// `[C, H, W]`
    pub fn to_tensor(&self) -> Tensor {
        let planes = self.planes();
        Tensor::from_fn([self.channels, self.height, self.width], |i| unit(planes[i]))
    }

    /// The picture of a tensor: each value is clamped to [0, 1], times 255, rounded. NaN gives 0.
    ///
    /// # Shapes
    /// `[C, H, W]` with C 1 or 3
    ///
    /// # Panics
    /// If the tensor has another shape.
    #[track_caller]
    pub fn from_tensor(tensor: &Tensor) -> Self {
        let &[c, h, w] = &**tensor.shape() else {
            panic!("from_tensor: expected a picture [C, H, W], got {:?}", tensor.shape())
        };
        let planes: Vec<u8> = tensor.data().iter().map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8).collect();
        Self::from_planes(w, h, c, &planes)
    }

    /// The samples channel by channel: `[C, H, W]`.
    pub(crate) fn planes(&self) -> Vec<u8> {
        let channel = |c| self.pixels.iter().skip(c).step_by(self.channels).copied();
        (0..self.channels).flat_map(channel).collect()
    }

    /// The picture of samples that lie channel by channel.
    #[track_caller]
    pub(crate) fn from_planes(width: usize, height: usize, channels: usize, planes: &[u8]) -> Self {
        let area = width * height;
        let pixels = (0..area).flat_map(|p| (0..channels).map(move |c| planes[c * area + p])).collect();
        Self::new(width, height, channels, pixels)
    }

    /// The picture in grey: Y = 0.299 R + 0.587 G + 0.114 B, rounded.
    ///
    /// # Source
    /// The luma of ITU-R BT.601, as JPEG uses it.
    pub fn grey(&self) -> Self {
        if self.channels == 1 {
            return self.clone();
        }
        let luma = |p: &[u8; 3]| (299 * p[0] as u32 + 587 * p[1] as u32 + 114 * p[2] as u32 + 500) / 1000;
        let pixels = self.pixels.as_chunks().0.iter().map(|p| luma(p) as u8).collect();
        Self::new(self.width, self.height, 1, pixels)
    }

    /// The picture with three channels; a grey one has its channel three times.
    pub fn rgb(&self) -> Self {
        if self.channels == 3 {
            return self.clone();
        }
        Self::new(self.width, self.height, 3, self.pixels.iter().flat_map(|&v| [v; 3]).collect())
    }
}

/// A sample as a number in [0, 1].
pub(crate) fn unit(sample: u8) -> f32 {
    f32::from(sample) / 255.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_picture_survives_being_a_tensor(
            (w, h, c, pixels) in (1usize..9, 1usize..9, prop::sample::select(vec![1usize, 3]))
                .prop_flat_map(|(w, h, c)| (Just(w), Just(h), Just(c), prop::collection::vec(any::<u8>(), w * h * c)))
        ) {
            let picture = Picture::new(w, h, c, pixels);
            let tensor = picture.to_tensor();
            prop_assert_eq!(tensor.shape(), &impasto_tensor::Shape::new(&[c, h, w]));
            prop_assert_eq!(Picture::from_tensor(&tensor), picture);
        }
    }

    #[test]
    fn channels_become_planes() {
        let picture = Picture::new(2, 1, 3, vec![1, 2, 3, 4, 5, 6]);
        assert_eq!(picture.planes(), [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn values_outside_the_range_are_clamped() {
        let picture = Picture::from_tensor(&Tensor::new([1, 1, 4], vec![-1.0, 2.0, f32::NAN, 0.5]));
        assert_eq!(picture.pixels(), [0, 255, 0, 128]);
    }

    #[test]
    fn grey_weighs_the_channels_and_keeps_white_white() {
        let picture = Picture::new(4, 1, 3, vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);
        assert_eq!(picture.grey().pixels(), [76, 150, 29, 255]);
        assert_eq!(picture.grey().rgb().grey(), picture.grey());
    }

    #[test]
    #[should_panic(expected = "expected a picture [C, H, W], got [2, 2]")]
    fn a_tensor_of_another_rank_is_named() {
        Picture::from_tensor(&Tensor::zeros([2, 2]));
    }
}
