//! Training, validation and test rows, by whole classes.
//!
//! Rows of a class are the same network, so a class on both sides would leak
//! labels. Classes are put in the order of a SHA-256 of seed and class number
//! and dealt out from the front: the order of rows in the file plays no part,
//! and neither does any other generator's version.

use super::table::{LabelTable, hash64};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Row numbers, ascending; every row is in exactly one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows held out.
    pub valid: Vec<usize>,
}

/// Row numbers, ascending; every row is in exactly one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split3 {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to choose settings by.
    pub valid: Vec<usize>,
    /// Rows held out to the end.
    pub test: Vec<usize>,
}

/// Holds out about `fraction` of the rows as `valid`, by whole classes.
///
/// # Errors
/// [`Error::Labels`]: `fraction` outside (0, 1), or fewer than two classes.
pub fn split_by_class(table: &LabelTable, fraction: f64, seed: u64) -> Result<Split> {
    let parts = split_table(table, &[fraction], seed)?;
    let [valid, train] = take(table, parts)?;
    Ok(Split { train, valid })
}

/// Holds out about `valid` and `test` of the rows, by whole classes. The test
/// rows are those that [`split_by_class`] holds out for `test` and the same seed.
///
/// # Errors
/// [`Error::Labels`]: a share not above 0, both together not below 1, or fewer
/// than three classes.
pub fn split3(table: &LabelTable, valid: f64, test: f64, seed: u64) -> Result<Split3> {
    let parts = split_table(table, &[test, valid], seed)?;
    let [test, valid, train] = take(table, parts)?;
    Ok(Split3 { train, valid, test })
}

/// Deals `classes` (one entry a row) into one part per share and a last part
/// for the rest. Each part is filled with whole classes as near to its share of
/// the rows as the next class allows, and has one class at least.
///
/// # Errors
/// The reason: a share that is not positive, shares that leave no rest, or
/// fewer classes than parts.
pub fn split_classes(
    classes: &[u64],
    shares: &[f64],
    seed: u64,
) -> std::result::Result<Vec<Vec<usize>>, String> {
    let total: f64 = shares.iter().sum();
    if !shares.iter().all(|&share| share > 0.0) || total.is_nan() || total >= 1.0 {
        return Err(format!("shares {shares:?} must be above 0 and below 1 in all"));
    }
    let mut groups = ordered_groups(classes, seed);
    if groups.len() <= shares.len() {
        let (have, need) = (groups.len(), shares.len() + 1);
        return Err(format!("{have} classes cannot be split in {need} parts"));
    }
    let mut parts = Vec::with_capacity(shares.len() + 1);
    for (at, share) in shares.iter().enumerate() {
        let keep = shares.len() - at;
        let count = fill(&groups, share * classes.len() as f64, keep);
        let rest = groups.split_off(count);
        parts.push(flatten(std::mem::replace(&mut groups, rest)));
    }
    parts.push(flatten(groups));
    Ok(parts)
}

/// Draws `n` of `rows` (row numbers of `table`) by key and seed, ascending. A
/// smaller draw with the same seed is a subset of a larger one.
///
/// # Errors
/// [`Error::Labels`]: `n` is 0 or more than there are rows, or a row is not in
/// the table.
pub fn subsample(table: &LabelTable, rows: &[usize], n: usize, seed: u64) -> Result<Vec<usize>> {
    if n == 0 || n > rows.len() {
        return Err(refuse(table, format!("cannot draw {n} of {} rows", rows.len())));
    }
    let mut drawn = Vec::with_capacity(rows.len());
    for &row in rows {
        let key = table.key(row).ok_or_else(|| refuse(table, format!("there is no row {row}")))?;
        drawn.push((
            hash64(&[b"nneval subsample 1", &seed.to_le_bytes(), key.as_bytes()]),
            key,
            row,
        ));
    }
    drawn.sort_unstable();
    drawn.truncate(n);
    let mut rows: Vec<usize> = drawn.into_iter().map(|(_, _, row)| row).collect();
    rows.sort_unstable();
    Ok(rows)
}

fn refuse(table: &LabelTable, reason: String) -> Error {
    Error::Labels { file: table.file().to_owned(), line: None, reason }
}

fn split_table(table: &LabelTable, shares: &[f64], seed: u64) -> Result<Vec<Vec<usize>>> {
    split_classes(table.classes(), shares, seed).map_err(|reason| refuse(table, reason))
}

fn take<const N: usize>(table: &LabelTable, parts: Vec<Vec<usize>>) -> Result<[Vec<usize>; N]> {
    parts.try_into().map_err(|_| refuse(table, "the split has another number of parts".into()))
}

/// The rows of each class, classes in the order of their hashes.
fn ordered_groups(classes: &[u64], seed: u64) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (row, &class) in classes.iter().enumerate() {
        groups.entry(class).or_default().push(row);
    }
    let hash = |class: u64| hash64(&[b"nneval split 1", &seed.to_le_bytes(), &class.to_le_bytes()]);
    let mut ordered: Vec<(u64, u64, Vec<usize>)> =
        groups.into_iter().map(|(class, rows)| (hash(class), class, rows)).collect();
    ordered.sort_unstable();
    ordered.into_iter().map(|(_, _, rows)| rows).collect()
}

/// How many groups from the front come nearest to `target` rows, one at least,
/// with `keep` groups left over.
fn fill(groups: &[Vec<usize>], target: f64, keep: usize) -> usize {
    let most = groups.len().saturating_sub(keep);
    let mut rows = 0.0;
    let mut count = 0;
    for group in groups.iter().take(most) {
        let size = group.len() as f64;
        if count > 0 && rows + size / 2.0 > target {
            break;
        }
        rows += size;
        count += 1;
    }
    count
}

fn flatten(groups: Vec<Vec<usize>>) -> Vec<usize> {
    let mut rows = groups.concat();
    rows.sort_unstable();
    rows
}

#[cfg(test)]
mod tests {
    use super::super::table::ReadOptions;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn table(order: impl Iterator<Item = u64>) -> LabelTable {
        let text = order.fold("path,unique_rep_index,v\n".to_owned(), |text, i| {
            text + &format!("m{i},{},{i}\n", i / 3)
        });
        LabelTable::from_reader("t.csv", text.as_bytes(), &ReadOptions::default()).unwrap()
    }

    fn keys(table: &LabelTable, rows: &[usize]) -> BTreeSet<String> {
        rows.iter().map(|&row| table.key(row).unwrap().to_owned()).collect()
    }

    #[test]
    fn file_order_changes_nothing_and_seeds_do() {
        let (a, b) = (table(0..300), table((0..300).rev()));
        let (x, y) = (split_by_class(&a, 0.2, 5).unwrap(), split_by_class(&b, 0.2, 5).unwrap());
        assert_eq!(keys(&a, &x.valid), keys(&b, &y.valid));
        assert_eq!(x.valid.len(), 60);
        assert_ne!(x, split_by_class(&a, 0.2, 6).unwrap());
        let small = subsample(&a, &x.train, 24, 1).unwrap();
        assert_eq!(keys(&a, &small), keys(&b, &subsample(&b, &y.train, 24, 1).unwrap()));
        let smaller = subsample(&a, &x.train, 7, 1).unwrap();
        assert!(keys(&a, &smaller).is_subset(&keys(&a, &small)));
        assert_ne!(small, subsample(&a, &x.train, 24, 2).unwrap());
    }

    #[test]
    fn the_order_of_classes_is_fixed_for_good() {
        let t = table(0..30);
        assert_eq!(split_by_class(&t, 0.2, 0).unwrap().valid, [18, 19, 20, 24, 25, 26]);
    }

    #[test]
    fn three_ways() {
        let t = table(0..300);
        let s = split3(&t, 0.1, 0.2, 9).unwrap();
        assert_eq!((s.train.len(), s.valid.len(), s.test.len()), (210, 30, 60));
        assert_eq!(s.test, split_by_class(&t, 0.2, 9).unwrap().valid);
    }

    #[test]
    fn impossible_splits_are_refused() {
        let t = table(0..6);
        for fraction in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(split_by_class(&t, fraction, 0), Err(Error::Labels { .. })));
        }
        assert!(split3(&t, 0.1, 0.1, 0).unwrap_err().to_string().contains("2 classes"));
        assert!(split3(&table(0..9), 0.6, 0.4, 0).is_err());
        assert!(split_by_class(&table(0..3), 0.5, 0).is_err());
        assert!(subsample(&t, &[0, 1], 3, 0).is_err());
        assert!(subsample(&t, &[0, 1], 0, 0).is_err());
        assert!(subsample(&t, &[0, 99], 1, 0).unwrap_err().to_string().contains("no row 99"));
    }

    proptest! {
        #[test]
        fn parts_cover_all_rows_and_share_no_class(
            classes in prop::collection::vec(0u64..12, 1..80),
            shares in prop::collection::vec(0.01f64..0.4, 1..3),
            seed: u64,
        ) {
            let Ok(parts) = split_classes(&classes, &shares, seed) else { return Ok(()) };
            prop_assert_eq!(parts.len(), shares.len() + 1);
            let mut rows = parts.concat();
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..classes.len()).collect::<Vec<_>>());
            let sets: Vec<BTreeSet<u64>> =
                parts.iter().map(|part| part.iter().map(|&row| classes[row]).collect()).collect();
            let distinct: BTreeSet<u64> = classes.iter().copied().collect();
            prop_assert_eq!(sets.iter().map(BTreeSet::len).sum::<usize>(), distinct.len());
            prop_assert!(parts.iter().all(|part| !part.is_empty()));
        }
    }
}
