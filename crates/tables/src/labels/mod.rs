//! Label tables and everything computed on labels alone: class-wise splits,
//! target transforms, rank statistics, scores beside a baseline.
//!
//! ```
//! use nneval_tables::labels::{LabelTable, ReadOptions, split_by_class, stats};
//! # fn main() -> nneval_tables::Result<()> {
//! let csv = "arch_str,unique_rep_index,acc_pct,flops_M\na,0,90,10\nb,0,91,11\nc,1,50,2\nd,2,70,5\n";
//! let table = LabelTable::from_reader("labels.csv", csv.as_bytes(), &ReadOptions::default())?;
//! let split = split_by_class(&table, 0.25, 7)?;
//! assert_eq!(split.train.len() + split.valid.len(), 4);
//! let (acc, flops) = stats::paired(table.column("acc_pct")?, table.column("flops_M")?);
//! assert_eq!(stats::kendall_tau(&acc, &flops), Some(1.0));
//! # Ok(())
//! # }
//! ```
//!
//! Invariants: no row of a class is ever on both sides of a split; every random
//! choice depends on a seed and on keys or classes, never on the order of rows
//! in the file, which only [`drift()`] reads anything from; an undefined statistic is `None`, never NaN.

mod bootstrap;
mod group;
mod jsonl;
mod levels;
mod limits;
mod metric;
mod normal;
mod parquet;
mod score;
mod source;
mod split;
pub mod stats;
mod suggest;
mod table;
mod transform;

pub use bootstrap::{Interval, MAX_RESAMPLES, bootstrap_tau};
pub use group::{class_means, group_mean, sibling_mean};
pub use levels::Levels;
pub use limits::{MAX_BYTES, MAX_COLUMNS};
pub use metric::MetricSpec;
pub use score::{INTERVAL_LEVEL, ScoreReport, ScoreRow, score_table};
pub use source::{STDIN, read_text, read_text_and_facts};
pub use split::{Split, Split3, split_by_class, split_classes, split3, subsample};
pub use suggest::hint as near_names;
pub use table::{KeyKind, LabelTable, ReadOptions};
pub use transform::{TargetTransform, TransformKind};
