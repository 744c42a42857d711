//! Protobuf records: the fields of one message, read without a schema, and written.

use std::borrow::Cow;

/// A field of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The field's number.
    pub number: u32,
    /// Its value.
    pub value: Value<'a>,
}

/// A value, by its wire type. Groups (types 3 and 4) are not part of ONNX.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// An integer.
    Integer(u64),
    /// Eight bytes.
    Eight([u8; 8]),
    /// Text, bytes, a message, or packed numbers.
    Bytes(Cow<'a, [u8]>),
    /// Four bytes.
    Four([u8; 4]),
}

/// The records of a message, in their order; messages inside stay bytes.
///
/// # Errors
/// What is no protobuf, or has groups.
pub fn records(mut message: &[u8]) -> Result<Vec<Record<'_>>, String> {
    let mut all = Vec::new();
    while let Some(record) = next(&mut message)? {
        all.push(record);
    }
    Ok(all)
}

/// Reads the next record from the start of `rest`; `None` at its end.
///
/// # Errors
/// What is no protobuf, or has groups.
pub fn next<'a>(rest: &mut &'a [u8]) -> Result<Option<Record<'a>>, String> {
    if rest.is_empty() {
        return Ok(None);
    }
    let key = integer(rest)?;
    let number = u32::try_from(key >> 3).map_err(|_| "a field has no valid number")?;
    let value = match key & 7 {
        0 => Value::Integer(integer(rest)?),
        1 => Value::Eight(array(rest)?),
        2 => {
            let length = usize::try_from(integer(rest)?).map_err(|_| CUT)?;
            Value::Bytes(Cow::Borrowed(take(rest, length)?))
        }
        5 => Value::Four(array(rest)?),
        other => return Err(format!("field {number} has wire type {other}, not one of ONNX")),
    };
    Ok(Some(Record { number, value }))
}

const CUT: &str = "it ends in the middle of a field";

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], String> {
    let (taken, after) = rest.split_at_checked(length).ok_or(CUT)?;
    *rest = after;
    Ok(taken)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], String> {
    take(rest, N)?.try_into().map_err(|_| CUT.to_owned())
}

/// Reads an integer of variable length from the start of `rest`.
///
/// # Errors
/// One of more than ten bytes, or that is cut.
pub fn integer(rest: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = array(rest)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("an integer has more than ten bytes".to_owned())
}

/// Writes a record.
pub fn write(number: u32, value: &Value, out: &mut Vec<u8>) {
    let key = |wire_type: u64| u64::from(number) << 3 | wire_type;
    match value {
        Value::Integer(v) => {
            write_integer(key(0), out);
            write_integer(*v, out);
        }
        Value::Eight(v) => {
            write_integer(key(1), out);
            out.extend(v);
        }
        Value::Bytes(v) => {
            write_integer(key(2), out);
            write_integer(v.len() as u64, out);
            out.extend_from_slice(v);
        }
        Value::Four(v) => {
            write_integer(key(5), out);
            out.extend(v);
        }
    }
}

/// Writes an integer in as few bytes as it takes.
pub fn write_integer(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_come_back(value in any::<u64>()) {
            let mut out = Vec::new();
            write_integer(value, &mut out);
            prop_assert_eq!(integer(&mut out.as_slice()), Ok(value));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(all) = records(&bytes) {
                let mut out = Vec::new();
                all.iter().for_each(|r| write(r.number, &r.value, &mut out));
                prop_assert_eq!(records(&out).unwrap(), all);
            }
        }
    }
}
