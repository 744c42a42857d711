//! Baselines that an evaluator's ranking is compared with.

use crate::error::Result;
use crate::source::NetworkSource;
use nneval_spaces::Dataset;
use nneval_tables::labels::LabelTable;

/// What a baseline ranks by.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Its name.
    pub name: String,
    /// A value for each scored row; `None` where it has none.
    pub values: Vec<Option<f64>>,
}

impl Baseline {
    /// The column that is `named`, else the table's FLOPs of `dataset`, else
    /// multiply-accumulates counted on the graphs.
    ///
    /// # Errors
    /// As [`LabelTable::gather`] and [`NetworkSource::macs`].
    pub fn choose(
        named: Option<&str>,
        dataset: Dataset,
        source: &NetworkSource,
        table: &LabelTable,
        rows: &[usize],
    ) -> Result<Self> {
        match baseline_column(named, dataset, table.column_names()) {
            Some(name) => Self::column(&name, table, rows),
            None => Ok(Self { name: "FLOPs".to_owned(), values: source.macs(table, rows)? }),
        }
    }

    /// A column of the table.
    ///
    /// # Errors
    /// As [`LabelTable::gather`].
    pub fn column(name: &str, table: &LabelTable, rows: &[usize]) -> Result<Self> {
        Ok(Self { name: name.to_owned(), values: table.gather(name, rows)? })
    }

    /// Multiply-accumulates and parameters, counted on the graphs.
    ///
    /// # Errors
    /// As [`NetworkSource::costs`].
    pub fn costs(source: &NetworkSource, table: &LabelTable, rows: &[usize]) -> Result<[Self; 2]> {
        let costs = source.costs(table, rows)?;
        let macs = costs.iter().map(|c| c.as_ref()?.macs.known().map(|n| n as f64)).collect();
        let parameters = costs.iter().map(|c| c.as_ref().map(|c| c.parameters as f64)).collect();
        Ok([("MACs", macs), ("parameters", parameters)]
            .map(|(name, values)| Self { name: name.to_owned(), values }))
    }
}

/// The column that a baseline ranks by: the one `named`, else the FLOPs of `dataset` where
/// there is such a column.
pub fn baseline_column(
    named: Option<&str>,
    dataset: Dataset,
    columns: &[String],
) -> Option<String> {
    let dataset = dataset.to_string().to_lowercase().replace('-', "_");
    let usual = || Some(format!("{dataset}_flops_M")).filter(|name| columns.contains(name));
    named.map(str::to_owned).or_else(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::table;
    use nneval_spaces::{ModelOptions, Space};

    #[test]
    fn the_named_column_else_the_flops_of_the_data_set() {
        let columns = ["cifar10_flops_M", "imagenet16_120_flops_M", "x"].map(str::to_owned);
        let column = |named, dataset| baseline_column(named, dataset, &columns);
        assert_eq!(column(Some("x"), Dataset::Cifar10).as_deref(), Some("x"));
        assert_eq!(column(None, Dataset::Cifar10).as_deref(), Some("cifar10_flops_M"));
        let imagenet = column(None, Dataset::ImageNet16_120);
        assert_eq!(imagenet.as_deref(), Some("imagenet16_120_flops_M"));
        assert_eq!(column(None, Dataset::Cifar100), None);
    }

    #[test]
    fn macs_are_counted_where_there_is_no_column() {
        let [none, conv] = ["none", "nor_conv_3x3"]
            .map(|op| format!("|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|"));
        let table = table(&format!("arch_str,x\n{none},7\n{conv},8\n"));
        let source = NetworkSource::Space(Space::NatsTss, ModelOptions::default());
        let choose =
            |named| Baseline::choose(named, Dataset::Cifar10, &source, &table, &[1, 0]).unwrap();
        let named = Baseline { name: "x".into(), values: vec![Some(8.0), Some(7.0)] };
        assert_eq!(choose(Some("x")), named);
        let counted = choose(None);
        assert_eq!(counted.name, "FLOPs");
        assert!(counted.values[0] > counted.values[1] && counted.values[1] > Some(0.0));
        let [macs, parameters] = Baseline::costs(&source, &table, &[1, 0]).unwrap();
        assert_eq!((macs.name.as_str(), macs.values), ("MACs", counted.values));
        assert!(parameters.values[0] > parameters.values[1]);
    }
}
