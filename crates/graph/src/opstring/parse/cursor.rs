//! Cursor over an operation string: marks, numbers, names, words and shapes.

use crate::error::{Error, Result};

/// A place in an operation string.
pub struct Cursor<'s> {
    text: &'s str,
    at: usize,
}

/// An error at byte `offset`.
pub fn error(offset: usize, reason: impl Into<String>) -> Error {
    Error::OpString { offset, reason: reason.into() }
}

impl<'s> Cursor<'s> {
    /// The start of `text`.
    ///
    /// # Errors
    /// [`Error::OpString`] where `text` holds anything but printable ASCII.
    pub fn new(text: &'s str) -> Result<Self> {
        match text.bytes().position(|b| !(b' '..=b'~').contains(&b)) {
            Some(at) => Err(error(at, "not a printable ASCII character")),
            None => Ok(Self { text, at: 0 }),
        }
    }

    /// Offset in bytes.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The next character.
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes `b` where it is next.
    pub fn eat(&mut self, b: u8) -> bool {
        let found = self.peek() == Some(b);
        self.at += usize::from(found);
        found
    }

    /// Takes `b`.
    pub fn expect(&mut self, b: u8) -> Result<()> {
        match self.eat(b) {
            true => Ok(()),
            false => Err(self.expected(&format!("{:?}", char::from(b)))),
        }
    }

    /// An error that says what was expected here, and what was found.
    pub fn expected(&self, what: &str) -> Error {
        match self.peek() {
            Some(b) => error(self.at, format!("expected {what}, found {:?}", char::from(b))),
            None => error(self.at, format!("expected {what}, found the end")),
        }
    }

    fn since(&self, start: usize) -> &'s str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn skip_while(&mut self, f: impl Fn(u8) -> bool) -> &'s str {
        let start = self.at;
        while self.peek().is_some_and(&f) {
            self.at += 1;
        }
        self.since(start)
    }

    /// A decimal number without sign.
    pub fn number(&mut self) -> Result<usize> {
        let start = self.at;
        let digits = self.skip_while(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(n) => Ok(n),
            Err(_) if digits.is_empty() => Err(self.expected("a number")),
            Err(_) => Err(error(start, "the number is too large")),
        }
    }

    /// The name of an operator or attribute.
    pub fn name(&mut self) -> Result<&'s str> {
        match self.skip_while(|b| b.is_ascii_alphanumeric() || b"_.%".contains(&b)) {
            "" => Err(self.expected("a name")),
            name => Ok(name),
        }
    }

    /// An attribute or operand: up to a space or mark that stands neither in
    /// brackets nor in quotes.
    pub fn word(&mut self) -> Result<&'s str> {
        let start = self.at;
        let mut depth = 0usize;
        while let Some(b) = self.peek() {
            match b {
                b'[' => depth += 1,
                b']' if depth == 0 => break,
                b']' => depth -= 1,
                b'\'' => self.quotes()?,
                b' ' | b'@' | b'|' | b';' | b'+' | b'>' | b'<' | b'{' | b'}' if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        match self.since(start) {
            _ if depth > 0 => Err(error(start, "a bracket is not closed")),
            "" => Err(self.expected("an attribute or operand")),
            word => Ok(word),
        }
    }

    /// Skips to the closing quote.
    fn quotes(&mut self) -> Result<()> {
        let start = self.at;
        self.at += 1;
        while let Some(b) = self.peek() {
            if b == b'\'' {
                return Ok(());
            }
            self.at += 1;
        }
        Err(error(start, "a quote is not closed"))
    }

    /// Shape and type of one output; may be empty.
    pub fn shape(&mut self) -> Result<&'s str> {
        let start = self.at;
        let mut depth = 0usize;
        while let Some(b) = self.peek() {
            match b {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'a'..=b'z' | b'0'..=b'9' | b'?' | b'*' | b'.' | b':' => {}
                b'+' | b'-' | b'/' | b'\\' | b'^' | b'_' | b'&' if depth > 0 => {}
                // Of the number of an element type: `:type-2`.
                b'-' if self.since(start).ends_with("type") => {}
                _ => break,
            }
            self.at += 1;
        }
        match depth {
            0 => Ok(self.since(start)),
            _ => Err(error(start, "a parenthesis is not closed")),
        }
    }
}
