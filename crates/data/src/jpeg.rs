//! Whether a JPEG is whole. The decoder fills what is missing of a truncated one with grey and says nothing; training
//! on that would be worse than an error.

/// Whether the end-of-image marker is reached. Segments are skipped by their lengths, so that the marker of a
/// thumbnail inside one does not count.
///
/// # Source
/// ITU-T T.81, annex B.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        // 0xFF before 0x00 is a data byte, before 0xFF it is filling; before anything else it is a marker.
        let Some(at) = rest.windows(2).position(|w| w[0] == 0xFF && !matches!(w[1], 0x00 | 0xFF)) else {
            return false;
        };
        let marker = rest[at + 1];
        rest = &rest[at + 2..];
        match marker {
            0xD9 => return true,
            // TEM, RSTn and SOI stand alone.
            0x01 | 0xD0..=0xD8 => {}
            _ => {
                let skipped = rest.first_chunk().and_then(|len| rest.get(u16::from_be_bytes(*len) as usize..));
                let Some(behind) = skipped else { return false };
                rest = behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn the_end_of_a_thumbnail_is_not_the_end() {
        let thumbnail = [0xFF, 0xD8, 0xFF, 0xE1, 0, 4, 0xFF, 0xD9];
        let scan = [0xFF, 0xDA, 0, 2, 17, 0xFF, 0x00, 0xFF, 0xD0, 42];
        assert!(!is_whole(&[&thumbnail[..], &scan].concat()));
        assert!(is_whole(&[&thumbnail[..], &scan, &[0xFF, 0xD9]].concat()));
    }

    #[test]
    fn a_length_past_the_end_is_not_followed() {
        assert!(!is_whole(&[0xFF, 0xD8, 0xFF, 0xE1, 0xFF, 0xFF, 1]));
        assert!(!is_whole(&[0xFF, 0xD8, 0xFF, 0xE1, 0]));
        assert!(!is_whole(&[]));
    }
}
