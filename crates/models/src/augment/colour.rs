//! Pictures in other lights.

use impasto_tensor::{Random, Tensor};

use super::sizes;

/// How far brightness, contrast and saturation may change: each is multiplied by a factor from [1 - range, 1 + range], which
/// does not fall below 0. In this order, with values kept in [0, 1] behind each.
///
/// # Source
/// `ColorJitter` of torchvision, in a fixed order and without hue. Grey is 0.299 R + 0.587 G + 0.114 B, as in ITU-R BT.601.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jitter {
    /// Of all values.
    pub brightness: f64,
    /// Of the distance to the picture's mean grey.
    pub contrast: f64,
    /// Of the distance to each pixel's own grey. Pictures of other than three channels have none.
    pub saturation: f64,
}

impl Jitter {
    /// Whether anything is changed.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }

    /// Changes each picture in its own way. Six words of `random` are drawn for each.
    ///
    /// # Shapes
    /// `[N, C, H, W]`, values in [0, 1] `->` the same
    ///
    /// # Panics
    /// With other than four axes.
    #[track_caller]
    pub fn apply(&self, mut images: Tensor, random: &mut Random) -> Tensor {
        let [_, c, h, w] = sizes("jitter", &images);
        if images.is_empty() {
            return images;
        }
        for picture in images.data_mut().chunks_mut(c * h * w) {
            let [brightness, contrast, saturation] = [self.brightness, self.contrast, self.saturation].map(|range| {
                let low = (1.0 - range).max(0.0);
                (low + (1.0 + range - low) * random.unit()) as f32
            });
            if self.brightness > 0.0 {
                for v in picture.iter_mut() {
                    *v = (*v * brightness).clamp(0.0, 1.0);
                }
            }
            if self.contrast > 0.0 {
                let mean = mean_grey(picture, h * w);
                for v in picture.iter_mut() {
                    *v = (mean + contrast * (*v - mean)).clamp(0.0, 1.0);
                }
            }
            if self.saturation > 0.0 && c == 3 {
                saturate(picture, h * w, saturation);
            }
        }
        images
    }
}

fn grey([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// The mean grey of a picture in colour, else the mean of all its values.
fn mean_grey(picture: &[f32], plane: usize) -> f32 {
    let mean = |values: &[f32]| (values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64) as f32;
    match picture.len() / plane {
        3 => grey([0, 1, 2].map(|i| mean(&picture[i * plane..][..plane]))),
        _ => mean(picture),
    }
}

fn saturate(picture: &mut [f32], plane: usize, factor: f32) {
    let (r, rest) = picture.split_at_mut(plane);
    let (g, b) = rest.split_at_mut(plane);
    for ((r, g), b) in r.iter_mut().zip(g).zip(b) {
        let grey = grey([*r, *g, *b]);
        for v in [r, g, b] {
            *v = (grey + factor * (*v - grey)).clamp(0.0, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pictures(channels: usize) -> Tensor {
        Random::new(3, 1).uniform([12, channels, 5, 6], 0.3, 0.6)
    }

    fn jittered(channels: usize, jitter: Jitter) -> Tensor {
        jitter.apply(pictures(channels), &mut Random::new(8, 0))
    }

    #[test]
    fn without_ranges_nothing_changes() {
        assert_eq!(jittered(3, Jitter::default()), pictures(3));
        assert_eq!(jittered(1, Jitter { saturation: 0.5, ..Jitter::default() }), pictures(1));
    }

    /// Brightness multiplies the mean; contrast and saturation keep the mean grey; each changes every picture.
    #[test]
    fn each_changes_what_it_says() {
        let means = |x: &Tensor| x.data().chunks(90).map(|picture| mean_grey(picture, 30)).collect::<Vec<_>>();
        let before = means(&pictures(3));
        let factors = |y: &Tensor| means(y).iter().zip(&before).map(|(a, b)| a / b).collect::<Vec<_>>();
        let brighter = factors(&jittered(3, Jitter { brightness: 0.3, ..Jitter::default() }));
        assert!(brighter.iter().all(|f| (0.7..=1.3).contains(f) && (f - 1.0).abs() > 1e-4), "{brighter:?}");
        for jitter in [Jitter { contrast: 0.3, ..Jitter::default() }, Jitter { saturation: 0.3, ..Jitter::default() }] {
            let y = jittered(3, jitter);
            let same = factors(&y);
            assert!(same.iter().all(|f| (f - 1.0).abs() < 1e-5), "{jitter:?}: {same:?}");
            assert!(y.data().chunks(90).zip(pictures(3).data().chunks(90)).all(|(a, b)| a != b));
        }
        let wild = jittered(3, Jitter { brightness: 3.0, contrast: 3.0, saturation: 3.0 });
        assert!(wild.data().iter().all(|v| (0.0..=1.0).contains(v)));
    }
}
