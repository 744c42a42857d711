//! Formats of tables for other programs, and stdout as one.

use anyhow::bail;
use clap::ValueEnum;
use nneval::tables::{Column, Format, Writer};
use std::io::{BufWriter, IsTerminal, Stdout, stdout};

/// How a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrintFormat {
    /// For people
    Table,
    /// One JSON value
    Json,
    /// A header line and a line a row
    Csv,
    /// A JSON object a row and line
    Jsonl,
    /// A Parquet file, for a pipe or a file
    Parquet,
}

impl PrintFormat {
    /// The format, where rows are for other programs.
    pub fn rows(self) -> Option<Format> {
        match self {
            Self::Table | Self::Json => None,
            Self::Csv => Some(Format::Csv),
            Self::Jsonl => Some(Format::Jsonl),
            Self::Parquet => Some(Format::Parquet),
        }
    }
}

/// In what format a command writes tables to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// RFC 4180
    Csv,
    /// A JSON object a row and line
    Jsonl,
    /// Parquet
    Parquet,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Jsonl => Self::Jsonl,
            FileFormat::Parquet => Self::Parquet,
        }
    }
}

/// A table on stdout.
pub type Printed = Writer<BufWriter<Stdout>>;

/// Begins a table on stdout.
pub fn printed(format: Format, columns: Vec<Column>) -> anyhow::Result<Printed> {
    if format == Format::Parquet && stdout().is_terminal() {
        bail!("--format parquet: not on a terminal; send it to a file, as in > FILE.parquet");
    }
    Ok(Writer::new(format, BufWriter::new(stdout()), columns, &[])?)
}
