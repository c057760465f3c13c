//! Marks that other tools wrote or moved, files that carry none, and writing without ever leaving half a file.

use crate::common::{encode, jpeg_with_app1, pattern, refusal};
use image::ImageFormat;
use impasto_data::{
    Kind, Mark, Picture, Verdict, encode_png, find_mark, read_mark, remove_unfinished, write_atomically,
};

const XMP: &str = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
    <rdf:Description xmlns:e='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'><e:DigitalSourceType>\
    http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia\
    </e:DigitalSourceType></rdf:Description></rdf:RDF></x:xmpmeta>";

#[test]
fn the_xmp_of_other_tools_is_understood_in_jpeg() {
    let plain = encode(&pattern(), ImageFormat::Jpeg);
    assert_eq!(find_mark(&plain, "plain.jpg").unwrap(), Verdict::Unmarked);
    let app1 = [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), XMP.as_bytes()].concat();
    assert_eq!(find_mark(&jpeg_with_app1(&plain, &app1), "x").unwrap(), Verdict::Edited(None));
}

#[test]
fn the_xmp_of_other_tools_is_understood_in_webp() {
    let plain = encode(&pattern(), ImageFormat::WebP);
    assert_eq!(find_mark(&plain, "plain.webp").unwrap(), Verdict::Unmarked);
    let chunk = |tag: &[u8], body: &[u8]| {
        let padding = vec![0; body.len() % 2];
        [tag, &(body.len() as u32).to_le_bytes(), body, &padding].concat()
    };
    // Flags (4 = XMP), then width - 1 and height - 1 in three bytes each.
    let extended = chunk(b"VP8X", &[4, 0, 0, 0, 2, 0, 0, 1, 0, 0]);
    let body = [b"WEBP", extended.as_slice(), &plain[12..], &chunk(b"XMP ", XMP.as_bytes())].concat();
    assert_eq!(find_mark(&chunk(b"RIFF", &body), "x").unwrap(), Verdict::Edited(None));
}

#[test]
fn texts_in_a_png_are_found_packed_and_behind_the_pixels() {
    let mut bytes = Vec::new();
    let mut writer = png::Encoder::new(&mut bytes, 1, 1).write_header().unwrap();
    writer.write_image_data(&[0]).unwrap();
    let mut text = png::text_metadata::ITXtChunk::new("XML:com.adobe.xmp", XMP);
    text.compressed = true;
    writer.write_text_chunk(&text).unwrap();
    writer.finish().unwrap();
    assert_eq!(find_mark(&bytes, "x").unwrap(), Verdict::Edited(None));
}

#[test]
fn a_text_that_unpacks_to_too_much_is_not_unpacked() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.add_itxt_chunk("impasto".into(), "{broken".into()).unwrap();
    let mut writer = encoder.write_header().unwrap();
    let mut bomb = png::text_metadata::ITXtChunk::new("XML:com.adobe.xmp", format!("{XMP}{}", " ".repeat(50 << 20)));
    bomb.compressed = true;
    writer.write_text_chunk(&bomb).unwrap();
    writer.write_image_data(&[0]).unwrap();
    writer.finish().unwrap();
    assert!(bytes.len() < 1 << 20);
    assert_eq!(find_mark(&bytes, "x").unwrap(), Verdict::Unmarked);
}

#[test]
fn a_mark_survives_the_disk_and_what_is_no_picture_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mark) = (folder.path().join("made.png"), Mark::new(Kind::Generated));
    write_atomically(&path, &encode_png(&Picture::new(1, 1, 1, vec![0]), Some(&mark))).unwrap();
    assert_eq!(read_mark(&path).unwrap(), Verdict::Generated(Some(mark)));

    write_atomically(&path, b"words").unwrap();
    assert!(refusal(read_mark(&path)).contains("made.png: is not a picture"));
    assert!(refusal(read_mark(folder.path().join("gone.png"))).contains("gone.png: cannot read it"));
}

#[test]
fn a_failed_write_leaves_nothing_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("inside"), "kept").unwrap();
    assert!(refusal(write_atomically(&taken, b"new")).contains("taken: cannot write it"));
    assert!(refusal(write_atomically(folder.path().join("no/such/file"), b"new")).contains("file: cannot write it"));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["taken"]);
    std::fs::write(folder.path().join(".impasto-a1b2c3"), "of a process that was killed").unwrap();
    remove_unfinished(folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read(taken.join("inside")).unwrap(), b"kept");
}
