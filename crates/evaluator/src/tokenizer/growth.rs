//! Bounds on tokenizers of other kinds: what their steps may make of a text.
//!
//! A step that replaces text may make it longer, and steps multiply. Each is
//! looked at when the file is read; what all of them make of a text is looked at
//! after each step.

use serde_json::Value;
use tokenizers::{NormalizedString, Normalizer, NormalizerWrapper};

/// Characters that a step may make of one, at most.
const FACTOR: usize = 64;
/// What all steps may make of a text: so many times its length, and this.
const TIMES: usize = 4;
const BEYOND: usize = 4096;
/// Steps of a normalizer, at most.
const MOST_STEPS: usize = 64;
/// Steps of a pre-tokenizer, at most; and those among them that rewrite text.
const MOST_SPLITS: usize = 16;
const MOST_REWRITES: usize = 2;

/// Why the parts of a tokenizer are refused, if they are.
///
/// # Errors
/// The reason.
pub fn check(
    normalizer: Option<&NormalizerWrapper>,
    pre_tokenizer: &Value,
    post_processor: &Value,
) -> Result<(), String> {
    let steps = steps(normalizer);
    if steps.len() > MOST_STEPS {
        return Err(format!("its normalizer has {} steps, at most {MOST_STEPS}", steps.len()));
    }
    for step in steps {
        let described = serde_json::to_value(step).map_err(|e| e.to_string())?;
        if factor(&described) > FACTOR {
            return Err(format!("a step of its normalizer makes text over {FACTOR} times longer"));
        }
    }
    let splits = members(pre_tokenizer, "pretokenizers");
    let rewrites = |v: &&&Value| matches!(kind(v), "ByteLevel" | "Metaspace");
    let rewrites = splits.iter().filter(rewrites).count();
    if splits.len() > MOST_SPLITS || rewrites > MOST_REWRITES {
        return Err("its pre-tokenizer has too many steps".to_owned());
    }
    let copies = members(post_processor, "processors").into_iter().map(copies);
    if copies.max().unwrap_or(0) > 1 {
        return Err("its post-processor repeats the text".to_owned());
    }
    Ok(())
}

/// Normalizes `text` step by step, for its length alone.
///
/// # Errors
/// The steps make the text too long, or one fails.
pub fn check_text(normalizer: Option<&NormalizerWrapper>, text: &str) -> Result<(), String> {
    let most = text.len().saturating_mul(TIMES).saturating_add(BEYOND);
    let mut normalized = NormalizedString::from(text);
    for step in steps(normalizer) {
        step.normalize(&mut normalized).map_err(|e| e.to_string())?;
        if normalized.get().len() > most {
            return Err(format!("its normalizer makes text over {TIMES} times longer"));
        }
    }
    Ok(())
}

/// The steps of a normalizer in their order, those of sequences within sequences
/// among them.
fn steps(normalizer: Option<&NormalizerWrapper>) -> Vec<&NormalizerWrapper> {
    let (mut steps, mut left) = (Vec::new(), Vec::from_iter(normalizer));
    while let Some(next) = left.pop() {
        match next {
            NormalizerWrapper::Sequence(several) => left.extend(several.as_ref().iter().rev()),
            step => steps.push(step),
        }
    }
    steps
}

/// The parts of a description, those of sequences within sequences among them.
fn members<'a>(description: &'a Value, list: &str) -> Vec<&'a Value> {
    let (mut found, mut left) = (Vec::new(), vec![description]);
    while let Some(next) = left.pop() {
        match next.get(list).and_then(Value::as_array) {
            Some(several) => left.extend(several),
            None if next.is_null() => {}
            None => found.push(next),
        }
    }
    found
}

fn kind(step: &Value) -> &str {
    step.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// Bytes that a step makes of a byte of printable ASCII, at most.
fn factor(step: &Value) -> usize {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map_or(0, str::len);
    match kind(step) {
        "Replace" => {
            let content = text(step.get("content"));
            let pattern = step.get("pattern").and_then(|p| p.get("String"));
            match text(pattern) {
                0 => content.saturating_add(1),
                length => content.div_ceil(length),
            }
        }
        "Prepend" => text(step.get("prepend")).saturating_add(1),
        "Precompiled" => {
            longest_run(&decoded(step.get("precompiled_charsmap").and_then(Value::as_str)))
        }
        "ByteLevel" => 2,
        _ => 1,
    }
}

/// The longest replacement of a precompiled map: its size, a trie of that size,
/// then texts that each end in a zero.
fn longest_run(map: &[u8]) -> usize {
    let Some((size, rest)) = map.split_first_chunk::<4>() else { return 1 };
    let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
    let texts = rest.get(size..).unwrap_or(rest);
    texts.split(|b| *b == 0).map(<[u8]>::len).max().unwrap_or(1)
}

/// The bytes of a text in base 64.
fn decoded(text: Option<&str>) -> Vec<u8> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0u32);
    for byte in text.unwrap_or_default().bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6 | u32::from(six)) & 0x3fff;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    out
}

/// How often a post-processor gives the text.
fn copies(processor: &Value) -> usize {
    let pieces = processor.get("single").and_then(Value::as_array);
    pieces.map_or(1, |pieces| pieces.iter().filter(|p| p.get("Sequence").is_some()).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn normalizer(steps: &[Value]) -> NormalizerWrapper {
        serde_json::from_value(json!({"type": "Sequence", "normalizers": steps})).unwrap()
    }

    fn replace(pattern: &str, content: &str) -> Value {
        json!({"type": "Replace", "pattern": {"String": pattern}, "content": content})
    }

    #[test]
    fn steps_that_multiply_are_found_while_the_text_is_short() {
        let doubling = vec![replace("a", "aa"); 30];
        let both = normalizer(&doubling);
        check(Some(&both), &Value::Null, &Value::Null).unwrap();
        let reason = check_text(Some(&both), &"a".repeat(1000)).unwrap_err();
        assert!(reason.contains("4 times longer"), "{reason}");
        let spaces = normalizer(&[replace(" ", "\u{2581}"), json!({"type": "NFKC"})]);
        check(Some(&spaces), &Value::Null, &Value::Null).unwrap();
        check_text(Some(&spaces), &"a b ".repeat(1000)).unwrap();
    }

    #[test]
    fn a_step_may_not_make_much_of_little() {
        let long = normalizer(&[replace("a", &"b".repeat(100))]);
        let any = json!({"type": "Replace", "pattern": {"Regex": ""}, "content": "b".repeat(70)});
        let nested = json!({"type": "Sequence", "normalizers": [any]});
        let before = normalizer(&[json!({"type": "Prepend", "prepend": "x".repeat(100)})]);
        for normalizer in [long, normalizer(&[nested]), before] {
            assert!(check(Some(&normalizer), &Value::Null, &Value::Null).is_err());
        }
    }

    #[test]
    fn splits_and_copies_are_counted() {
        let level = json!({"type": "ByteLevel"});
        let splits = |n: usize| json!({"type": "Sequence", "pretokenizers": vec![&level; n]});
        assert!(check(None, &splits(2), &Value::Null).is_ok());
        assert!(check(None, &splits(3), &Value::Null).is_err());
        let piece = json!({"Sequence": {"id": "A", "type_id": 0}});
        let template = |n: usize| json!({"type": "TemplateProcessing", "single": vec![&piece; n]});
        assert!(check(None, &Value::Null, &template(1)).is_ok());
        assert!(check(None, &Value::Null, &template(2)).is_err());
    }

    #[test]
    fn maps_are_read_for_their_longest_text() {
        assert_eq!(decoded(Some("AQAAAABhYmMAZA==")), [1, 0, 0, 0, 0, b'a', b'b', b'c', 0, b'd']);
        assert_eq!(longest_run(&decoded(Some("AQAAAABhYmMAZA=="))), 3);
    }
}
