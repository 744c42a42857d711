//! Counts and formulas for people: digits in groups, formulas of one line.

use nneval::costs::Amount;
use nneval::files::printable;
use std::collections::BTreeMap;

/// Characters of a formula that is shown.
const WIDEST: usize = 72;
/// Characters of a dimension's name that is shown as it is.
const LONGEST_NAME: usize = 12;

/// A number with its digits in groups of three.
pub fn group(n: u64) -> String {
    grouped(&n.to_string())
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Writes amounts; long names of dimensions become letters.
#[derive(Default)]
pub struct Amounts {
    letters: BTreeMap<String, String>,
}

impl Amounts {
    /// A number with its digits in groups, or a formula of at most [`WIDEST`] characters.
    pub fn text(&mut self, amount: &Amount) -> String {
        match amount {
            Amount::Known(n) => group(*n),
            Amount::Formula(formula) => self.formula(&printable(formula)),
        }
    }

    fn formula(&mut self, formula: &str) -> String {
        let mut text = String::new();
        for word in words(formula) {
            match word {
                Word::Name(name) if !is_function(name) => text.push_str(&self.short(name)),
                Word::Name(name) => text.push_str(name),
                Word::Number(digits) => text.push_str(&grouped(digits)),
                Word::Other(c) => text.push(c),
            }
        }
        match text.chars().count() > WIDEST {
            true => "a long formula (--format json has it)".to_owned(),
            false => text,
        }
    }

    fn short(&mut self, name: &str) -> String {
        if name.chars().count() <= LONGEST_NAME {
            return name.to_owned();
        }
        let next = self.letters.len();
        let letter = || match u8::try_from(next).ok().filter(|&n| n < 26) {
            Some(n) => char::from(b'a' + n).to_string(),
            None => format!("d{next}"),
        };
        self.letters.entry(name.to_owned()).or_insert_with(letter).clone()
    }

    /// What the letters stand for, as `a = NAME`.
    pub fn legend(&self) -> Vec<String> {
        self.letters.iter().map(|(name, letter)| format!("{letter} = {name}")).collect()
    }
}

fn is_function(name: &str) -> bool {
    matches!(name, "max" | "min" | "ceil" | "floor" | "broadcast")
}

enum Word<'a> {
    Name(&'a str),
    Number(&'a str),
    Other(char),
}

/// Names, numbers and what is between them. A name holds what formulas have no use for.
fn words(formula: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = formula;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = |inside: fn(char) -> bool| rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let number = length(|c| c.is_ascii_digit());
        let name = length(|c| !" ()+-*/,".contains(c));
        let (word, taken) = match () {
            () if number > 0 && number == name => (Word::Number(&rest[..number]), number),
            () if name > 0 => (Word::Name(&rest[..name]), name),
            () => (Word::Other(first), first.len_utf8()),
        };
        rest = &rest[taken..];
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_and_long_names_are_letters() {
        let mut amounts = Amounts::default();
        let mut text = |s: &str| amounts.text(&Amount::Formula(s.to_owned()));
        assert_eq!(text("4082116200*batch + 48"), "4,082,116,200*batch + 48");
        assert_eq!(text("12*decoder_sequence_length"), "12*a");
        assert_eq!(text("max(2*a_very_long_name_2, 7)"), "max(2*b, 7)");
        assert!(text(&"n*".repeat(60)).contains("--format json"));
        assert_eq!(amounts.legend(), ["b = a_very_long_name_2", "a = decoder_sequence_length"]);
        assert_eq!(amounts.text(&Amount::Known(1_234_567)), "1,234,567");
    }
}
