//! Rows of a label table that are scored.

use crate::error::Result;
use crate::request_fault::RequestFault;
use nneval_evaluator::Training;
use nneval_tables::labels::LabelTable;
use std::collections::HashSet;

/// Which rows of a label table are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowSelection {
    /// Rows of classes that the evaluator was not trained on.
    Unseen,
    /// Rows of classes that it was neither trained on nor chosen by.
    Test,
    /// All rows, training rows among them.
    All,
}

impl RowSelection {
    /// The rows of `table` for an evaluator trained as `training` tells, ascending.
    ///
    /// # Errors
    /// [`RequestFault::AllClassesSeen`] where there are none.
    pub fn of(self, training: &Training, table: &LabelTable) -> Result<Vec<usize>> {
        let seen: HashSet<u64> = training.classes.iter().copied().collect();
        let chosen: HashSet<u64> = training.validation_classes.iter().copied().collect();
        let unseen = |r: usize| table.class(r).is_none_or(|c| !seen.contains(&c));
        let test = |r: usize| unseen(r) && table.class(r).is_none_or(|c| !chosen.contains(&c));
        let wanted = |r: &usize| match self {
            Self::All => true,
            Self::Unseen => unseen(*r),
            Self::Test => test(*r),
        };
        let rows: Vec<usize> = (0..table.rows()).filter(wanted).collect();
        match rows.is_empty() {
            true => Err(RequestFault::AllClassesSeen { table: table.file().to_owned() }.into()),
            false => Ok(rows),
        }
    }

    /// The classes of the rows, in words: "classes that it was not trained on".
    pub fn classes(self) -> &'static str {
        match self {
            Self::Unseen => "classes that it was not trained on",
            Self::Test => "classes that it was neither trained on nor chosen by",
            Self::All => "all classes, those that it was trained on among them",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::testing::{table, training};

    #[test]
    fn unseen_test_and_all_rows() {
        let table = table("path,unique_rep_index,x\na,1,0\nb,2,0\nc,3,0\nd,1,0\n");
        let training = training(&[1], &[2]);
        let rows = |which: RowSelection| which.of(&training, &table).unwrap();
        assert_eq!(rows(RowSelection::Unseen), [1, 2]);
        assert_eq!(rows(RowSelection::Test), [2]);
        assert_eq!(rows(RowSelection::All), [0, 1, 2, 3]);
    }

    #[test]
    fn a_table_of_training_classes_alone_is_refused() {
        let table = table("path,unique_rep_index,x\na,1,0\nb,2,0\n");
        let refused = |which: RowSelection, training: &Training| {
            let error = which.of(training, &table).unwrap_err();
            let fault = RequestFault::AllClassesSeen { table: "labels.csv".into() };
            assert!(matches!(&error, Error::Request(f) if *f == fault), "{error}");
        };
        refused(RowSelection::Unseen, &training(&[1, 2], &[]));
        refused(RowSelection::Test, &training(&[1], &[2]));
        assert_eq!(RowSelection::All.of(&training(&[1, 2], &[]), &table).unwrap(), [0, 1]);
    }
}
