//! `TensorProto`, decoded by hand: its payload stays where it is.

use super::blob::Blob;
use super::texts::Texts;
use super::wire::StringStringEntryProto;
use prost::bytes::{Buf, BufMut, Bytes};
use prost::encoding::{DecodeContext, WireType, bytes, int32, int64, message, string};
use prost::encoding::{decode_varint, encode_varint, skip_field};
use prost::{DecodeError, Message};

/// Payloads that come in pieces are put together up to this many bytes; larger
/// ones are weights, which nobody reads.
const MAX_PIECES: usize = 1 << 16;

/// The elements of a numeric field: packed (one length-delimited run, taken as
/// a slice of the file), in several runs, or one by one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Payload {
    whole: Bytes,
    pieces: Vec<u8>,
    /// Present, but in pieces and too large to be put together.
    dropped: bool,
}

impl Payload {
    /// True where the file has no element.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.pieces.is_empty() && !self.dropped
    }

    /// The packed elements; `None` where they were dropped.
    pub fn into_bytes(self) -> Option<Bytes> {
        match (self.dropped, self.pieces.is_empty()) {
            (true, _) => None,
            (_, true) => Some(self.whole),
            _ => Some(self.pieces.into()),
        }
    }

    fn push(&mut self, more: Bytes) {
        if self.is_empty() {
            self.whole = more;
        } else {
            self.append(&more);
        }
    }

    fn append(&mut self, more: &[u8]) {
        let whole = std::mem::take(&mut self.whole);
        let known = whole.len().saturating_add(self.pieces.len());
        self.dropped |= known.saturating_add(more.len()) > MAX_PIECES;
        if self.dropped {
            self.pieces = Vec::new();
            return;
        }
        self.pieces.extend_from_slice(&whole);
        self.pieces.extend_from_slice(more);
    }

    fn merge(&mut self, wt: WireType, buf: &mut impl Buf, ctx: DecodeContext) -> Merged {
        match wt {
            WireType::Varint => {
                let x = decode_varint(buf)?;
                let mut one = Vec::with_capacity(10);
                encode_varint(x, &mut one);
                self.append(&one);
            }
            WireType::ThirtyTwoBit => self.fixed::<4>(buf)?,
            WireType::SixtyFourBit => self.fixed::<8>(buf)?,
            _ => {
                let mut run = Bytes::new();
                bytes::merge(wt, &mut run, buf, ctx)?;
                self.push(run);
            }
        }
        Ok(())
    }

    fn fixed<const N: usize>(&mut self, buf: &mut impl Buf) -> Merged {
        if buf.remaining() < N {
            // The one way to make a `DecodeError` of one's own: run out of input.
            return decode_varint(&mut &[][..]).map(|_| ());
        }
        let mut one = [0; N];
        buf.copy_to_slice(&mut one);
        self.append(&one);
        Ok(())
    }
}

type Merged = Result<(), DecodeError>;

/// A tensor. Of `string_data` a few strings are kept; documentation is skipped.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)] // names of onnx.proto
pub struct TensorProto {
    pub dims: Vec<i64>,
    pub data_type: i32,
    pub float_data: Payload,
    pub int32_data: Payload,
    pub string_data: Texts,
    pub int64_data: Payload,
    pub name: String,
    pub raw_data: Bytes,
    pub double_data: Payload,
    pub uint64_data: Payload,
    pub external_data: Vec<StringStringEntryProto>,
    pub data_location: i32,
}

impl TensorProto {
    fn strings(&self) -> Vec<Bytes> {
        let kept = self.string_data.items().unwrap_or_default();
        kept.iter().cloned().map(Blob::into_inner).collect()
    }

    fn payloads(&self) -> [(u32, Bytes); 6] {
        let of = |p: &Payload| p.clone().into_bytes().unwrap_or_default();
        [
            (4, of(&self.float_data)),
            (5, of(&self.int32_data)),
            (7, of(&self.int64_data)),
            (9, self.raw_data.clone()),
            (10, of(&self.double_data)),
            (11, of(&self.uint64_data)),
        ]
    }
}

impl Message for TensorProto {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        int64::encode_packed(1, &self.dims, buf);
        int32::encode(2, &self.data_type, buf);
        string::encode(8, &self.name, buf);
        self.payloads()
            .iter()
            .filter(|p| !p.1.is_empty())
            .for_each(|p| bytes::encode(p.0, &p.1, buf));
        bytes::encode_repeated(6, &self.strings(), buf);
        message::encode_repeated(13, &self.external_data, buf);
        int32::encode(14, &self.data_location, buf);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wt: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Merged {
        let merged = match tag {
            1 => int64::merge_repeated(wt, &mut self.dims, buf, ctx),
            2 => int32::merge(wt, &mut self.data_type, buf, ctx),
            4 => self.float_data.merge(wt, buf, ctx),
            5 => self.int32_data.merge(wt, buf, ctx),
            6 => {
                let mut text = Bytes::new();
                bytes::merge(wt, &mut text, buf, ctx)
                    .map(|()| self.string_data.push(Blob::new(text)))
            }
            7 => self.int64_data.merge(wt, buf, ctx),
            8 => string::merge(wt, &mut self.name, buf, ctx),
            9 => bytes::merge(wt, &mut self.raw_data, buf, ctx),
            10 => self.double_data.merge(wt, buf, ctx),
            11 => self.uint64_data.merge(wt, buf, ctx),
            13 => message::merge_repeated(wt, &mut self.external_data, buf, ctx),
            14 => int32::merge(wt, &mut self.data_location, buf, ctx),
            _ => skip_field(wt, tag, buf, ctx),
        };
        merged.map_err(|mut e| {
            e.push("TensorProto", FIELDS.get(tag as usize).copied().unwrap_or("?"));
            e
        })
    }

    fn encoded_len(&self) -> usize {
        let payloads = self.payloads();
        let payloads = payloads.iter().filter(|p| !p.1.is_empty());
        [
            int64::encoded_len_packed(1, &self.dims),
            int32::encoded_len(2, &self.data_type),
            string::encoded_len(8, &self.name),
            payloads.map(|p| bytes::encoded_len(p.0, &p.1)).sum(),
            bytes::encoded_len_repeated(6, &self.strings()),
            message::encoded_len_repeated(13, &self.external_data),
            int32::encoded_len(14, &self.data_location),
        ]
        .iter()
        .sum()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Field names by number, for errors.
const FIELDS: [&str; 15] = [
    "?",
    "dims",
    "data_type",
    "segment",
    "float_data",
    "int32_data",
    "string_data",
    "int64_data",
    "name",
    "raw_data",
    "double_data",
    "uint64_data",
    "doc_string",
    "external_data",
    "data_location",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<TensorProto, DecodeError> {
        TensorProto::decode(Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn elements_come_packed_one_by_one_or_in_runs() {
        let packed = [0x3a, 3, 1, 0x96, 1];
        let single = [0x38, 1, 0x38, 0x96, 1];
        let runs = [0x3a, 1, 1, 0x3a, 2, 0x96, 1];
        for bytes in [&packed[..], &single, &runs] {
            let t = decode(bytes).unwrap();
            assert_eq!(t.int64_data.into_bytes().unwrap(), [1u8, 0x96, 1][..]);
        }
        let float = [0x25, 1, 2, 3, 4];
        assert_eq!(decode(&float).unwrap().float_data.into_bytes().unwrap(), [1u8, 2, 3, 4][..]);
        assert!(decode(&float[..4]).is_err());
        assert_eq!(decode(&[0x58, 7]).unwrap().uint64_data.into_bytes().unwrap(), [7u8][..]);
    }

    #[test]
    fn dims_come_packed_or_one_by_one() {
        assert_eq!(decode(&[0x0a, 2, 3, 4]).unwrap().dims, [3, 4]);
        assert_eq!(decode(&[8, 3, 8, 4]).unwrap().dims, [3, 4]);
    }

    #[test]
    fn large_payloads_in_pieces_are_dropped() {
        let mut bytes = Vec::new();
        for _ in 0..MAX_PIECES / 4 + 1 {
            bytes.extend([0x25, 0, 0, 0, 0]);
        }
        let t = decode(&bytes).unwrap();
        assert!(!t.float_data.is_empty());
        assert_eq!(t.float_data.into_bytes(), None);
    }

    #[test]
    fn what_is_written_reads_back() {
        let t = decode(&[0x0a, 1, 2, 0x10, 7, 0x3a, 2, 5, 6, 0x42, 1, b'w']).unwrap();
        assert_eq!(decode(&t.encode_to_vec()).unwrap(), t);
    }

    #[test]
    fn errors_name_the_field() {
        let e = decode(&[0x4a, 0xff, 0xff, 0xff, 0xff, 0x0f]).unwrap_err().to_string();
        assert!(e.contains("TensorProto.raw_data"), "{e}");
    }
}
