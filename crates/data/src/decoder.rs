//! [`Decoder`]: from the bytes of a file to a [`Picture`], under limits, without surprises.

use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::{Error, Picture, files, jpeg, profile};

/// How pictures are read: PNG, JPEG, WebP, BMP, GIF (its first frame) and TIFF, told apart by their first bytes and
/// not by their names.
///
/// What comes out is upright (the EXIF orientation is applied), 8-bit, and grey or RGB: deeper samples are rounded,
/// palettes and CMYK become RGB, an ICC profile is applied so that colours are sRGB, and transparency is laid over
/// `ground`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoder {
    /// The RGB colour that shows where a picture is transparent. White by default.
    pub ground: [u8; 3],
    /// The largest width and height, in pixels.
    pub max_side: u32,
    /// The largest number of pixels.
    pub max_pixels: u64,
    /// The largest file, in bytes.
    pub max_file: u64,
    /// The most memory for the decoded samples, in bytes.
    pub max_decoded: u64,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { ground: [255; 3], max_side: 16_384, max_pixels: 64_000_000, max_file: 64 << 20, max_decoded: 512 << 20 }
    }
}

impl Decoder {
    /// The picture in a file.
    ///
    /// # Errors
    /// If the file cannot be read, is not a whole picture of a known format, or passes a limit.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Picture, Error> {
        let path = path.as_ref();
        self.decode(&files::read(path, self.max_file)?, path)
    }

    /// The picture in `bytes`; errors call it `name`.
    ///
    /// # Errors
    /// If the bytes are not a whole picture of a known format, or pass a limit.
    pub fn decode(&self, bytes: &[u8], name: impl AsRef<Path>) -> Result<Picture, Error> {
        let name = name.as_ref();
        let (format, mut decoder) = begin(bytes, name, self.max_decoded)?;
        self.check_size(&decoder, name)?;
        if format == ImageFormat::Jpeg && !jpeg::is_whole(bytes) {
            return Err(Error::file(name, "ends before its picture does", "copy or download it again"));
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let icc = decoder.icc_profile().unwrap_or_default();
        let mut image = DynamicImage::from_decoder(decoder).map_err(|e| broken(name, &e))?;
        image.apply_orientation(orientation);
        if let Some(icc) = icc {
            image = profile::to_srgb(image, &icc);
        }
        Ok(self.flatten(image))
    }

    fn check_size(&self, decoder: &impl ImageDecoder, name: &Path) -> Result<(), Error> {
        let (w, h) = decoder.dimensions();
        let pixels = u64::from(w) * u64::from(h);
        let refuse = |limit: String| Err(Error::file(name, format!("has {w} x {h} pixels, {limit}"), "scale it down"));
        if pixels == 0 {
            return Err(Error::file(name, format!("has {w} x {h} pixels"), "name a picture that is not empty"));
        }
        if w.max(h) > self.max_side {
            return refuse(format!("the limit is {} a side", self.max_side));
        }
        if pixels > self.max_pixels {
            return refuse(format!("the limit is {} in all", self.max_pixels));
        }
        if decoder.total_bytes() > self.max_decoded {
            return refuse(format!("which take {} bytes, the limit is {}", decoder.total_bytes(), self.max_decoded));
        }
        Ok(())
    }

    /// Without transparency and deep samples. Grey stays grey unless the ground's colour shows through.
    fn flatten(&self, image: DynamicImage) -> Picture {
        let (w, h) = (image.width() as usize, image.height() as usize);
        let colour = image.color();
        if colour.has_alpha() {
            let rgba = image.into_rgba8();
            let mut pixels = Vec::with_capacity(w * h * 3);
            for &[r, g, b, alpha] in rgba.as_chunks().0 {
                let [under_r, under_g, under_b] = self.ground;
                pixels.extend([over(r, alpha, under_r), over(g, alpha, under_g), over(b, alpha, under_b)]);
            }
            Picture::new(w, h, 3, pixels)
        } else if colour.has_color() {
            Picture::new(w, h, 3, image.into_rgb8().into_raw())
        } else {
            Picture::new(w, h, 1, image.into_luma8().into_raw())
        }
    }
}

/// `top` of opacity a = `alpha` / 255 laid over `under`: a top + (1 - a) under, rounded.
fn over(top: u8, alpha: u8, under: u8) -> u8 {
    let (top, alpha, under) = (u32::from(top), u32::from(alpha), u32::from(under));
    ((top * alpha + under * (255 - alpha) + 127) / 255) as u8
}

/// Reads a picture's header: its format, and a decoder that may take `memory` bytes.
pub(crate) fn begin<'a>(
    bytes: &'a [u8],
    name: &Path,
    memory: u64,
) -> Result<(ImageFormat, impl ImageDecoder + 'a), Error> {
    let format = image::guess_format(bytes).map_err(|_| {
        Error::file(
            name,
            "is not a picture",
            "give it as PNG, JPEG, WebP, BMP, GIF or TIFF (the suffix does not matter)",
        )
    })?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(memory);
    reader.limits(limits);
    Ok((format, reader.into_decoder().map_err(|e| broken(name, &e))?))
}

/// The error of a picture that its decoder refuses, on one line.
fn broken(name: &Path, error: &ImageError) -> Error {
    let said = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let remedy = match error {
        ImageError::Unsupported(_) => "save it as PNG, JPEG, WebP, BMP, GIF or TIFF",
        ImageError::Limits(_) => "scale it down",
        _ => "copy or download it again",
    };
    Error::file(name, format!("cannot be decoded: {said}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::over;

    #[test]
    fn laying_over_is_exact_at_both_ends() {
        for v in 0..=255 {
            assert_eq!((over(v, 255, 9), over(v, 0, 9)), (v, 9));
        }
        assert_eq!(over(255, 128, 0), 128);
    }
}
