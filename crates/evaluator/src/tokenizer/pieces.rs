//! Where operation strings are cut before merging: what the two patterns of
//! [`Cuts`] match, without a regular expression.

use super::Cuts;

/// The pieces of a text of ASCII, in their order; together they are the text.
/// Equal to the matches of the pattern of `cuts` and what stands between them.
pub fn pieces(text: &str, cuts: Cuts) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut unmatched) = (0, 0);
    // A stretch that ends badly does so from each of its steps.
    let mut no_stretch_before = 0;
    while at < bytes.len() {
        let mut end = at;
        if cuts == Cuts::Stretches && at >= no_stretch_before {
            let stretch = stretch(bytes, at);
            match bytes.get(stretch) {
                None | Some(b';' | b'>') => end = stretch,
                Some(_) => no_stretch_before = stretch,
            }
        }
        if end == at {
            end = step(bytes, at);
        }
        if end == at {
            at += 1;
            continue;
        }
        found.extend(text.get(unmatched..at).filter(|gap| !gap.is_empty()));
        found.extend(text.get(at..end));
        (at, unmatched) = (end, end);
    }
    found.extend(text.get(unmatched..).filter(|gap| !gap.is_empty()));
    found
}

/// End of `(?:\|[^|;{}>]+)+` at `at`; `at` where it does not match.
fn stretch(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while bytes.get(end) == Some(&b'|') {
        let rest = run(bytes, end + 1, |b| !b"|;{}>".contains(&b));
        if rest == end + 1 {
            break;
        }
        end = rest;
    }
    end
}

/// End of what one of the other alternatives matches at `at`; `at` where none does.
fn step(bytes: &[u8], at: usize) -> usize {
    let digits = |from| run(bytes, from, |b| b.is_ascii_digit());
    match bytes.get(at) {
        // `\|\d+`
        Some(b'|') => some(digits(at + 1), at + 1, at),
        // `[<>][-^]?\d+(?:\.\d+)?`
        Some(b'<' | b'>') => {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'^')));
            let end = digits(at + 1 + sign);
            if end == at + 1 + sign {
                return at;
            }
            match bytes.get(end) {
                Some(b'.') => some(digits(end + 1), end + 1, end),
                _ => end,
            }
        }
        // `;\d+\{(?:=\d+\})?`
        Some(b';') => {
            let end = digits(at + 1);
            if end == at + 1 || bytes.get(end) != Some(&b'{') {
                return at;
            }
            if bytes.get(end + 1) != Some(&b'=') {
                return end + 1;
            }
            let number = digits(end + 2);
            match bytes.get(number) {
                Some(b'}') if number > end + 2 => number + 1,
                _ => end + 1,
            }
        }
        Some(b'}') => at + 1,
        // `[^|<>;{}]+`
        _ => run(bytes, at, |b| !b"|<>;{}".contains(&b)),
    }
}

/// `end`, where it is beyond `start`; else `other`.
fn some(end: usize, start: usize, other: usize) -> usize {
    if end > start { end } else { other }
}

/// End of the bytes from `at` on that are all `of` a kind.
fn run(bytes: &[u8], at: usize, of: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| of(**b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_pattern(text: &str, cuts: Cuts) -> Vec<String> {
        use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};
        let split = super::super::split(cuts).unwrap();
        let mut cut = PreTokenizedString::from(text);
        split.pre_tokenize(&mut cut).unwrap();
        let pieces = cut.get_splits(OffsetReferential::Original, OffsetType::Byte);
        pieces.into_iter().map(|(piece, ..)| piece.to_owned()).collect()
    }

    #[test]
    fn a_network_is_cut_as_by_the_pattern() {
        let text = "|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32;5{|1<-1:Relu|2<1:Add<^3.1}|1<-1:Gemm;5{=1}>-1";
        for cuts in [Cuts::Steps, Cuts::Stretches] {
            assert_eq!(pieces(text, cuts), by_pattern(text, cuts));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..Default::default() })]
        #[test]
        fn any_text_is_cut_as_by_the_pattern(text in "[|<>;{}=.^a0-9 -]{0,40}|[ -~]{0,40}") {
            for cuts in [Cuts::Steps, Cuts::Stretches] {
                prop_assert_eq!(pieces(&text, cuts), by_pattern(&text, cuts), "{:?}", cuts);
            }
        }
    }
}
