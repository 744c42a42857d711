//! Near names for an unknown name.

const MOST: usize = 3;
/// Names are compared by their first characters only, which bounds the work.
const COMPARED: usize = 100;

/// Up to three of `names`, nearest first: those that contain `wanted`, and those
/// within a Levenshtein distance of a third of its length (2 at least).
pub(super) fn near<'a>(wanted: &str, names: &'a [String]) -> Vec<&'a str> {
    let wanted = fold(wanted);
    let limit = (wanted.len() / 3).max(2);
    let text: String = wanted.iter().collect();
    let mut found: Vec<(usize, &str)> = names
        .iter()
        .filter_map(|name| {
            let folded = fold(name);
            let distance = levenshtein(&wanted, &folded);
            let inside = wanted.len() >= 3 && folded.iter().collect::<String>().contains(&text);
            (inside || distance <= limit).then_some((distance, name.as_str()))
        })
        .collect();
    found.sort();
    found.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// `, did you mean a or b?`, or nothing when no name is near.
pub fn hint(wanted: &str, names: &[String]) -> String {
    let near = near(wanted, names);
    if near.is_empty() { String::new() } else { format!(", did you mean {}?", near.join(" or ")) }
}

fn fold(name: &str) -> Vec<char> {
    name.chars().take(COMPARED).flat_map(char::to_lowercase).collect()
}

/// Levenshtein distance: insertions, deletions and substitutions cost 1.
fn levenshtein(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        for (j, y) in b.iter().enumerate() {
            let Some(above) = row.get_mut(j + 1) else { break };
            let cost = (diagonal + usize::from(x != y)).min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, cost);
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: &str, b: &str) -> usize {
        levenshtein(&fold(a), &fold(b))
    }

    #[test]
    fn distances() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("Same", "same"), 0);
    }

    #[test]
    fn nearest_first_and_few() {
        let names: Vec<String> =
            ["cifar10_acc", "cifar100_acc", "latency_ms", "x"].map(String::from).to_vec();
        assert_eq!(near("cifar1_acc", &names), ["cifar10_acc", "cifar100_acc"]);
        assert_eq!(near("latency", &names), ["latency_ms"]);
        assert!(near("completely different", &names).is_empty());
        assert_eq!(hint("latncy_ms", &names), ", did you mean latency_ms?");
        assert_eq!(hint("nothing alike at all", &names), "");
    }
}
