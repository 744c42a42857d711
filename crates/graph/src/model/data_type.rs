//! Element types of tensors (`TensorProto.DataType` of `onnx.proto`).

use std::fmt;

macro_rules! data_types {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $bits:literal;)*) => {
        /// Element type of a tensor, one for each number of
        /// `TensorProto.DataType` (IR version 14).
        ///
        /// ```
        /// use nneval_graph::DataType;
        /// let half = DataType::from(10);
        /// assert_eq!((half, half.bits(), half.to_string().as_str()), (DataType::F16, 16, "f16"));
        /// assert_eq!(DataType::from(99).number(), 99);
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum DataType {
            $($(#[$doc])* $variant,)*
            /// A number that `onnx.proto` does not define.
            Other(i32),
        }

        impl From<i32> for DataType {
            fn from(number: i32) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    other => Self::Other(other),
                }
            }
        }

        impl DataType {
            /// All types that `onnx.proto` defines, in the order of their numbers.
            pub const DEFINED: &'static [Self] = &[$(Self::$variant),*];

            /// Number in `TensorProto.DataType`.
            pub fn number(self) -> i32 {
                match self {
                    $(Self::$variant => $number,)*
                    Self::Other(number) => number,
                }
            }

            /// Size of one element in bits; 0 for strings and unknown types.
            pub fn bits(self) -> u32 {
                match self {
                    $(Self::$variant => $bits,)*
                    Self::Other(_) => 0,
                }
            }

            /// Short name, as the operation string has it; `None` for numbers
            /// that `onnx.proto` does not define.
            fn short_name(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($name),)*
                    Self::Other(_) => None,
                }
            }
        }
    };
}

data_types! {
    /// No type is given.
    Undefined = 0, "undef", 0;
    /// 32-bit float, the type that the operation string leaves out.
    F32 = 1, "f32", 32;
    /// Unsigned 8-bit integer.
    U8 = 2, "u8", 8;
    /// Signed 8-bit integer.
    I8 = 3, "i8", 8;
    /// Unsigned 16-bit integer.
    U16 = 4, "u16", 16;
    /// Signed 16-bit integer.
    I16 = 5, "i16", 16;
    /// Signed 32-bit integer.
    I32 = 6, "i32", 32;
    /// Signed 64-bit integer.
    I64 = 7, "i64", 64;
    /// String of bytes.
    String = 8, "str", 0;
    /// Boolean, one byte an element.
    Bool = 9, "bool", 8;
    /// 16-bit float (IEEE 754).
    F16 = 10, "f16", 16;
    /// 64-bit float.
    F64 = 11, "f64", 64;
    /// Unsigned 32-bit integer.
    U32 = 12, "u32", 32;
    /// Unsigned 64-bit integer.
    U64 = 13, "u64", 64;
    /// Complex number of two 32-bit floats.
    C64 = 14, "c64", 64;
    /// Complex number of two 64-bit floats.
    C128 = 15, "c128", 128;
    /// 16-bit float with the exponent of a 32-bit one.
    Bf16 = 16, "bf16", 16;
    /// 8-bit float: 4 bits of exponent, 3 of fraction, no infinities.
    F8E4M3Fn = 17, "f8e4m3fn", 8;
    /// As [`F8E4M3Fn`](Self::F8E4M3Fn), without a negative zero.
    F8E4M3FnUz = 18, "f8e4m3fnuz", 8;
    /// 8-bit float: 5 bits of exponent, 2 of fraction.
    F8E5M2 = 19, "f8e5m2", 8;
    /// As [`F8E5M2`](Self::F8E5M2), without infinities and negative zero.
    F8E5M2FnUz = 20, "f8e5m2fnuz", 8;
    /// Unsigned 4-bit integer, two a byte.
    U4 = 21, "u4", 4;
    /// Signed 4-bit integer, two a byte.
    I4 = 22, "i4", 4;
    /// 4-bit float, two a byte.
    F4E2M1 = 23, "f4e2m1", 4;
    /// 8-bit power of two, the scale of a block.
    F8E8M0 = 24, "f8e8m0", 8;
    /// Unsigned 2-bit integer, four a byte.
    U2 = 25, "u2", 2;
    /// Signed 2-bit integer, four a byte.
    I2 = 26, "i2", 2;
}

impl DataType {
    /// True for signed and unsigned integers and `bool`.
    pub fn is_integer(self) -> bool {
        self.is_packed_integer()
            || matches!(
                self,
                Self::U8
                    | Self::I8
                    | Self::U16
                    | Self::I16
                    | Self::I32
                    | Self::I64
                    | Self::Bool
                    | Self::U32
                    | Self::U64
            )
    }

    /// True for integers of which a byte holds several.
    pub fn is_packed_integer(self) -> bool {
        matches!(self, Self::U4 | Self::I4 | Self::U2 | Self::I2)
    }

    /// True for integers of 8 bits and fewer, which quantized weights are of.
    pub fn is_small_integer(self) -> bool {
        self.is_packed_integer() || matches!(self, Self::U8 | Self::I8)
    }

    /// True for real floating-point types, those of 8 and 4 bits included.
    pub fn is_float(self) -> bool {
        matches!(
            self,
            Self::F32
                | Self::F16
                | Self::F64
                | Self::Bf16
                | Self::F8E4M3Fn
                | Self::F8E4M3FnUz
                | Self::F8E5M2
                | Self::F8E5M2FnUz
                | Self::F4E2M1
                | Self::F8E8M0
        )
    }

    /// The type whose [`Display`](fmt::Display) form is `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some(n) = name.strip_prefix("type") {
            return n.parse::<i32>().ok().map(Self::from);
        }
        Self::DEFINED.iter().copied().find(|t| t.short_name() == Some(name))
    }
}

/// The short name (`f32`, `i64`, `bool`), or `type99` for a number that
/// `onnx.proto` does not define.
impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.short_name() {
            Some(name) => f.write_str(name),
            None => write!(f, "type{}", self.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back_to_their_type() {
        for number in -2..40 {
            let t = DataType::from(number);
            assert_eq!(t.number(), number);
            assert_eq!(DataType::from_name(&t.to_string()), Some(t));
            assert_eq!(matches!(t, DataType::Other(_)), !(0..27).contains(&number));
        }
        assert_eq!(DataType::from_name("type1"), Some(DataType::F32));
        assert_eq!(DataType::from_name("float"), None);
    }

    #[test]
    fn types_are_integers_or_floats_or_neither() {
        let of = |f: fn(DataType) -> bool| -> Vec<i32> {
            (0..30).filter(|&n| f(DataType::from(n))).collect()
        };
        assert_eq!(of(DataType::is_integer), [2, 3, 4, 5, 6, 7, 9, 12, 13, 21, 22, 25, 26]);
        assert_eq!(of(DataType::is_float), [1, 10, 11, 16, 17, 18, 19, 20, 23, 24]);
        assert_eq!(of(DataType::is_small_integer), [2, 3, 21, 22, 25, 26]);
        assert_eq!(of(DataType::is_packed_integer), [21, 22, 25, 26]);
    }
}
