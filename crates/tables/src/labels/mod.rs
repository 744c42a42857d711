//! Label tables and what is computed on their rows: splits by class, means by
//! class, target transforms.
//!
//! ```
//! use nneval_tables::labels::{LabelTable, ReadOptions, split_by_class};
//! use nneval_tables::statistics;
//! # fn main() -> nneval_tables::Result<()> {
//! let csv = "arch_str,unique_rep_index,acc_pct,flops_M\na,0,90,10\nb,0,91,11\nc,1,50,2\nd,2,70,5\n";
//! let table = LabelTable::from_reader("labels.csv", csv.as_bytes(), &ReadOptions::default())?;
//! let split = split_by_class(&table, 0.25, 7)?;
//! assert_eq!(split.train.len() + split.valid.len(), 4);
//! let (acc, flops) = statistics::paired(table.column("acc_pct")?, table.column("flops_M")?);
//! assert_eq!(statistics::kendall_tau(&acc, &flops), Some(1.0));
//! # Ok(())
//! # }
//! ```
//!
//! Invariants:
//!
//! - No row of a class is ever on both sides of a split.
//! - Every random choice depends on a seed and on keys or classes, never on the
//!   order of rows in the file.
//! - An undefined statistic is `None`, never NaN.

mod class_means;
mod hash;
mod layout;
mod numbers;
mod quantization;
mod read_table;
mod split;
mod table;
mod transform;

pub use class_means::{class_means, group_mean, sibling_mean};
pub use layout::{KeyKind, ReadOptions};
pub use quantization::DiscreteValues;
pub use split::{Split, Split3, split_by_class, split_classes, split3, subsample};
pub use table::LabelTable;
pub use transform::{TargetTransform, TransformKind};

pub use crate::metric::MetricSpec;
