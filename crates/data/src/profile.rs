//! Colours as sRGB has them, whatever an ICC profile says they are.

use image::{DynamicImage, ImageBuffer, Pixel};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// The picture with its colours in sRGB, 8 bits a sample, or as it was: where `icc` cannot be read, or speaks of other
/// samples than the picture has (a decoder turns CMYK into RGB and keeps the profile of the CMYK), colours stay as
/// stored, as browsers show them.
///
/// # Source
/// ICC.1:2022, with the arithmetic of `moxcms`.
pub(crate) fn to_srgb(image: DynamicImage, icc: &[u8]) -> DynamicImage {
    let Ok(profile) = ColorProfile::new_from_slice(icc) else { return image };
    match (profile.color_space, image.color().has_color(), image.color().has_alpha()) {
        (DataColorSpace::Rgb, true, false) => converted(image.into_rgb8(), &profile, Layout::Rgb),
        (DataColorSpace::Rgb, true, true) => converted(image.into_rgba8(), &profile, Layout::Rgba),
        (DataColorSpace::Gray, false, false) => converted(image.into_luma8(), &profile, Layout::Gray),
        (DataColorSpace::Gray, false, true) => converted(image.into_luma_alpha8(), &profile, Layout::GrayAlpha),
        _ => image,
    }
}

fn converted<P>(mut image: ImageBuffer<P, Vec<u8>>, profile: &ColorProfile, layout: Layout) -> DynamicImage
where
    P: Pixel<Subpixel = u8>,
    DynamicImage: From<ImageBuffer<P, Vec<u8>>>,
{
    let srgb = match layout {
        Layout::Gray | Layout::GrayAlpha => grey_srgb(),
        _ => ColorProfile::new_srgb(),
    };
    let stored = image.to_vec();
    let transform = profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default());
    if transform.and_then(|t| t.transform(&stored, &mut image)).is_err() {
        image.copy_from_slice(&stored);
    }
    image.into()
}

/// Grey with sRGB's curve.
fn grey_srgb() -> ColorProfile {
    let mut profile = ColorProfile::new_srgb();
    profile.gray_trc = profile.red_trc.clone();
    profile.color_space = DataColorSpace::Gray;
    profile
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    /// The inverse of sRGB's curve, IEC 61966-2-1.
    fn linear(v: u8) -> f64 {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    }

    fn encoded(v: f64) -> f64 {
        let v = v.clamp(0.0, 1.0);
        255.0 * if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
    }

    /// From Display P3 to sRGB: both have D65 and sRGB's curve. The matrix follows from the primaries that SMPTE RP 431-2
    /// and IEC 61966-2-1 give.
    fn from_p3([r, g, b]: [u8; 3]) -> [f64; 3] {
        const MATRIX: [[f64; 3]; 3] =
            [[1.224_94, -0.224_94, 0.0], [-0.042_057, 1.042_057, 0.0], [-0.019_638, -0.078_636, 1.098_274]];
        let p3 = [r, g, b].map(linear);
        MATRIX.map(|row| encoded(row.iter().zip(p3).map(|(m, v)| m * v).sum()))
    }

    #[test]
    fn colours_of_another_space_are_those_that_the_primaries_give() {
        let icc = ColorProfile::new_display_p3().encode().unwrap();
        for stored in [[200, 100, 50], [40, 220, 90], [12, 34, 250], [255, 255, 255], [0, 0, 0], [128, 128, 128]] {
            let expected = from_p3(stored);
            let rgb = to_srgb(RgbImage::from_pixel(5, 3, Rgb(stored)).into(), &icc).into_rgb8();
            let with_alpha = [stored[0], stored[1], stored[2], 77];
            let rgba = to_srgb(RgbaImage::from_pixel(5, 3, Rgba(with_alpha)).into(), &icc).into_rgba8();
            for (got, got_of_rgba) in rgb.pixels().zip(rgba.pixels()) {
                for (c, expected) in expected.iter().enumerate() {
                    assert!((f64::from(got[c]) - expected).abs() <= 1.0, "{stored:?}: {got:?}, expected {expected}");
                    assert!(got[c].abs_diff(got_of_rgba[c]) <= 1);
                }
                assert_eq!(got_of_rgba[3], 77);
            }
        }
    }

    #[test]
    fn greys_of_another_curve_are_those_that_the_curve_gives() {
        let icc = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        for stored in [0, 3, 55, 128, 200, 255] {
            let grey = to_srgb(GrayImage::from_pixel(2, 2, [stored].into()).into(), &icc).into_luma8();
            let expected = encoded(f64::from(stored) / 255.0);
            assert!((f64::from(grey[(1, 1)][0]) - expected).abs() <= 1.0, "{stored}: {grey:?}, expected {expected}");
        }
    }

    #[test]
    fn a_profile_that_is_damaged_or_of_other_samples_changes_nothing() {
        let image: DynamicImage = RgbImage::from_pixel(2, 2, Rgb([200, 100, 50])).into();
        let grey = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        for icc in [&grey[..], &p3[..p3.len() / 3], b"", b"not a profile"] {
            assert_eq!(to_srgb(image.clone(), icc), image);
        }
    }

    #[test]
    fn srgb_stays_as_it_is() {
        let icc = ColorProfile::new_srgb().encode().unwrap();
        let image: DynamicImage = RgbImage::from_fn(16, 16, |x, y| Rgb([(x * 17) as u8, (y * 17) as u8, 99])).into();
        assert_eq!(to_srgb(image.clone(), &icc), image);
    }
}
