//! Number lists as one hexadecimal string in JSON: eight digits a number,
//! little-endian bytes. A list of thousands then takes one line.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

fn encode(words: impl Iterator<Item = [u8; 4]>) -> String {
    words.flatten().map(|b| format!("{b:02x}")).collect()
}

fn decode(text: &str) -> Result<Vec<[u8; 4]>, String> {
    let digit = |c: u8| (c as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let byte = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    match bytes {
        Some(b) if rest.is_empty() && b.len().is_multiple_of(4) => {
            Ok(b.as_chunks::<4>().0.to_vec())
        }
        _ => Err("packed numbers must be hexadecimal, eight digits each".into()),
    }
}

/// `#[serde(with = "packed::floats")]` on a `Vec<f32>`; all must be finite.
pub mod floats {
    use super::*;

    /// Writes the list as a string.
    pub fn serialize<S: Serializer>(v: &[f32], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&encode(v.iter().map(|x| x.to_le_bytes())))
    }

    /// Reads the list from a string.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<f32>, D::Error> {
        let words = decode(&String::deserialize(d)?).map_err(D::Error::custom)?;
        let floats: Vec<f32> = words.into_iter().map(f32::from_le_bytes).collect();
        match floats.iter().all(|x| x.is_finite()) {
            true => Ok(floats),
            false => Err(D::Error::custom("packed numbers must be finite")),
        }
    }
}

/// `#[serde(with = "packed::words")]` on a `Vec<u32>`.
pub mod words {
    use super::*;

    /// Writes the list as a string.
    pub fn serialize<S: Serializer>(v: &[u32], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&encode(v.iter().map(|x| x.to_le_bytes())))
    }

    /// Reads the list from a string.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u32>, D::Error> {
        let words = decode(&String::deserialize(d)?).map_err(D::Error::custom)?;
        Ok(words.into_iter().map(u32::from_le_bytes).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_nonsense_is_refused() {
        let v = [0u32, 1, 0xdead_beef, u32::MAX];
        let text = encode(v.iter().map(|x| x.to_le_bytes()));
        assert_eq!(text.len(), 32);
        let back: Vec<u32> = decode(&text).unwrap().into_iter().map(u32::from_le_bytes).collect();
        assert_eq!(back, v);
        for bad in ["0", "00", "0000000", "0000000g", "00000000ä", "+0000000"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
        assert!(decode("").unwrap().is_empty());
    }
}
