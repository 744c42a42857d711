//! Constant tensors, their elements decoded on demand.

use super::blob::Blob;
use super::data_type::DataType;
use super::texts::Texts;
use half::{bf16, f16};

/// Constant content of a value, as far as the graph's structure needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Element type.
    pub dtype: DataType,
    /// Dimensions; all known.
    pub dims: Vec<u64>,
    /// Where the elements are, undecoded.
    pub data: TensorData,
}

/// Undecoded elements of a [`Tensor`].
#[derive(Debug, Clone, PartialEq)]
pub enum TensorData {
    /// Not in the file, not needed, or of a kind that is never read.
    Absent,
    /// Little-endian elements, as in `TensorProto.raw_data`.
    Raw(Blob),
    /// Packed varints, as in `int32_data` and `int64_data`.
    Varints(Blob),
    /// A sparse tensor of so many stored elements; they are not read.
    Sparse(u64),
    /// In an external file.
    External,
    /// Integers given in an attribute (`value_ints`).
    Ints(Vec<i64>),
    /// Floats given in an attribute (`value_floats`).
    Floats(Vec<f32>),
    /// Strings (`string_data`, `value_strings`).
    Strings(Texts),
}

impl Tensor {
    /// Number of elements; `None` on overflow.
    pub fn len(&self) -> Option<u64> {
        self.dims.iter().try_fold(1u64, |n, &d| n.checked_mul(d))
    }

    /// True where some dimension is zero.
    pub fn is_empty(&self) -> bool {
        self.dims.contains(&0)
    }

    /// Bytes that the elements take, those below a byte packed; `None` on overflow.
    pub fn bytes(&self) -> Option<u64> {
        let stored = match self.data {
            TensorData::Sparse(n) => n,
            _ => self.len()?,
        };
        stored.checked_mul(self.dtype.bits().into()).map(|b| b.div_ceil(8))
    }

    /// Integer elements, where the type is an integer or bool and there are at
    /// most `max` of them. Unsigned 64-bit values beyond `i64` saturate.
    pub fn ints(&self, max: u64) -> Option<Vec<i64>> {
        let n = usize::try_from(self.len().filter(|&n| n <= max)?).ok()?;
        let v: Vec<i64> = match (&self.data, self.dtype) {
            (TensorData::Ints(v), _) => v.clone(),
            (TensorData::Varints(b), t) if t.is_packed_integer() => {
                let per = usize::try_from(8u32.checked_div(t.bits())?).ok()?;
                let packed: Vec<u8> =
                    varints(b, n.div_ceil(per))?.iter().map(|&x| x as u8).collect();
                packed_ints(&packed, n, t)
            }
            (TensorData::Varints(b), t) => {
                varints(b, n)?.into_iter().map(|x| narrow(x, t)).collect()
            }
            (TensorData::Raw(b), t) if t.is_packed_integer() => packed_ints(b, n, t),
            (TensorData::Raw(b), DataType::U8) => b.iter().take(n).map(|&x| x.into()).collect(),
            (TensorData::Raw(b), DataType::Bool) => {
                b.iter().take(n).map(|&x| (x != 0).into()).collect()
            }
            (TensorData::Raw(b), DataType::I8) => {
                b.iter().take(n).map(|&x| i64::from(x as i8)).collect()
            }
            (TensorData::Raw(b), DataType::U16) => chunks(b, n, |c| u16::from_le_bytes(c).into()),
            (TensorData::Raw(b), DataType::I16) => chunks(b, n, |c| i16::from_le_bytes(c).into()),
            (TensorData::Raw(b), DataType::I32) => chunks(b, n, |c| i32::from_le_bytes(c).into()),
            (TensorData::Raw(b), DataType::U32) => chunks(b, n, |c| u32::from_le_bytes(c).into()),
            (TensorData::Raw(b), DataType::I64) => chunks(b, n, i64::from_le_bytes),
            (TensorData::Raw(b), DataType::U64) => {
                chunks(b, n, |c| i64::try_from(u64::from_le_bytes(c)).unwrap_or(i64::MAX))
            }
            _ => return None,
        };
        (v.len() == n && self.dtype.is_integer()).then_some(v)
    }

    /// Float elements, where the type is f16, bf16, f32 or f64 and there are at
    /// most `max` of them.
    pub fn floats(&self, max: u64) -> Option<Vec<f64>> {
        let n = usize::try_from(self.len().filter(|&n| n <= max)?).ok()?;
        let v: Vec<f64> = match (&self.data, self.dtype) {
            (TensorData::Floats(v), _) => v.iter().map(|&x| x.into()).collect(),
            (TensorData::Raw(b), DataType::F32) => chunks(b, n, |c| f32::from_le_bytes(c).into()),
            (TensorData::Raw(b), DataType::F64) => chunks(b, n, f64::from_le_bytes),
            (TensorData::Raw(b), DataType::F16) => chunks(b, n, |c| f16::from_le_bytes(c).into()),
            (TensorData::Raw(b), DataType::Bf16) => chunks(b, n, |c| bf16::from_le_bytes(c).into()),
            (TensorData::Varints(b), DataType::F16) => {
                varints(b, n)?.into_iter().map(|x| f16::from_bits(x as u16).into()).collect()
            }
            (TensorData::Varints(b), DataType::Bf16) => {
                varints(b, n)?.into_iter().map(|x| bf16::from_bits(x as u16).into()).collect()
            }
            _ => return None,
        };
        (v.len() == n).then_some(v)
    }
}

fn chunks<const N: usize, T>(b: &[u8], n: usize, f: impl Fn([u8; N]) -> T) -> Vec<T> {
    b.as_chunks::<N>().0.iter().take(n).map(|&c| f(c)).collect()
}

fn varints(mut b: &[u8], n: usize) -> Option<Vec<i64>> {
    let mut v = Vec::new();
    while !b.is_empty() && v.len() < n {
        let x = prost::encoding::decode_varint(&mut b).ok()?;
        v.push(x.cast_signed());
    }
    Some(v)
}

/// An element of `int32_data`, `int64_data` or `uint64_data` as its type.
fn narrow(x: i64, dtype: DataType) -> i64 {
    match dtype {
        DataType::U8 => i64::from(x as u8),
        DataType::I8 => i64::from(x as i8),
        DataType::U16 => i64::from(x as u16),
        DataType::I16 => i64::from(x as i16),
        DataType::I32 => i64::from(x as i32),
        DataType::Bool => i64::from(x != 0),
        DataType::U32 => i64::from(x as u32),
        DataType::U64 => i64::try_from(x.cast_unsigned()).unwrap_or(i64::MAX),
        _ => x,
    }
}

/// Elements of 4 or 2 bits, lowest bits first (`onnx.proto`, IR version 10 and 13).
fn packed_ints(b: &[u8], n: usize, dtype: DataType) -> Vec<i64> {
    let bits = dtype.bits().clamp(1, 8);
    let signed = matches!(dtype, DataType::I4 | DataType::I2);
    // Bits above those of the element are shifted out and in again.
    let above = 64u32.saturating_sub(bits);
    let one = |x: u8, from: u32| match signed {
        true => (i64::from(x) >> from) << above >> above,
        false => ((u64::from(x) >> from) << above >> above).cast_signed(),
    };
    let places = || (0..8u32).step_by(bits as usize);
    b.iter().flat_map(|&x| places().map(move |i| one(x, i))).take(n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(dtype: i32, n: u64, data: TensorData) -> Tensor {
        Tensor { dtype: DataType::from(dtype), dims: vec![n], data }
    }

    #[test]
    fn small_integers_are_unpacked() {
        let raw = |b: &'static [u8]| TensorData::Raw(Blob::from(b.to_vec()));
        let varints = |b: &'static [u8]| TensorData::Varints(Blob::from(b.to_vec()));
        assert_eq!(tensor(21, 3, raw(&[0x21, 0x0f])).ints(9).unwrap(), [1, 2, 15]);
        assert_eq!(tensor(22, 3, raw(&[0x21, 0x0f])).ints(9).unwrap(), [1, 2, -1]);
        assert_eq!(tensor(22, 3, varints(&[0x21, 0x0f])).ints(9).unwrap(), [1, 2, -1]);
        assert_eq!(tensor(25, 4, raw(&[0b1110_0100])).ints(9).unwrap(), [0, 1, 2, 3]);
        assert_eq!(tensor(26, 4, raw(&[0b1110_0100])).ints(9).unwrap(), [0, 1, -2, -1]);
        assert_eq!(tensor(4, 1, raw(&[0xff, 0xff])).ints(9).unwrap(), [65535]);
        assert_eq!(tensor(13, 1, raw(&[0xff; 8])).ints(9).unwrap(), [i64::MAX]);
        assert_eq!(tensor(3, 1, varints(&[0xff, 1])).ints(9).unwrap(), [-1]);
        assert_eq!(tensor(7, 2, raw(&[0; 8])).ints(9), None);
        assert_eq!(tensor(7, 2, raw(&[0; 16])).ints(1), None);
    }

    #[test]
    fn half_precision_is_read() {
        let raw = |b: &'static [u8]| TensorData::Raw(Blob::from(b.to_vec()));
        assert_eq!(tensor(10, 2, raw(&[0, 0x3c, 0, 0xc0])).floats(9).unwrap(), [1.0, -2.0]);
        assert_eq!(tensor(10, 1, raw(&[1, 0])).floats(9).unwrap(), [2f64.powi(-24)]);
        assert_eq!(tensor(16, 1, raw(&[0xc0, 0x3f])).floats(9).unwrap(), [1.5]);
    }

    #[test]
    fn bytes_count_bits_below_a_byte() {
        assert_eq!(tensor(22, 3, TensorData::Absent).bytes(), Some(2));
        assert_eq!(tensor(1, 3, TensorData::Absent).bytes(), Some(12));
        assert_eq!(tensor(1, 300, TensorData::Sparse(2)).bytes(), Some(8));
    }
}
