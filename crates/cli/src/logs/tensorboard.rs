//! Event files that TensorBoard reads: records of scalars, pictures and histograms, each with its checksums.
//!
//! Written here, as the two crates that do it are heavy for what takes a page: one brings an image decoder of 2021 and
//! protobuf 2, the other runs a protobuf compiler when it is built.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crc::{CRC_32_ISCSI, Crc, Table};

use super::histogram::Histogram;
use super::proto::Message;

/// The Castagnoli polynomial.
const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

// Fields of the messages, from `event.proto` and `summary.proto` of TensorFlow.
const WALL_TIME: u32 = 1;
const STEP: u32 = 2;
const FILE_VERSION: u32 = 3;
const SUMMARY: u32 = 5;
const SESSION_LOG: u32 = 7;
const VALUE: u32 = 1;
const TAG: u32 = 1;
const SIMPLE_VALUE: u32 = 2;
const IMAGE: u32 = 4;
const HISTOGRAM: u32 = 5;

/// An event file, open for writing. Every call writes whole records.
pub(super) struct EventFile(File);

impl EventFile {
    /// Begins a file of its own in `folder`. TensorBoard reads all files of a folder one after the other, in the order of
    /// their names, which begin with the time. After `resumed_from` a step, what earlier files hold beyond it is void.
    pub(super) fn create(folder: &Path, resumed_from: Option<u64>) -> io::Result<Self> {
        let seconds = now() as u64;
        let name = |i: u32| folder.join(format!("events.out.tfevents.{seconds:010}.impasto.{i:03}"));
        let mut create = (0..).map(|i| OpenOptions::new().write(true).create_new(true).open(name(i)));
        let file = create.find(|file| !file.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::AlreadyExists));
        let mut events = Self(file.expect("some name is free")?);
        events.record(0, |event| event.bytes(FILE_VERSION, b"brain.Event:2"))?;
        if let Some(step) = resumed_from {
            /// The status of a session that begins: readers drop what they have from its step on.
            const START: u64 = 1;
            events.record(step + 1, |event| event.message(SESSION_LOG, &Message::default().int(1, START)))?;
        }
        Ok(events)
    }

    /// Values by name. TensorBoard keeps them as f32.
    pub(super) fn scalars<'n>(&mut self, step: u64, scalars: impl Iterator<Item = (&'n str, f64)>) -> io::Result<()> {
        let value = |(tag, value): (&str, f64)| tagged(tag).float(SIMPLE_VALUE, value as f32);
        let summary = scalars.map(value).fold(Message::default(), |summary, v| summary.message(VALUE, &v));
        self.record(step, |event| event.message(SUMMARY, &summary))
    }

    /// A picture: the bytes of a PNG file and its width and height.
    pub(super) fn image(&mut self, tag: &str, step: u64, png: &[u8], [w, h]: [usize; 2]) -> io::Result<()> {
        /// The colour space of three channels.
        const RGB: u64 = 3;
        let image = Message::default().int(1, h as u64).int(2, w as u64).int(3, RGB).bytes(4, png);
        self.value(step, &tagged(tag).message(IMAGE, &image))
    }

    /// How values are spread; those that are not finite are left out, and without a finite one nothing is written.
    pub(super) fn histogram(&mut self, tag: &str, step: u64, values: &[f32]) -> io::Result<()> {
        let Some(seen) = Histogram::of(values) else { return Ok(()) };
        let moments = [seen.min, seen.max, seen.count, seen.sum, seen.sum_of_squares];
        let histogram = (1..).zip(moments).fold(Message::default(), |message, (field, v)| message.double(field, v));
        let histogram = histogram.doubles(6, &seen.limits).doubles(7, &seen.counts);
        self.value(step, &tagged(tag).message(HISTOGRAM, &histogram))
    }

    /// Waits until all is on the disk.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn value(&mut self, step: u64, value: &Message) -> io::Result<()> {
        self.record(step, |event| event.message(SUMMARY, &Message::default().message(VALUE, value)))
    }

    fn record(&mut self, step: u64, fill: impl FnOnce(Message) -> Message) -> io::Result<()> {
        let event = fill(Message::default().double(WALL_TIME, now()).int(STEP, step));
        self.0.write_all(&framed(event.as_bytes()))
    }
}

fn tagged(tag: &str) -> Message {
    Message::default().bytes(TAG, tag.as_bytes())
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// A record of a `TFRecord` file: length, its checksum, data, their checksum, all little-endian.
fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length, &masked(&length)[..], data, &masked(data)].concat()
}

/// The checksum of a record is turned and shifted, so that a file of records can be a record itself.
fn masked(data: &[u8]) -> [u8; 4] {
    CRC.checksum(data).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The records of a file, with every checksum compared.
    pub(in super::super) fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_at(8);
            let (check, rest) = rest.split_at(4);
            assert_eq!(unmasked(check), CRC.checksum(length));
            let (data, rest) = rest.split_at(u64::from_le_bytes(length.try_into().expect("8 bytes")) as usize);
            let (check, rest) = rest.split_at(4);
            assert_eq!(unmasked(check), CRC.checksum(data));
            records.push(data.to_vec());
            bytes = rest;
        }
        records
    }

    fn unmasked(bytes: &[u8]) -> u32 {
        u32::from_le_bytes(bytes.try_into().expect("4 bytes")).wrapping_sub(0xa282_ead8).rotate_left(15)
    }

    /// The check value of CRC-32C (RFC 3720, appendix B.4: 32 bytes of zeros), and the record that begins every event file
    /// but for its time.
    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(CRC.checksum(&[0; 32]), 0x8a91_36aa);
        assert_eq!(CRC.checksum(b"123456789"), 0xe306_9283);
        assert_eq!(records(&framed(b"data")), [b"data"]);
    }

    #[test]
    fn a_file_begins_with_its_version_and_tells_of_a_resumed_run() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [first, second] = [None, Some(7)].map(|from| EventFile::create(folder.path(), from).expect("a file"));
        drop((first, second));
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).expect("a folder").map(|e| e.expect("a file").path()).collect();
        names.sort();
        let files: Vec<_> = names.iter().map(|name| records(&std::fs::read(name).expect("a file"))).collect();
        assert_eq!(files.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
        assert!(files.iter().all(|records| records[0].ends_with(b"brain.Event:2")));
        assert!(
            files[1][1].ends_with(&[0x10, 8, 0x3a, 2, 0x08, 1]),
            "step 8, a session that begins: {:?}",
            files[1][1]
        );
    }
}
