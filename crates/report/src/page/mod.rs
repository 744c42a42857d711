//! Report page: one self-contained HTML file. Its content is JSON in the page.
//! The scripts make elements of it and never read it as markup.

mod facts;
mod model;
mod number;
mod scores;
mod search;

pub use facts::evaluator_facts;
pub use model::{PageBlock, PageModel, PagePrediction};
pub use number::rounded;
pub use scores::{ComparedMetric, Comparison, PageMetric, PageScores, PageTau};
pub use search::{PageColumn, PageSearch};

use super::curves;
use crate::error::{Error, Result};
use serde::Serialize;
use std::path::Path;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    include_str!("js/base.js"),
    include_str!("js/tip.js"),
    include_str!("js/plot.js"),
    include_str!("js/scores.js"),
    include_str!("js/graph.js"),
    include_str!("js/model.js"),
    include_str!("js/table.js"),
    include_str!("js/search.js"),
    include_str!("js/main.js"),
);

/// What a report shows; parts that are absent are left out.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Page {
    /// Heading.
    pub title: String,
    /// The program, with its version.
    pub program: String,
    /// The command that made the page.
    pub command: String,
    /// A model.
    pub model: Option<PageModel>,
    /// Names and values that describe the evaluator.
    pub evaluator: Option<Vec<(String, String)>>,
    /// How well it predicts.
    pub scores: Option<PageScores>,
    /// How it was trained.
    pub curves: Option<PageCurves>,
    /// A search.
    pub search: Option<PageSearch>,
}

/// Learning curves.
#[derive(Debug, Clone, Serialize, Default)]
pub struct PageCurves {
    /// Epochs.
    pub epochs: Vec<f64>,
    /// Training loss.
    pub loss: Vec<Option<f64>>,
    /// Validation τ, mean of the metrics.
    pub tau: Vec<Option<f64>>,
}

impl PageCurves {
    /// Reads the `epochs.csv` of a training run.
    ///
    /// # Errors
    /// As [`super::learning_curves`].
    pub fn read(epochs_csv: &Path) -> Result<Self> {
        let (epochs, loss, tau) = curves::summary(epochs_csv)?;
        Ok(Self { epochs, loss, tau })
    }
}

impl Page {
    /// The page as HTML.
    ///
    /// # Errors
    /// [`Error::Picture`] where the content cannot be written as JSON.
    pub fn to_html(&self) -> Result<String> {
        let json = serde_json::to_string(self);
        let json = json.map_err(|e| Error::picture(&self.title, e.to_string()))?;
        let (title, data) = (escaped(&self.title), inert(&json));
        let parts = [("title", title.as_str()), ("css", STYLE), ("js", SCRIPT), ("data", &data)];
        Ok(fill(TEMPLATE, &parts))
    }
}

/// Replaces each `{{name}}` of the template once; what is put in is not read
/// again.
fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut pieces = template.split("{{");
    let mut html = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or(("", piece));
        html += parts.iter().find(|p| p.0 == name).map_or("", |p| p.1);
        html += rest;
    }
    html
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            c => html.push(c),
        }
    }
    html
}

/// The same JSON without characters that mean something in HTML or, as ends of
/// lines, in scripts; they stand in strings alone.
fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text += &format!("\\u{:04x}", c as u32),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_cannot_leave_its_place() {
        let hostile = "</script><script>alert(1)</script>\"'&{{js}}\u{2028}<!--".to_owned();
        let page = Page {
            title: hostile.clone(),
            command: hostile.clone(),
            evaluator: Some(vec![(hostile.clone(), hostile)]),
            ..Page::default()
        };
        let html = page.to_html().unwrap();
        assert_eq!(html.matches("</script>").count(), 2, "the page's own");
        assert!(!html.contains("alert(1)</script>"));
        assert_eq!(html.matches("const NS =").count(), 1, "what is put in is not read again");
        let (_, rest) = html.split_once("id=\"data\">").unwrap();
        let data = rest.split_once("</script>").unwrap().0;
        assert!(!data.contains(['<', '>', '&', '\u{2028}']));
        let back: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(back["title"].as_str(), Some(page.title.as_str()));
        assert!(html.contains("<title>&lt;/script&gt;"));
    }

    #[test]
    fn the_page_asks_for_nothing_from_elsewhere() {
        let html = Page::default().to_html().unwrap();
        let own = html.replace("http://www.w3.org/2000/svg", "");
        for word in ["http:", "https:", "url(", "@import", "src=", "fetch(", "import("] {
            assert!(!own.contains(word), "{word}");
        }
        assert!(html.contains("default-src 'none'"));
    }
}
