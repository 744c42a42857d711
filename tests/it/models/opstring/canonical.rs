//! The same computation has the same string.

use super::{random, string_of};
use crate::common::mutate::{ALL, Mutations, mutate};
use crate::common::{CORPUS_FLOOR, corpus};
use onnx_protobuf::{Message, ModelProto};
use proptest::prelude::*;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const NONE: Mutations = Mutations {
    permute: false,
    rename: false,
    constants: false,
    identities: false,
    dropouts: false,
};

fn same(model: &ModelProto, which: Mutations, seed: u64) {
    assert_eq!(string_of(&mutate(model, which, seed)), string_of(model));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn order_in_the_file(seed in any::<u64>(), nodes in 1usize..40) {
        same(&random::model(seed, nodes), Mutations { permute: true, ..NONE }, seed);
    }

    #[test]
    fn names(seed in any::<u64>(), nodes in 1usize..40) {
        same(&random::model(seed, nodes), Mutations { rename: true, ..NONE }, seed);
    }

    #[test]
    fn constant_nodes_and_initializers(seed in any::<u64>(), nodes in 1usize..40) {
        same(&random::model(seed, nodes), Mutations { constants: true, ..NONE }, seed);
    }

    #[test]
    fn identities(seed in any::<u64>(), nodes in 1usize..40) {
        same(&random::model(seed, nodes), Mutations { identities: true, ..NONE }, seed);
    }

    #[test]
    fn idle_dropouts(seed in any::<u64>(), nodes in 1usize..40) {
        same(&random::model(seed, nodes), Mutations { dropouts: true, ..NONE }, seed);
    }

    #[test]
    fn everything_at_once(seed in any::<u64>(), nodes in 1usize..60) {
        same(&random::model(seed, nodes), ALL, seed);
    }
}

/// The same on every model of the corpus, which the changes all but always
/// change. Models over 32 MB are left out for the sake of the time that the
/// protobuf library takes to copy them.
#[test]
fn corpus_models() {
    let Some(models) = corpus() else { return };
    let (compared, other_files) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let changed: Vec<String> = models
        .par_iter()
        .filter(|p| p.metadata().is_ok_and(|m| m.len() < 32 << 20))
        .flat_map_iter(|path| {
            let bytes = std::fs::read(path).unwrap();
            let model = ModelProto::parse_from_bytes(&bytes).unwrap();
            let own = string_of(&model);
            let path = path.display().to_string();
            let (compared, other_files) = (&compared, &other_files);
            (0..3).filter_map(move |seed| {
                let mutant = mutate(&model, ALL, seed);
                compared.fetch_add(1, Relaxed);
                other_files.fetch_add(usize::from(mutant != model), Relaxed);
                let other = string_of(&mutant);
                let at = own.bytes().zip(other.bytes()).position(|(a, b)| a != b);
                let at = at.unwrap_or(own.len().min(other.len()));
                let near = |s: &str| {
                    s.get(at.saturating_sub(40)..s.len().min(at + 60)).unwrap_or("").to_owned()
                };
                (own != other).then(|| format!("{path}: {} | {}", near(&own), near(&other)))
            })
        })
        .collect();
    assert!(changed.is_empty(), "{} changed:\n{}", changed.len(), changed.join("\n"));
    let (compared, other_files) = (compared.into_inner(), other_files.into_inner());
    assert!(compared >= 3 * CORPUS_FLOOR, "{compared} comparisons");
    assert!(other_files * 100 >= compared * 99, "{other_files} of {compared} files changed");
}
