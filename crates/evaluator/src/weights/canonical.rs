//! The canonical byte form of an ONNX model, in which bundles keep theirs.
//!
//! Fields stand in the order in which `onnx.proto` declares them, each value in its shortest
//! form; zeros and empty texts are left out, as proto3 has it. This is how the protobuf writer
//! of nneval's earlier versions wrote, so that equal models stay equal files.

use super::wire::{self, Record, Value};
use std::borrow::Cow;

/// Messages in messages, at most.
const DEPTH: usize = 100;

/// A message: its fields in the order of their declaration.
struct Message(&'static [Field]);

/// A field: its number, and what it holds.
struct Field(u32, Kind);

enum Kind {
    /// An integer.
    Integer,
    /// A number of four bytes.
    Float,
    /// Text or bytes.
    Bytes,
    /// Any number of texts.
    ManyBytes,
    /// Any number of integers, one record each.
    Integers,
    /// Any number of numbers of four bytes, one record each.
    Floats,
    /// Any number of integers in one record.
    PackedIntegers,
    /// Any number of numbers of fixed size in one record.
    PackedFixed,
    /// A message.
    One(&'static Message),
    /// Any number of messages.
    Many(&'static Message),
    /// One of several fields, the last one that is there; 0 and empty count as there.
    OneOf(&'static [Field]),
}

use Kind::{
    Bytes, Float, Floats, Integer, Integers, Many, ManyBytes, One, OneOf, PackedFixed,
    PackedIntegers,
};

/// `ModelProto`.
static MODEL: Message = Message(&[
    Field(1, Integer),
    Field(8, Many(&OPERATOR_SET)),
    Field(2, Bytes),
    Field(3, Bytes),
    Field(4, Bytes),
    Field(5, Integer),
    Field(6, Bytes),
    Field(7, One(&GRAPH)),
    Field(14, Many(&ENTRY)),
    Field(20, Many(&TRAINING)),
    Field(25, Many(&FUNCTION)),
]);

static OPERATOR_SET: Message = Message(&[Field(1, Bytes), Field(2, Integer)]);

/// `StringStringEntryProto`.
static ENTRY: Message = Message(&[Field(1, Bytes), Field(2, Bytes)]);

static TRAINING: Message = Message(&[
    Field(1, One(&GRAPH)),
    Field(2, One(&GRAPH)),
    Field(3, Many(&ENTRY)),
    Field(4, Many(&ENTRY)),
]);

static FUNCTION: Message = Message(&[
    Field(1, Bytes),
    Field(4, ManyBytes),
    Field(5, ManyBytes),
    Field(6, ManyBytes),
    Field(11, Many(&ATTRIBUTE)),
    Field(7, Many(&NODE)),
    Field(8, Bytes),
    Field(9, Many(&OPERATOR_SET)),
    Field(10, Bytes),
    Field(13, Bytes),
    Field(12, Many(&VALUE)),
    Field(14, Many(&ENTRY)),
]);

static GRAPH: Message = Message(&[
    Field(1, Many(&NODE)),
    Field(2, Bytes),
    Field(5, Many(&TENSOR)),
    Field(15, Many(&SPARSE_TENSOR)),
    Field(10, Bytes),
    Field(11, Many(&VALUE)),
    Field(12, Many(&VALUE)),
    Field(13, Many(&VALUE)),
    Field(14, Many(&ANNOTATION)),
    Field(16, Many(&ENTRY)),
]);

static ANNOTATION: Message = Message(&[Field(1, Bytes), Field(2, Many(&ENTRY))]);

static NODE: Message = Message(&[
    Field(1, ManyBytes),
    Field(2, ManyBytes),
    Field(3, Bytes),
    Field(4, Bytes),
    Field(7, Bytes),
    Field(8, Bytes),
    Field(5, Many(&ATTRIBUTE)),
    Field(6, Bytes),
    Field(9, Many(&ENTRY)),
]);

static ATTRIBUTE: Message = Message(&[
    Field(1, Bytes),
    Field(21, Bytes),
    Field(13, Bytes),
    Field(20, Integer),
    Field(2, Float),
    Field(3, Integer),
    Field(4, Bytes),
    Field(5, One(&TENSOR)),
    Field(6, One(&GRAPH)),
    Field(22, One(&SPARSE_TENSOR)),
    Field(14, One(&TYPE)),
    Field(7, Floats),
    Field(8, Integers),
    Field(9, ManyBytes),
    Field(10, Many(&TENSOR)),
    Field(11, Many(&GRAPH)),
    Field(23, Many(&SPARSE_TENSOR)),
    Field(15, Many(&TYPE)),
]);

/// `ValueInfoProto`.
static VALUE: Message =
    Message(&[Field(1, Bytes), Field(2, One(&TYPE)), Field(3, Bytes), Field(4, Many(&ENTRY))]);

static TENSOR: Message = Message(&[
    Field(1, Integers),
    Field(2, Integer),
    Field(3, One(&SEGMENT)),
    Field(4, PackedFixed),
    Field(5, PackedIntegers),
    Field(6, ManyBytes),
    Field(7, PackedIntegers),
    Field(8, Bytes),
    Field(12, Bytes),
    Field(9, Bytes),
    Field(13, Many(&ENTRY)),
    Field(14, Integer),
    Field(10, PackedFixed),
    Field(11, PackedIntegers),
    Field(16, Many(&ENTRY)),
]);

static SEGMENT: Message = Message(&[Field(1, Integer), Field(2, Integer)]);

static SPARSE_TENSOR: Message =
    Message(&[Field(1, One(&TENSOR)), Field(2, One(&TENSOR)), Field(3, Integers)]);

static TYPE: Message = Message(&[
    Field(6, Bytes),
    Field(
        0,
        OneOf(&[
            Field(1, One(&TENSOR_TYPE)),
            Field(4, One(&ELEMENT_TYPE)),
            Field(5, One(&MAP_TYPE)),
            Field(9, One(&ELEMENT_TYPE)),
            Field(8, One(&TENSOR_TYPE)),
        ]),
    ),
]);

static TENSOR_TYPE: Message = Message(&[Field(1, Integer), Field(2, One(&SHAPE))]);

static ELEMENT_TYPE: Message = Message(&[Field(1, One(&TYPE))]);

static MAP_TYPE: Message = Message(&[Field(1, Integer), Field(2, One(&TYPE))]);

static SHAPE: Message = Message(&[Field(1, Many(&DIMENSION))]);

static DIMENSION: Message =
    Message(&[Field(3, Bytes), Field(0, OneOf(&[Field(1, Integer), Field(2, Bytes)]))]);

/// A model in canonical form, given the records of its `ModelProto`. Fields that `onnx.proto`
/// does not have are left out.
///
/// # Errors
/// What is no protobuf, or nests too deep.
pub fn model(records: &[Record]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    MODEL.write(records, &mut out, DEPTH)?;
    Ok(out)
}

impl Message {
    fn write(&self, records: &[Record], out: &mut Vec<u8>, depth: usize) -> Result<(), String> {
        let deeper = depth.checked_sub(1).ok_or("its messages nest too deep")?;
        self.0.iter().try_for_each(|field| field.write(records, out, deeper))
    }
}

impl Field {
    fn write(&self, records: &[Record], out: &mut Vec<u8>, depth: usize) -> Result<(), String> {
        let number = self.0;
        let mut mine = records.iter().filter(|r| r.number == number).map(|r| &r.value);
        match &self.1 {
            OneOf(fields) => {
                let chosen = |r: &Record| fields.iter().any(|f| f.0 == r.number);
                let Some(last) = records.iter().rfind(|r| chosen(r)) else { return Ok(()) };
                match fields.iter().find(|f| f.0 == last.number) {
                    Some(Field(number, One(message))) => {
                        let parts = concat(&[&last.value])?;
                        write_message(*number, message, &parts, out, depth)?;
                    }
                    _ => wire::write(last.number, &last.value, out),
                }
            }
            Integer => {
                if let Some(value) = mine.next_back().map(integer).transpose()?.filter(|v| *v != 0)
                {
                    wire::write(number, &Value::Integer(value), out);
                }
            }
            Float => {
                let is_zero = |v: &[u8; 4]| f32::from_le_bytes(*v) == 0.0;
                match mine.next_back() {
                    Some(Value::Four(v)) if !is_zero(v) => {
                        wire::write(number, &Value::Four(*v), out)
                    }
                    Some(Value::Four(_)) | None => {}
                    Some(_) => return Err(format!("field {number} is no float")),
                }
            }
            Bytes => {
                if let Some(text) =
                    mine.next_back().map(bytes).transpose()?.filter(|t| !t.is_empty())
                {
                    wire::write(number, &Value::Bytes(Cow::Borrowed(text)), out);
                }
            }
            ManyBytes => {
                for value in mine {
                    wire::write(number, &Value::Bytes(Cow::Borrowed(bytes(value)?)), out);
                }
            }
            Integers => {
                for value in integers(mine)? {
                    wire::write(number, &Value::Integer(value), out);
                }
            }
            Floats => {
                for value in fixed(mine)?.as_chunks::<4>().0 {
                    wire::write(number, &Value::Four(*value), out);
                }
            }
            PackedIntegers => {
                let mut packed = Vec::new();
                integers(mine)?.into_iter().for_each(|v| wire::write_integer(v, &mut packed));
                write_packed(number, packed, out);
            }
            PackedFixed => write_packed(number, fixed(mine)?, out),
            One(message) => {
                let parts: Vec<&Value> = mine.collect();
                if !parts.is_empty() {
                    write_message(number, message, &concat(&parts)?, out, depth)?;
                }
            }
            Many(message) => {
                for value in mine {
                    write_message(number, message, bytes(value)?, out, depth)?;
                }
            }
        }
        Ok(())
    }
}

fn write_message(
    number: u32,
    message: &Message,
    payload: &[u8],
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<(), String> {
    let mut inner = Vec::with_capacity(payload.len());
    message.write(&wire::records(payload)?, &mut inner, depth)?;
    wire::write(number, &Value::Bytes(Cow::Owned(inner)), out);
    Ok(())
}

fn write_packed(number: u32, packed: Vec<u8>, out: &mut Vec<u8>) {
    if !packed.is_empty() {
        wire::write(number, &Value::Bytes(Cow::Owned(packed)), out);
    }
}

fn integer(value: &Value) -> Result<u64, String> {
    match value {
        Value::Integer(v) => Ok(*v),
        _ => Err("an integer is of another wire type".to_owned()),
    }
}

fn bytes<'v>(value: &'v Value) -> Result<&'v [u8], String> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err("a text or message is of another wire type".to_owned()),
    }
}

/// The parts of a message that stands in several pieces: together they are the message.
fn concat(parts: &[&Value]) -> Result<Vec<u8>, String> {
    Ok(parts.iter().map(|v| bytes(v)).collect::<Result<Vec<_>, _>>()?.concat())
}

/// Repeated integers, packed or not.
fn integers<'v>(values: impl Iterator<Item = &'v Value<'v>>) -> Result<Vec<u64>, String> {
    let mut all = Vec::new();
    for value in values {
        match value {
            Value::Integer(v) => all.push(*v),
            other => {
                let mut rest = bytes(other)?;
                while !rest.is_empty() {
                    all.push(wire::integer(&mut rest)?);
                }
            }
        }
    }
    Ok(all)
}

/// Repeated numbers of fixed size, packed or not, as bytes.
fn fixed<'v>(values: impl Iterator<Item = &'v Value<'v>>) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    for value in values {
        match value {
            Value::Four(v) => all.extend(v),
            Value::Eight(v) => all.extend(v),
            other => all.extend(bytes(other)?),
        }
    }
    Ok(all)
}
