//! Labels pooled over the rows of a class.

use super::table::LabelTable;
use crate::error::Result;
use std::collections::HashMap;

/// For every row, the mean of a column over the rows of its class that have a
/// value (the row itself included); `None` where none has.
///
/// Isomorphic networks differ in measured accuracy by training noise alone, so
/// the class mean is the better target.
///
/// # Errors
/// As [`LabelTable::column`].
pub fn group_mean(table: &LabelTable, column: &str) -> Result<Vec<Option<f64>>> {
    let values = table.column(column)?;
    Ok(class_means(table.classes(), values))
}

/// For each value the mean over the values of its class; `None` where there are
/// none. One class a value.
pub fn class_means(classes: &[u64], values: &[Option<f64>]) -> Vec<Option<f64>> {
    let sums = class_sums(classes, values);
    classes.iter().map(|class| sums.get(class).map(|&(sum, n)| sum / n as f64)).collect()
}

/// For every row, the mean of a column over the *other* rows of its class that
/// have a value; `None` where there are none.
///
/// Kendall's tau between a row's value and this mean tells how well a perfect
/// evaluator that sees only the graph could rank the noisy labels.
///
/// # Errors
/// As [`LabelTable::column`].
pub fn sibling_mean(table: &LabelTable, column: &str) -> Result<Vec<Option<f64>>> {
    let values = table.column(column)?;
    let sums = class_sums(table.classes(), values);
    let others = |(class, own): (&u64, &Option<f64>)| {
        let &(sum, n) = sums.get(class)?;
        let (sum, n) = own.map_or((sum, n), |own| (sum - own, n.saturating_sub(1)));
        (n > 0).then(|| sum / n as f64)
    };
    Ok(table.classes().iter().zip(values).map(others).collect())
}

fn class_sums(classes: &[u64], values: &[Option<f64>]) -> HashMap<u64, (f64, usize)> {
    let mut sums = HashMap::new();
    for (&class, value) in classes.iter().zip(values) {
        if let Some(value) = value {
            let slot = sums.entry(class).or_insert((0.0, 0usize));
            *slot = (slot.0 + value, slot.1 + 1);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::table::ReadOptions;
    use super::*;

    #[test]
    fn means_over_classes() {
        let text = "path,unique_rep_index,v\na,1,10\nb,1,20\nc,1,\nd,2,5\ne,3,\n";
        let t = LabelTable::from_reader("t.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
        let all = [Some(15.0), Some(15.0), Some(15.0), Some(5.0), None];
        assert_eq!(group_mean(&t, "v").unwrap(), all);
        let others = [Some(20.0), Some(10.0), Some(15.0), None, None];
        assert_eq!(sibling_mean(&t, "v").unwrap(), others);
        assert!(group_mean(&t, "w").is_err());
    }
}
