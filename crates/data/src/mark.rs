//! Provenance: a PNG that says what made it, in a form of our own (all of it) and in the field's (XMP, what other tools
//! understand), and reading either back. A mark is a statement, not a proof: whoever re-encodes the picture drops it.

use std::path::Path;

use image::{ImageDecoder, ImageFormat};
use serde::{Deserialize, Serialize};

use crate::decoder::begin;
use crate::{Decoder, Error, Picture, files, xmp};

/// The program and version that this build writes into files.
const SOFTWARE: &str = concat!("impasto ", env!("CARGO_PKG_VERSION"));
/// Under which PNG keyword the mark lies.
const KEYWORD: &str = "impasto";
/// Under which PNG keyword XMP lies, by the XMP specification, part 3.
const XMP_KEYWORD: &str = "XML:com.adobe.xmp";
/// The longest text that is looked into, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// How a trained model had part in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// All of it comes from a model.
    Generated,
    /// A picture that was there before was changed by a model.
    Edited,
}

/// How a picture was made. It holds nothing of clock, path or machine: the same making gives the same mark.
// The fields are in alphabetical order, and so are the keys in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The command that makes it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Generated or edited.
    pub kind: Kind,
    /// The hash of the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What went in: names or hashes of pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// The seed of the random numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The program and its version.
    pub software: String,
}

impl Mark {
    /// The mark of this version of impasto, the rest unsaid.
    pub fn new(kind: Kind) -> Self {
        Self { command: None, kind, model: None, parents: Vec::new(), seed: None, software: SOFTWARE.into() }
    }
}

/// What a file says of its making. The mark is there if impasto wrote it; other tools state the kind only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It says that a model generated it.
    Generated(Option<Mark>),
    /// It says that a model edited it.
    Edited(Option<Mark>),
    /// It says nothing of a model, which proves nothing.
    Unmarked,
}

/// The picture as a PNG file, with its mark unless it is a picture that no model had part in. The same arguments give
/// the same bytes.
pub fn encode_png(picture: &Picture, mark: Option<&Mark>) -> Vec<u8> {
    write_png(picture, mark).expect("in memory and with valid sides and keywords nothing can fail")
}

fn write_png(picture: &Picture, mark: Option<&Mark>) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width() as u32, picture.height() as u32);
    encoder.set_color(if picture.channels() == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    if let Some(mark) = mark {
        let json = serde_json::to_string(mark).expect("a mark is strings and numbers");
        encoder.add_text_chunk("Software".into(), SOFTWARE.into())?;
        encoder.add_itxt_chunk(KEYWORD.into(), json)?;
        encoder.add_itxt_chunk(XMP_KEYWORD.into(), xmp::packet(mark.kind))?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(picture.pixels())?;
    writer.finish()?;
    Ok(bytes)
}

/// What the file at `path` says of its making; see [`find_mark`].
///
/// # Errors
/// If the file cannot be read, is larger than [`Decoder`]'s default limit, or is not a picture.
pub fn read_mark(path: impl AsRef<Path>) -> Result<Verdict, Error> {
    let path = path.as_ref();
    find_mark(&files::read(path, Decoder::default().max_file)?, path)
}

/// What the picture in `bytes` says of its making: by impasto's own text in a PNG, or by the IPTC digital source type
/// in the XMP of a PNG, JPEG, WebP, GIF or TIFF by any tool. Errors call it `name`.
///
/// # Errors
/// If the bytes are not a picture.
pub fn find_mark(bytes: &[u8], name: impl AsRef<Path>) -> Result<Verdict, Error> {
    let (format, mut decoder) = begin(bytes, name.as_ref(), Decoder::default().max_decoded)?;
    let (mark, packet) = match format {
        ImageFormat::Png => png_texts(bytes),
        _ => (None, decoder.xmp_metadata().ok().flatten().filter(|packet| packet.len() <= MAX_TEXT)),
    };
    let stated = packet.and_then(|packet| xmp::source_type(&packet));
    Ok(match stated.or(mark.as_ref().map(|m| m.kind)) {
        Some(Kind::Generated) => Verdict::Generated(mark),
        Some(Kind::Edited) => Verdict::Edited(mark),
        None => Verdict::Unmarked,
    })
}

/// The mark and the XMP packet of a PNG, before or behind its pixels. What cannot be read is as good as not there.
fn png_texts(bytes: &[u8]) -> (Option<Mark>, Option<Vec<u8>>) {
    let limits = png::Limits { bytes: Decoder::default().max_decoded as usize };
    let Ok(mut reader) = png::Decoder::new_with_limits(std::io::Cursor::new(bytes), limits).read_info() else {
        return (None, None);
    };
    // A file that is cut off behind the texts still has them.
    let _ = reader.finish();
    let text = |keyword: &str| {
        let mut chunk = reader.info().utf8_text.iter().find(|chunk| chunk.keyword == keyword)?.clone();
        chunk.decompress_text_with_limit(MAX_TEXT).ok()?;
        chunk.get_text().ok().filter(|text| text.len() <= MAX_TEXT)
    };
    (text(KEYWORD).and_then(|json| serde_json::from_str(&json).ok()), text(XMP_KEYWORD).map(String::into_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Mark {
        Mark {
            command: Some("impasto generate --seed 7 \u{1F3A8}".into()),
            model: Some("abc".into()),
            parents: vec!["cat.jpg".into()],
            seed: Some(u64::MAX),
            ..Mark::new(Kind::Edited)
        }
    }

    #[test]
    fn a_mark_is_read_back_and_the_bytes_repeat() {
        let picture = Picture::new(2, 3, 1, vec![0, 50, 100, 150, 200, 250]);
        for mark in [full(), Mark::new(Kind::Generated)] {
            let bytes = encode_png(&picture, Some(&mark));
            assert_eq!(bytes, encode_png(&picture, Some(&mark)));
            let verdict = find_mark(&bytes, "x").unwrap();
            let expected = match mark.kind {
                Kind::Generated => Verdict::Generated(Some(mark)),
                Kind::Edited => Verdict::Edited(Some(mark)),
            };
            assert_eq!(verdict, expected);
            assert_eq!(Decoder::default().decode(&bytes, "x").unwrap(), picture);
        }
    }

    #[test]
    fn a_picture_of_no_model_has_no_mark() {
        let bytes = encode_png(&Picture::new(1, 1, 3, vec![1, 2, 3]), None);
        assert_eq!(find_mark(&bytes, "x").unwrap(), Verdict::Unmarked);
    }

    #[test]
    fn keys_are_sorted() {
        let json = serde_json::to_string(&full()).unwrap();
        let at = |key: &str| json.find(&format!("\"{key}\":")).unwrap();
        assert!(["command", "kind", "model", "parents", "seed", "software"].is_sorted_by_key(|k| at(k)));
    }
}
