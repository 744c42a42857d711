//! Recipes from TOML text, with line and key of what is not understood.

use super::{FORMAT, Recipe, Settings, Stage};
use crate::error::{Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

/// A key with its value, as they stand in the text.
type Entry<'t> = (Spanned<std::borrow::Cow<'t, str>>, Spanned<DeValue<'t>>);

/// The text that is read, for errors.
struct Text<'t> {
    text: &'t str,
    file: Option<&'t Path>,
}

/// Reads `text`.
pub fn recipe(text: &str, file: Option<&Path>) -> Result<Recipe> {
    let at = Text { text, file };
    let root = DeTable::parse(text).map_err(|e| at.fault(&e, ""))?;
    let span = root.span();
    let (own, rest) = parted(root.into_inner(), &["format", "name", "threads", "stage"]);
    let mut recipe = Recipe {
        format: 0,
        name: None,
        threads: None,
        settings: at.settings(rest, span, "")?,
        stages: Vec::new(),
    };
    for (key, value) in own {
        match key.get_ref().as_ref() {
            "format" => recipe.format = at.value(value, "format")?,
            "name" => recipe.name = Some(at.value(value, "name")?),
            "threads" => recipe.threads = Some(at.value(value, "threads")?),
            _ => recipe.stages = at.stages(value)?,
        }
    }
    if recipe.format != FORMAT {
        let reason = match recipe.format {
            0 => format!("is missing; this version reads format = {FORMAT}"),
            other => format!("{other} is not known; this version reads {FORMAT}"),
        };
        return Err(at.refuse(None, "format", reason));
    }
    if recipe.stages.is_empty() {
        return Err(at.refuse(None, "stage", "there is none".into()));
    }
    Ok(recipe)
}

/// Entries of a table with one of the `keys`, and the rest.
fn parted<'t>(table: DeTable<'t>, keys: &[&str]) -> (Vec<Entry<'t>>, DeTable<'t>) {
    let (mut own, mut rest) = (Vec::new(), DeTable::new());
    for (key, value) in table {
        match keys.contains(&key.get_ref().as_ref()) {
            true => own.push((key, value)),
            false => drop(rest.insert(key, value)),
        }
    }
    (own, rest)
}

impl<'t> Text<'t> {
    fn stages(&self, value: Spanned<DeValue<'t>>) -> Result<Vec<Stage>> {
        let span = value.span();
        let DeValue::Array(stages) = value.into_inner() else {
            return Err(self.refuse(Some(span), "stage", "is not a list of [[stage]]".into()));
        };
        let mut read: Vec<Stage> = Vec::new();
        for stage in stages {
            let span = stage.span();
            let stage = self.stage(stage)?;
            if read.iter().any(|s| s.name == stage.name) {
                let reason = format!("two stages are called {:?}", stage.name);
                return Err(self.refuse(Some(span), "stage.name", reason));
            }
            read.push(stage);
        }
        Ok(read)
    }

    fn stage(&self, stage: Spanned<DeValue<'t>>) -> Result<Stage> {
        let span = stage.span();
        let DeValue::Table(table) = stage.into_inner() else {
            return Err(self.refuse(Some(span), "stage", "is not a table".into()));
        };
        let (own, rest) = parted(table, &["name"]);
        let Some((_, value)) = own.into_iter().next() else {
            return Err(self.refuse(Some(span), "stage.name", "is missing".into()));
        };
        let place = value.span();
        let name: String = self.value(value, "stage.name")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            let reason = format!("{name:?} has other characters than letters, digits, - and _");
            return Err(self.refuse(Some(place), "stage.name", reason));
        }
        if crate::distillation::Kind::NAMES.contains(&name.as_str()) {
            let reason = format!("{name:?} is the name of a kind of teacher");
            return Err(self.refuse(Some(place), "stage.name", reason));
        }
        let settings = self.settings(rest, span.clone(), &format!("stage.{name}."))?;
        if settings.split.as_ref().is_some_and(|s| s.seeds.is_some()) {
            let key = format!("stage.{name}.split.seeds");
            return Err(self.refuse(Some(span), &key, "are of the whole recipe".into()));
        }
        Ok(Stage { name, settings })
    }

    fn settings(&self, table: DeTable<'t>, span: Range<usize>, path: &str) -> Result<Settings> {
        let read = Settings::deserialize(Deserializer::from(Spanned::new(span, table)));
        read.map_err(|e| self.fault(&e, path))
    }

    fn value<T: DeserializeOwned>(&self, value: Spanned<DeValue<'t>>, key: &str) -> Result<T> {
        let span = value.span();
        T::deserialize(ValueDeserializer::from(value))
            .map_err(|e| self.refuse(Some(span), key, e.message().to_owned()))
    }

    /// What the parser says, of a key below `path`.
    fn fault(&self, e: &toml::de::Error, path: &str) -> Error {
        let key = keys(e).map(|key| format!("{path}{key}"));
        let key = key.or_else(|| path.strip_suffix('.').map(str::to_owned));
        let line = e.span().map(|span| self.line(&span));
        self.error(line, key, e.message().to_owned())
    }

    fn refuse(&self, span: Option<Range<usize>>, key: &str, reason: String) -> Error {
        self.error(span.map(|span| self.line(&span)), Some(key.to_owned()), reason)
    }

    fn error(&self, line: Option<usize>, key: Option<String>, reason: String) -> Error {
        Error::Recipe { file: self.file.map(Path::to_owned), line, key, reason }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or(self.text.as_bytes());
        1 + before.iter().filter(|b| **b == b'\n').count()
    }
}

/// The keys that lead to an error, with dots between them.
fn keys(e: &toml::de::Error) -> Option<String> {
    let mut e = e.clone();
    e.set_input(None);
    let text = e.to_string();
    let (_, keys) = text.rsplit_once("\nin `")?;
    Some(keys.trim_end().trim_end_matches('`').to_owned())
}
