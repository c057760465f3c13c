//! The few fields of protocol buffers that an event file needs, written by hand: a library for all of them, with its
//! compiler, would weigh more than the whole log.
//!
//! Source: the page "Encoding" of the documentation of Protocol Buffers.

/// A message under construction. Fields may come in any order; what is not written has its default.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

/// How a field's length is told.
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(mut self, field: u32, wire: Wire) -> Self {
        self.varint(u64::from(field) << 3 | wire as u64);
        self
    }

    /// An int32, int64 or enum that is not negative.
    pub(super) fn int(self, field: u32, value: u64) -> Self {
        let mut message = self.key(field, Wire::Varint);
        message.varint(value);
        message
    }

    pub(super) fn double(self, field: u32, value: f64) -> Self {
        let mut message = self.key(field, Wire::Fixed64);
        message.0.extend(value.to_le_bytes());
        message
    }

    pub(super) fn float(self, field: u32, value: f32) -> Self {
        let mut message = self.key(field, Wire::Fixed32);
        message.0.extend(value.to_le_bytes());
        message
    }

    /// Bytes or a string.
    pub(super) fn bytes(self, field: u32, value: &[u8]) -> Self {
        let mut message = self.key(field, Wire::Bytes);
        message.varint(value.len() as u64);
        message.0.extend(value);
        message
    }

    /// Repeated doubles, packed.
    pub(super) fn doubles(self, field: u32, values: &[f64]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.bytes(field, &bytes)
    }

    pub(super) fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the page named above: 150 in field 1, "testing" in field 2, and the former as a message in field 3.
    #[test]
    fn fields_are_encoded_as_documented() {
        let number = Message::default().int(1, 150);
        assert_eq!(number.as_bytes(), [0x08, 0x96, 0x01]);
        let text = Message::default().bytes(2, b"testing");
        assert_eq!(text.as_bytes(), [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        assert_eq!(Message::default().message(3, &number).as_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let reals = Message::default().float(2, 1.0).double(16, -2.0);
        assert_eq!(reals.as_bytes(), [0x15, 0, 0, 0x80, 0x3f, 0x81, 0x01, 0, 0, 0, 0, 0, 0, 0, 0xc0]);
    }
}
