//! Operation strings that a vocabulary is built from.

use crate::error::Result;
use crate::source::spellings;
use nneval_graph::opstring::Style;
use nneval_spaces::{Dataset, ModelOptions, Space, graph_of_arch};
use rayon::prelude::*;

/// Other spellings of each architecture that are learned from.
const SPELLINGS: usize = 4;

/// Operation strings of at most `sample` architectures of a search space, evenly spaced, on
/// all data sets, each with other spellings.
///
/// # Errors
/// As [`graph_of_arch`].
pub fn strings_of_space(space: Space, sample: usize) -> Result<Vec<String>> {
    let all: Vec<String> = space.all().map(|a| a.to_string()).collect();
    let stride = all.len().div_ceil(sample.max(1)).max(1);
    let chosen: Vec<&String> = all.iter().step_by(stride).collect();
    let mut strings = Vec::new();
    for dataset in [Dataset::Cifar10, Dataset::Cifar100, Dataset::ImageNet16_120] {
        let options = ModelOptions { dataset, ..Default::default() };
        let of = |arch: &&String| {
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
