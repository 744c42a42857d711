//! Search folder as content of the report page.

use super::number::rounded;
use crate::drawing::Drawing;
use crate::error::{Error, Result};
use crate::layout::layout;
use nneval_graph::model::{Limits, Model};
use nneval_graph::{features, opstring};
use nneval_tables::{Cell, Row, TableReader};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Winners whose graphs are drawn, at most.
const MOST_GRAPHS: usize = 100;

/// A column of the table of candidates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageColumn {
    /// Metric or static cost.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// 1 where large is good, -1 where small is, 0 for what is no objective.
    pub goal: i8,
}

/// Candidates of a search; lists by candidate are in the order of measurement.
#[derive(Debug, Clone, Serialize, Default)]
pub struct PageSearch {
    /// Names and values that describe the search.
    pub facts: Vec<(String, String)>,
    /// Columns.
    pub columns: Vec<PageColumn>,
    /// The columns drawn across and up.
    pub axes: [usize; 2],
    /// Whether there are two objectives at least.
    pub two: bool,
    /// Column sorted by at first, and 1 for ascending, -1 for descending.
    pub sort: (usize, i8),
    /// What the winners are.
    pub label: String,
    /// Architecture strings.
    pub arch: Vec<String>,
    /// Values by column and candidate.
    pub values: Vec<Vec<Option<f64>>>,
    /// Lower ends of intervals by column, where a column has intervals.
    pub lo: Vec<Option<Vec<Option<f64>>>>,
    /// Upper ends.
    pub hi: Vec<Option<Vec<Option<f64>>>>,
    /// 1 for candidates that an evaluator flags.
    pub flagged: Vec<u8>,
    /// 1 for candidates whose values were told.
    pub told: Vec<u8>,
    /// Why candidates could not be measured; empty where they could.
    pub error: Vec<String>,
    /// Positions of the winners, best first.
    pub front: Vec<usize>,
    /// Files of the winners by position.
    pub files: BTreeMap<usize, String>,
    /// Drawings of the winners by position.
    pub graphs: BTreeMap<usize, Drawing>,
    /// Evaluators that gave the values, with the start of their checksums.
    #[serde(skip)]
    pub evaluators: String,
}

/// Where what stands in a table of candidates.
struct Places {
    arch: usize,
    flagged: Option<usize>,
    told: Option<usize>,
    error: Option<usize>,
    /// Columns of values.
    names: Vec<String>,
    /// For each of them the places of value, lower and upper end.
    values: Vec<[Option<usize>; 3]>,
}

impl Places {
    /// `None` for a table without a column `arch`.
    fn of(header: &[String]) -> Option<Self> {
        let at = |name: &str| header.iter().position(|h| h == name);
        let is_end = |h: &str| {
            ["_lo", "_hi"].iter().any(|e| h.strip_suffix(e).is_some_and(|m| at(m).is_some()))
        };
        let is_value =
            |h: &&String| !["arch", "flagged", "told", "error"].contains(&h.as_str()) && !is_end(h);
        let names: Vec<String> = header.iter().filter(is_value).cloned().collect();
        let places = |n: &String| [at(n), at(&format!("{n}_lo")), at(&format!("{n}_hi"))];
        let values = names.iter().map(places).collect();
        let (flagged, told, error) = (at("flagged"), at("told"), at("error"));
        Some(Self { arch: at("arch")?, flagged, told, error, names, values })
    }
}

impl PageSearch {
    /// Reads `pareto.json`, `candidates.csv` and the winners' networks of a
    /// search folder. A winner whose file cannot be read has no drawing.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Picture`] naming the file.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("pareto.json");
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        let summary: Value = serde_json::from_slice(&bytes)
            .map_err(|e| Error::picture(&path, format!("not a search's summary: {e}")))?;
        let mut page = Self::default();
        page.candidates(&dir.join("candidates.csv"), &summary)?;
        page.describe(&summary);
        page.winners(dir, &summary);
        Ok(page)
    }

    fn candidates(&mut self, path: &Path, summary: &Value) -> Result<()> {
        let bad = |e: String| Error::picture(path, format!("not a search's table: {e}"));
        let unread = |e: nneval_tables::Error| match e {
            nneval_tables::Error::Io { .. } => e.into(),
            _ => bad(e.reason()),
        };
        let mut table = TableReader::open(path).map_err(unread)?;
        let places = Places::of(table.names());
        let places = places.ok_or_else(|| bad("there is no column arch".into()))?;
        let unit =
            |n: &String| summary["units"][n.as_str()].as_str().unwrap_or_default().to_owned();
        let column = |n: &String| PageColumn { name: n.clone(), unit: unit(n), goal: 0 };
        self.columns = places.names.iter().map(column).collect();
        self.values = vec![Vec::new(); places.names.len()];
        let ends = |k: usize| places.values.iter().map(|p| p[k].map(|_| Vec::new())).collect();
        (self.lo, self.hi) = (ends(1), ends(2));
        while let Some(row) = table.next_row().map_err(unread)? {
            self.candidate(row, &places);
        }
        Ok(())
    }

    fn candidate(&mut self, row: &Row, places: &Places) {
        let cell = |i: Option<usize>| i.map_or(&Cell::Missing, |i| row.cell(i));
        let value = |i| cell(i).number().filter(|v| v.is_finite()).map(rounded);
        self.arch.push(cell(Some(places.arch)).text().into_owned());
        self.flagged.push(u8::from(cell(places.flagged).integer() == Some(1)));
        self.told.push(u8::from(cell(places.told).integer() == Some(1)));
        self.error.push(cell(places.error).text().into_owned());
        for (list, place) in self.values.iter_mut().zip(&places.values) {
            list.push(value(place[0]));
        }
        for (lists, k) in [(&mut self.lo, 1), (&mut self.hi, 2)] {
            for (list, place) in lists.iter_mut().zip(&places.values) {
                list.iter_mut().for_each(|list| list.push(value(place[k])));
            }
        }
    }

    /// Facts, axes and the first order.
    fn describe(&mut self, summary: &Value) {
        let text = |v: &Value| match v {
            Value::Null => String::new(),
            Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        let objectives: Vec<(String, bool)> = summary["objectives"]
            .as_array()
            .map_or(&[][..], |a| a)
            .iter()
            .map(|o| (text(&o["metric"]), o["goal"] == "maximize"))
            .collect();
        let limits: Vec<String> =
            summary["limits"].as_array().into_iter().flatten().map(text).collect();
        let wanted = |large: bool| {
            let of = objectives.iter().filter(|o| o.1 == large).map(|o| o.0.as_str());
            of.collect::<Vec<_>>().join(", ")
        };
        self.evaluators = text(&summary["evaluators"]);
        let settings = &summary["settings"];
        let facts = [
            ("space", text(&summary["space"])),
            ("large is good", wanted(true)),
            ("small is good", wanted(false)),
            ("limits", limits.join(", ")),
            ("algorithm", text(&settings["algorithm"])),
            ("seed", text(&settings["seed"])),
            ("candidates", text(&summary["measured"])),
            ("evaluators", self.evaluators.clone()),
        ];
        let known = facts.into_iter().filter(|f| !f.1.is_empty());
        self.facts = known.map(|(n, v)| (n.to_owned(), v)).collect();
        self.two = objectives.len() > 1;
        self.label = if self.two { "on the front" } else { "best" }.to_owned();
        for (name, large) in &objectives {
            let column = self.columns.iter_mut().find(|c| c.name == *name);
            column.into_iter().for_each(|c| c.goal = if *large { 1 } else { -1 });
        }
        let column = |o: &(String, bool)| self.columns.iter().position(|c| c.name == o.0);
        let first = objectives.first().and_then(column).unwrap_or(0);
        let second = objectives.get(1).and_then(column);
        let other = (0..self.columns.len()).find(|&i| i != first);
        let up = objectives.first().is_none_or(|o| o.1);
        self.sort = (first, if up { -1 } else { 1 });
        self.axes = [second.or(other).unwrap_or_else(|| self.number_candidates()), first];
    }

    /// Adds a column that counts candidates; its position.
    fn number_candidates(&mut self) -> usize {
        self.columns.push(PageColumn { name: "candidate".into(), unit: String::new(), goal: 0 });
        self.values.push((1..=self.arch.len()).map(|i| Some(i as f64)).collect());
        self.lo.push(None);
        self.hi.push(None);
        self.columns.len() - 1
    }

    fn winners(&mut self, dir: &Path, summary: &Value) {
        let numbers: HashMap<&str, usize> =
            self.arch.iter().enumerate().map(|(i, a)| (a.as_str(), i)).collect();
        let winners = summary["pareto"].as_array().map_or(&[][..], |a| a);
        let found: Vec<(usize, String)> = winners
            .iter()
            .filter_map(|w| {
                let at = numbers.get(w["arch"].as_str()?).copied()?;
                Some((at, w["file"].as_str().unwrap_or_default().to_owned()))
            })
            .collect();
        for (at, file) in found {
            self.front.push(at);
            if self.front.len() <= MOST_GRAPHS
                && let Some(drawing) = drawing(dir, &file)
            {
                self.graphs.insert(at, drawing);
            }
            self.files.insert(at, file);
        }
    }
}

/// The drawing of a model file, named from the search folder or as it is.
fn drawing(dir: &Path, file: &str) -> Option<Drawing> {
    let inside = dir.join(file);
    let path = if inside.is_file() { inside } else { Path::new(file).to_owned() };
    let model = Model::open(path, &Limits::default()).ok()?;
    Some(layout(&features::outline(&opstring::of_model(&model).ok()?)))
}
