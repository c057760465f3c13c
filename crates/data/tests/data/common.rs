//! What the tests of this crate share: small pictures as files, made by hand or by the `image` crate.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};

/// 3 x 2 pixels.
pub(crate) const PATTERN: [u8; 18] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 128, 128, 128, 255, 255, 255];

/// [`PATTERN`] as a picture of the `image` crate.
pub(crate) fn pattern() -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_raw(3, 2, PATTERN.to_vec()).unwrap())
}

/// A `side` x `side` picture of one colour as a PNG file.
pub(crate) fn plain_png(side: u32, colour: [u8; 3]) -> Vec<u8> {
    encode(&DynamicImage::ImageRgb8(RgbImage::from_pixel(side, side, image::Rgb(colour))), ImageFormat::Png)
}

pub(crate) fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG with another APP1 segment (EXIF or XMP) behind its first marker.
pub(crate) fn jpeg_with_app1(jpeg: &[u8], body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, body, &jpeg[2..]].concat()
}

/// The text of an expected error, which is always one line.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, impasto_data::Error>) -> String {
    let text = result.expect_err("this must be refused").to_string();
    assert!(!text.contains('\n'), "more than one line: {text}");
    text
}

/// An IDX file: its lengths and its bytes.
pub(crate) fn idx(lengths: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, lengths.len() as u8];
    file.extend(lengths.iter().flat_map(|l| l.to_be_bytes()));
    file.extend(bytes);
    file
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}
