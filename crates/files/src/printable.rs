//! Text for terminals: control, format and invisible characters as escapes.

use std::borrow::Cow;

/// `text` with each character that a terminal does not show as itself replaced
/// by its escape: `\n`, `\u{1b}`. What is left cannot move the cursor, change
/// colours, begin a line or turn the direction of writing.
///
/// Every name out of a file goes through this function before it reaches a
/// terminal. Backslashes stay as they are, so it is for reading alone.
///
/// ```
/// assert_eq!(nneval_files::printable("a\n\u{1b}[2Jb"), r"a\n\u{1b}[2Jb");
/// assert_eq!(nneval_files::printable("größe \\ \"x\""), "größe \\ \"x\"");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_printable(c) {
            true => out.push(c),
            false => out.extend(c.escape_debug()),
        }
    }
    Cow::Owned(out)
}

/// JSON text with the same characters as `\\uXXXX`. In JSON they stand in strings
/// alone, newlines and spaces between values apart.
///
/// ```
/// assert_eq!(nneval_files::printable_json("{\"a\":\"\u{9b}2J\"}\n"), "{\"a\":\"\\u009b2J\"}\n");
/// ```
pub fn printable_json(json: &str) -> Cow<'_, str> {
    let stays = |c: char| c == '\n' || c == '\t' || is_printable(c);
    if json.chars().all(stays) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match stays(c) {
            true => out.push(c),
            false => {
                let mut units = [0; 2];
                let units = c.encode_utf16(&mut units);
                out.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    Cow::Owned(out)
}

fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        c if c.is_ascii() => false,
        c => is_printable_beyond_ascii(c),
    }
}

/// Accents that stand alone are printable, as in file names of macOS: only the
/// first character of a string has them escaped.
fn is_printable_beyond_ascii(c: char) -> bool {
    let mut bytes = [0; 5];
    let text = c.encode_utf8(&mut bytes);
    let pair = ["a", text].concat();
    pair.escape_debug().eq(pair.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_or_hides_is_escaped() {
        for (text, shown) in [
            ("a\r\nb\t\0\u{7f}", r"a\r\nb\t\0\u{7f}"),
            ("\u{1b}[8m", r"\u{1b}[8m"),
            ("\u{9b}2J\u{85}", r"\u{9b}2J\u{85}"),
            ("\u{202e}x\u{2066}\u{200f}", r"\u{202e}x\u{2066}\u{200f}"),
            ("\u{2028}\u{2029}\u{feff}\u{200b}", r"\u{2028}\u{2029}\u{feff}\u{200b}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn letters_of_all_languages_stay() {
        for text in ["", "a b", "größe", "e\u{301}", "模型", "µs ± 1", "😀", "'\"\\"] {
            assert!(matches!(printable(text), Cow::Borrowed(t) if t == text), "{text}");
        }
    }
}
