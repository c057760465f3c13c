//! Reading single pictures: every format and sample type, orientation, transparency, and files that mean harm.

use crate::common::{PATTERN, encode, jpeg_with_app1, pattern, refusal};
use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage};
use impasto_data::{Decoder, Picture};
use moxcms::ColorProfile;

fn decode(bytes: &[u8]) -> Picture {
    Decoder::default().decode(bytes, "test picture").unwrap()
}

#[test]
fn every_lossless_format_gives_the_same_picture() {
    for format in [Png, WebP, Bmp, Tiff] {
        assert_eq!(decode(&encode(&pattern(), format)), Picture::new(3, 2, 3, PATTERN.to_vec()), "{format:?}");
    }
}

#[test]
fn a_gif_gives_its_first_frame() {
    let picture = decode(&encode(&pattern(), Gif));
    assert_eq!((picture.width(), picture.height(), picture.channels()), (3, 2, 3));
}

#[test]
fn deep_samples_are_rounded_and_grey_stays_grey() {
    let deep = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(3, 1, vec![0, 0x8000, 0xFFFF]).unwrap();
    let picture = decode(&encode(&DynamicImage::ImageLuma16(deep), Png));
    assert_eq!(picture, Picture::new(3, 1, 1, vec![0, 128, 255]));
}

#[test]
fn a_palette_becomes_rgb() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(vec![1, 2, 3, 4, 5, 6]);
    encoder.write_header().unwrap().write_image_data(&[1, 0]).unwrap();
    assert_eq!(decode(&bytes), Picture::new(2, 1, 3, vec![4, 5, 6, 1, 2, 3]));
}

#[test]
fn transparency_shows_the_ground() {
    let rgba = image::RgbaImage::from_raw(3, 1, vec![10, 20, 30, 0, 10, 20, 30, 255, 0, 100, 200, 51]).unwrap();
    let bytes = encode(&DynamicImage::ImageRgba8(rgba), Png);
    assert_eq!(decode(&bytes).pixels(), [255, 255, 255, 10, 20, 30, 204, 224, 244]);
    let green = Decoder { ground: [0, 255, 0], ..Decoder::default() }.decode(&bytes, "x").unwrap();
    assert_eq!(green.pixels(), [0, 255, 0, 10, 20, 30, 0, 224, 40]);

    let grey = image::GrayAlphaImage::from_raw(2, 1, vec![7, 0, 7, 255]).unwrap();
    let picture = decode(&encode(&DynamicImage::ImageLumaA8(grey), Png));
    assert_eq!(picture.pixels(), [255, 255, 255, 7, 7, 7]);
}

/// A file whose profile says that its samples are Display P3.
#[test]
fn colours_come_out_as_srgb() {
    let mut png = Vec::new();
    let mut encoder = PngEncoder::new(&mut png);
    encoder.set_icc_profile(ColorProfile::new_display_p3().encode().unwrap()).unwrap();
    RgbImage::from_pixel(9, 7, Rgb([180, 120, 60])).write_with_encoder(encoder).unwrap();
    let read = decode(&png);
    assert_eq!((read.width(), read.height(), read.channels()), (9, 7, 3));
    for pixel in read.pixels().as_chunks::<3>().0 {
        let expected = [190, 117, 45]; // by the matrix of SMPTE RP 431-2's primaries
        assert!(pixel.iter().zip(expected).all(|(got, e)| got.abs_diff(e) <= 1), "{pixel:?}, not {expected:?}");
    }
}

/// A 16 x 8 picture whose quarters have these greys, and how they lie after each EXIF orientation.
#[test]
fn all_eight_orientations_come_out_upright() {
    let quarters = image::GrayImage::from_fn(16, 8, |x, y| image::Luma([(x / 8 * 60 + y / 4 * 120) as u8 + 30]));
    let jpeg = encode(&DynamicImage::ImageLuma8(quarters), Jpeg);
    // The quarters A B / C D, read as rows of what must come out.
    let expected: [[u8; 4]; 8] = [
        [30, 90, 150, 210],
        [90, 30, 210, 150],
        [210, 150, 90, 30],
        [150, 210, 30, 90],
        [30, 150, 90, 210],
        [150, 30, 210, 90],
        [210, 90, 150, 30],
        [90, 210, 30, 150],
    ];
    for (orientation, expected) in (1u8..).zip(expected) {
        let exif = [
            b"Exif\0\0MM\0\x2A\0\0\0\x08".as_slice(),
            &[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
        ];
        let picture = decode(&jpeg_with_app1(&jpeg, &exif.concat()));
        let (w, h) = (picture.width(), picture.height());
        assert_eq!((w, h), if orientation < 5 { (16, 8) } else { (8, 16) });
        let quarter = |x: usize, y: usize| picture.pixels()[(h / 4 + y * h / 2) * w + w / 4 + x * w / 2];
        let got = [quarter(0, 0), quarter(1, 0), quarter(0, 1), quarter(1, 1)];
        assert!(got.iter().zip(expected).all(|(g, e)| g.abs_diff(e) < 12), "{orientation}: {got:?}, not {expected:?}");
    }
}

#[test]
fn what_is_cut_off_is_refused_in_every_format() {
    // Noise, so that every format has data to lose.
    let mut random = impasto_tensor::Random::new(1, 0);
    let noise =
        image::RgbImage::from_fn(64, 64, |_, _| image::Rgb(random.word().to_le_bytes()[..3].try_into().unwrap()));
    let noise = DynamicImage::ImageRgb8(noise);
    for format in [Png, Jpeg, WebP, Bmp, Gif, Tiff] {
        let bytes = encode(&noise, format);
        for share in [1, 5, 9] {
            let cut = &bytes[..bytes.len() * share / 10];
            assert!(Decoder::default().decode(cut, "cut").is_err(), "{format:?} cut to {share}0 %");
        }
    }
    let jpeg = encode(&noise, Jpeg);
    let text = refusal(Decoder::default().decode(&jpeg[..jpeg.len() / 2], "half.jpg"));
    assert_eq!(text, "half.jpg: ends before its picture does; copy or download it again");
}

#[test]
fn a_huge_header_is_refused_before_anything_is_allocated() {
    let mut header = b"IHDR".to_vec();
    header.extend([60_000u32.to_be_bytes(), 60_000u32.to_be_bytes()].concat());
    header.extend([8, 6, 0, 0, 0]);
    let chunk = |body: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(body);
        [&(body.len() as u32 - 4).to_be_bytes(), body, &crc.sum().to_be_bytes()].concat()
    };
    let bytes = [b"\x89PNG\r\n\x1A\n".as_slice(), &chunk(&header), &chunk(b"IDAT\x78\x9C")].concat();
    let text = refusal(Decoder::default().decode(&bytes, "huge.png"));
    assert_eq!(text, "huge.png: has 60000 x 60000 pixels, the limit is 16384 a side; scale it down");
}

#[test]
fn every_limit_is_held() {
    let bytes = encode(&pattern(), Png);
    let refused = |decoder: Decoder| refusal(decoder.decode(&bytes, "p"));
    let all = Decoder::default;
    assert!(refused(Decoder { max_side: 2, ..all() }).contains("the limit is 2 a side"));
    assert!(refused(Decoder { max_pixels: 5, ..all() }).contains("the limit is 5 in all"));
    assert!(refused(Decoder { max_decoded: 17, ..all() }).contains("limit"));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.png");
    impasto_data::write_atomically(&path, &bytes).unwrap();
    assert!(refusal(Decoder { max_file: 10, ..all() }.open(&path)).contains("the limit is 10"));
}

#[test]
fn what_is_no_picture_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.png");
    std::fs::write(&text, "only words").unwrap();
    let said = refusal(Decoder::default().open(&text));
    assert!(said.contains("notes.png: is not a picture; give it as PNG"), "{said}");

    let said = refusal(Decoder::default().open(folder.path().join("nothing.png")));
    assert!(said.contains("nothing.png: cannot read it"), "{said}");
    assert!(refusal(Decoder::default().open(folder.path())).contains("is not a regular file"));
    assert!(refusal(Decoder::default().decode(b"", "empty")).starts_with("empty: is not a picture"));
}

#[test]
fn the_suffix_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("really-a-png.jpg");
    std::fs::write(&path, encode(&pattern(), Png)).unwrap();
    assert_eq!(Decoder::default().open(path).unwrap().pixels(), PATTERN);
}
