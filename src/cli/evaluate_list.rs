//! The lines of `nneval evaluate --list`: paths of models and operation strings,
//! read as they are needed.

use anyhow::{Context, anyhow};
use nneval::evaluator::{Needs, Network};
use nneval::graph::Limits;
use nneval::graph::shape::Bindings;
use nneval::spaces::{Keys, ModelOptions, Space, model_of_arch};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a line, at most.
const LONGEST: u64 = 1 << 26;

/// How model files are read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// What is refused of them.
    pub limits: Limits,
    /// Sizes of open dimensions.
    pub sizes: Bindings,
}

/// What is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A model file: as it is shown, and where it is.
    File(String, PathBuf),
    /// An operation string.
    Text(String),
    /// An architecture of a search space.
    Architecture(String, Arc<(Space, ModelOptions)>),
}

impl Item {
    /// A model file that is shown by its path.
    pub fn file(path: PathBuf) -> Self {
        Self::File(path.display().to_string(), path)
    }

    /// What the item is called in the output.
    pub fn name(&self) -> &str {
        match self {
            Self::File(shown, _) => shown,
            Self::Text(text) | Self::Architecture(text, _) => text,
        }
    }

    /// The architectures of a table's rows, in their order; `-` is standard input.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn of_table(
        path: &Path,
        space: Space,
        options: ModelOptions,
    ) -> nneval::spaces::Result<Vec<Self>> {
        let mut keys = Keys::open(path, space)?;
        let of = Arc::new((space, options));
        let mut items = Vec::new();
        while let Some(key) = keys.next_key()? {
            items.push(Self::Architecture(key, Arc::clone(&of)));
        }
        Ok(items)
    }

    /// The network with what evaluators need of it, read as told.
    pub fn network(&self, needs: &Needs, reading: &Reading) -> nneval::evaluator::Result<Network> {
        match self {
            Self::File(_, path) => Network::of_file(path, &reading.limits, needs, &reading.sizes),
            Self::Text(text) => Network::from_untrusted_string(text.as_str(), needs),
            Self::Architecture(text, of) => {
                let model = model_of_arch(of.0, text, &of.1).map_err(|e| refused(text, e))?;
                Network::of_model(&model, needs)
            }
        }
    }

    /// The item of a line: an operation string begins with `|` or `;`, anything
    /// else is a path, relative to `folder`. `None` for an empty line.
    fn of_line(line: &str, folder: &Path) -> Option<Self> {
        let line = line.trim();
        match line.chars().next()? {
            '|' | ';' => Some(Self::Text(line.to_owned())),
            _ => Some(Self::File(line.to_owned(), folder.join(line))),
        }
    }
}

/// The error of an architecture that is none of its space.
fn refused(arch: &str, error: nneval::spaces::Error) -> nneval::graph::Error {
    let reason = match &error {
        nneval::spaces::Error::Architecture { reason, .. } => reason.clone(),
        other => other.to_string(),
    };
    let source = Some(Box::new(error) as _);
    nneval::graph::Error::Model { file: arch.into(), node: None, reason, source }
}

/// The items of a list, from a file or standard input. Ends at the first line that
/// cannot be read, with a [`Fault`].
pub struct List {
    reader: Box<dyn BufRead + Send>,
    name: String,
    folder: PathBuf,
    lines: u64,
    fault: Fault,
}

/// Why a list has ended before its end.
#[derive(Debug, Clone, Default)]
pub struct Fault(Arc<Mutex<Option<anyhow::Error>>>);

impl Fault {
    /// The error, if there was any.
    pub fn check(&self) -> anyhow::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

impl List {
    /// Opens the list; `-` is standard input. Paths in a file are relative to its
    /// folder, those of standard input to the working folder.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let (reader, folder): (Box<dyn BufRead + Send>, _) = match path.as_os_str() == "-" {
            true => (Box::new(BufReader::new(stdin())), PathBuf::new()),
            false => {
                let file = File::open(path).with_context(|| path.display().to_string())?;
                let folder = path.parent().map(Path::to_owned).unwrap_or_default();
                (Box::new(BufReader::new(file)), folder)
            }
        };
        let name = path.display().to_string();
        Ok(Self { reader, name, folder, lines: 0, fault: Fault::default() })
    }

    /// Where an error will be.
    pub fn fault(&self) -> Fault {
        self.fault.clone()
    }

    /// The next line; `None` at the end.
    fn line(&mut self) -> anyhow::Result<Option<String>> {
        self.lines += 1;
        let mut bytes = Vec::new();
        let mut limited = self.reader.by_ref().take(LONGEST);
        let read = limited.read_until(b'\n', &mut bytes);
        let place = || format!("{}, line {}", self.name, self.lines);
        if read.with_context(place)? == 0 {
            return Ok(None);
        }
        if bytes.len() as u64 == LONGEST {
            return Err(anyhow!("{}: longer than {LONGEST} bytes", place()));
        }
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{}: not UTF-8", place()))?;
        Ok(Some(text))
    }
}

impl Iterator for List {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            match self.line() {
                Ok(None) => return None,
                Ok(Some(line)) => {
                    if let Some(item) = Item::of_line(&line, &self.folder) {
                        return Some(item);
                    }
                }
                Err(e) => {
                    *self.fault.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(e);
                    self.reader = Box::new(std::io::empty());
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_strings_or_paths() {
        let item = |line| Item::of_line(line, Path::new("lists"));
        assert_eq!(item("|1:Input@ax3\n"), Some(Item::Text("|1:Input@ax3".into())));
        let path = Path::new("lists").join("a b.onnx");
        assert_eq!(item("a b.onnx\r\n"), Some(Item::File("a b.onnx".into(), path)));
        assert_eq!(item("/a.onnx"), Some(Item::File("/a.onnx".into(), "/a.onnx".into())));
        assert_eq!(item(" \n"), None);
    }
}
