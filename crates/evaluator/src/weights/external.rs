//! Data that a model keeps in other files, and nodes that open files.
//!
//! Messages are gone through by a list of those left, not by recursion.

use super::wire::{self, Value};

/// The messages that may hold tensors.
#[derive(Debug, Clone, Copy)]
enum Message {
    Model,
    Training,
    Graph,
    Function,
    Node,
    Attribute,
    Sparse,
    Tensor,
}

impl Message {
    /// What a field of the message is, where it may hold tensors.
    fn field(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) | (Self::Training, 1 | 2) | (Self::Attribute, 6 | 11) => Self::Graph,
            (Self::Model, 20) => Self::Training,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::Sparse,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::Sparse, 1 | 2) => Self::Tensor,
            _ => return None,
        })
    }
}

/// Field numbers of `TensorProto` and `NodeProto`.
const EXTERNAL_DATA: u32 = 13;
const DATA_LOCATION: u32 = 14;
const OPERATOR: u32 = 4;
/// The operator that holds an engine in a file of its own.
const ENGINE: &[u8] = b"EPContext";

/// What of the model (ONNX bytes) lies outside of it, if anything does.
///
/// # Errors
/// The bytes are no model.
pub fn outside(model: &[u8]) -> Result<Option<&'static str>, String> {
    let mut left = vec![(Message::Model, model)];
    while let Some((message, bytes)) = left.pop() {
        let mut rest = bytes;
        while let Some(record) = wire::next(&mut rest)? {
            match (message, record.number, record.value) {
                (Message::Tensor, EXTERNAL_DATA, _) => return Ok(Some("external data")),
                (Message::Tensor, DATA_LOCATION, Value::Integer(1..)) => {
                    return Ok(Some("external data"));
                }
                (Message::Node, OPERATOR, Value::Bytes(name)) if *name == *ENGINE => {
                    return Ok(Some("an engine in another file"));
                }
                (message, number, Value::Bytes(std::borrow::Cow::Borrowed(bytes))) => {
                    left.extend(message.field(number).map(|inner| (inner, bytes)));
                }
                _ => {}
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u32, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        wire::write(number, &Value::Bytes(content.into()), &mut out);
        out
    }

    fn nested(path: &[u32], content: &[u8]) -> Vec<u8> {
        path.iter().rev().fold(content.to_vec(), |inner, number| message(*number, &inner))
    }

    #[test]
    fn external_data_is_found_wherever_tensors_are() {
        let entry = message(1, b"location");
        let mut located = Vec::new();
        wire::write(DATA_LOCATION, &Value::Integer(1), &mut located);
        for path in [
            &[7, 5][..],
            &[7, 1, 5, 5],
            &[7, 1, 5, 10],
            &[7, 1, 5, 6, 5],
            &[7, 1, 5, 11, 1, 5, 5],
            &[7, 15, 1],
            &[7, 1, 5, 22, 2],
            &[25, 7, 5, 5],
            &[25, 11, 5],
            &[20, 1, 5],
        ] {
            let by_entry = nested(path, &message(EXTERNAL_DATA, &entry));
            assert_eq!(outside(&by_entry).unwrap(), Some("external data"), "{path:?}");
            assert_eq!(outside(&nested(path, &located)).unwrap(), Some("external data"));
            assert_eq!(outside(&nested(path, &message(8, b"name"))).unwrap(), None);
        }
        let engine = nested(&[7, 1], &message(OPERATOR, ENGINE));
        assert_eq!(outside(&engine).unwrap(), Some("an engine in another file"));
        assert!(outside(b"\xff").is_err());
    }

    #[test]
    fn depth_is_no_matter() {
        let mut model = Vec::new();
        for _ in 0..2000 {
            model = nested(&[1, 5, 6], &model);
        }
        assert_eq!(outside(&message(7, &model)).unwrap(), None);
    }
}
