//! Values that override keys of a recipe.

use super::{MetricPattern, Recipe, refuse};
use crate::error::{Error, Result};
use toml::{Table, Value};

impl Recipe {
    /// Sets a key: `KEY` or `split.KEY` of the recipe, `stage.NAME.KEY` of a stage. `value` is
    /// TOML; what is none is taken as a string.
    ///
    /// # Errors
    /// [`Error::Recipe`] naming the key.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let wrong = |reason: String| refuse(Some(key), reason);
        let mut table = Table::try_from(&*self).map_err(|e| wrong(e.to_string()))?;
        let (path, place) = match key.strip_prefix("stage.") {
            None => (key, &mut table),
            Some(rest) => {
                let (stage, path) = rest
                    .split_once('.')
                    .ok_or_else(|| wrong("has the form stage.NAME.KEY".into()))?;
                (path, self.table_of(stage, &mut table).map_err(wrong)?)
            }
        };
        let parsed = value.parse::<Value>().unwrap_or_else(|_| Value::String(value.to_owned()));
        put(place, path, parsed).map_err(wrong)?;
        let text = toml::to_string(&table).map_err(|e| wrong(e.to_string()))?;
        *self = Self::parse(&text, None).map_err(|e| match e {
            Error::Recipe { reason, .. } => wrong(reason),
            other => other,
        })?;
        Ok(())
    }

    /// Makes `metrics` those of all stages.
    pub fn set_metrics(&mut self, metrics: Vec<MetricPattern>) {
        self.stages.iter_mut().for_each(|s| s.settings.metrics = None);
        self.settings.metrics = Some(metrics);
    }

    fn table_of<'t>(&self, stage: &str, table: &'t mut Table) -> Result<&'t mut Table, String> {
        let names: Vec<&str> = self.stages.iter().map(|s| s.name.as_str()).collect();
        let at = self.position(stage);
        let missing = || format!("there is no stage {stage}; there are {}", names.join(", "));
        let stages = table.get_mut("stage").and_then(Value::as_array_mut);
        let found = stages.and_then(|s| s.get_mut(at?)).and_then(Value::as_table_mut);
        found.ok_or_else(missing)
    }
}

/// Puts `value` at a path of keys with dots between them.
fn put(table: &mut Table, path: &str, value: Value) -> Result<(), String> {
    match path.split_once('.') {
        None if path.is_empty() => Err("is no key".into()),
        None => {
            table.insert(path.to_owned(), value);
            Ok(())
        }
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
            let inner = inner.as_table_mut().ok_or_else(|| format!("{first} has no keys"))?;
            put(inner, rest, value)
        }
    }
}
