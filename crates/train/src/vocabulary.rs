//! Operation strings that a vocabulary is built from.

use crate::error::Result;
use crate::source::spellings;
use nneval_graph::opstring::Style;
use nneval_spaces::{ModelOptions, Space, graph_of_arch};
use rayon::prelude::*;

/// Other spellings of each architecture that are learned from.
const SPELLINGS: usize = 4;

/// Operation strings of at most `sample` architectures of a search space, evenly spaced where
/// they can be counted off and else drawn, on all data sets, each with other spellings.
///
/// # Errors
/// As [`graph_of_arch`].
pub fn strings_of_space(space: Space, sample: usize) -> Result<Vec<String>> {
    let chosen: Vec<String> = match space.size() {
        Some(n) => {
            let stride = n.div_ceil(sample.max(1)).max(1);
            space.all().step_by(stride).map(|a| a.to_string()).collect()
        }
        None => space.distinct(sample, 0).iter().map(ToString::to_string).collect(),
    };
    let mut strings = Vec::new();
    for &dataset in space.datasets() {
        let options = ModelOptions { dataset, ..Default::default() };
        let of = |arch: &String| {
            Ok(spellings(&graph_of_arch(space, arch, &options)?, Style::V1, SPELLINGS, 0))
        };
        strings.extend(chosen.par_iter().map(of).collect::<Result<Vec<_>>>()?.concat());
    }
    Ok(strings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_of_evenly_spaced_architectures_on_all_data_sets() {
        let strings = strings_of_space(Space::NatsTss, 2).unwrap();
        let networks = 2 * 3;
        assert!((networks..=networks * (1 + SPELLINGS)).contains(&strings.len()));
        assert_eq!(strings, strings_of_space(Space::NatsTss, 2).unwrap());
        let more = strings_of_space(Space::NatsTss, 3).unwrap();
        assert!(more.len() > strings.len() && more[0] == strings[0]);
    }
}
