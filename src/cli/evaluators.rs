//! `nneval evaluators`: the evaluators at hand.

use super::evaluator_args;
use super::shipped::Shipped;
use clap::ValueEnum;
use nneval::evaluator::{Bundle, Manifest, Metric};
use nneval::files::{printable, printable_json};
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// List the evaluators at hand: networks, metrics, agreement with labels.
///
/// They lie in folders called models: that of NNEVAL_MODELS, of the working folder, beside the
/// program, in share/nneval of its prefix.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Evaluator whose metrics are listed: a name in models/, or a folder [default: all,
    /// a line each]
    name: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading.
    Table,
    /// One JSON object an evaluator, one a line.
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let found: Vec<(PathBuf, Manifest)> = match &args.name {
        Some(name) => {
            let bundle = evaluator_args::open(name)?;
            vec![(super::shipped::find(name).unwrap_or_default(), bundle.manifest)]
        }
        None => {
            let folders = Shipped::default().evaluators();
            let open = |dir: PathBuf| Ok((dir.clone(), Bundle::open(&dir)?.manifest));
            folders.into_iter().map(open).collect::<anyhow::Result<_>>()?
        }
    };
    if found.is_empty() {
        super::console::note("no evaluators are found; NNEVAL_MODELS names their folder");
    }
    let text = match (args.format, &args.name) {
        (Format::Json, _) => found.iter().map(|(dir, m)| object(dir, m)).collect(),
        (Format::Table, None) => found.iter().map(|(dir, m)| summary(dir, m)).collect(),
        (Format::Table, Some(_)) => found.iter().map(|(dir, m)| details(dir, m)).collect(),
    };
    let text: String = text;
    super::console::print(text)?;
    Ok(ExitCode::SUCCESS)
}

fn head(dir: &Path, m: &Manifest) -> String {
    let t = &m.training;
    let flags = match m.domain {
        Some(_) => "flagged where they are unlike these",
        None => "not flagged",
    };
    let networks = format!("{}, {} rows of {}", t.space, t.rows, t.labels);
    let mut text = format!("{}\n", printable(&m.name));
    let _ = writeln!(text, "  trained on       {}", printable(&networks));
    let _ = writeln!(text, "  other networks   {flags}");
    let _ = writeln!(text, "  folder           {}", printable(&dir.display().to_string()));
    text
}

fn summary(dir: &Path, m: &Manifest) -> String {
    let taus: Vec<f64> = m.metrics.iter().filter_map(tau).collect();
    let lowest = taus.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = taus.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let agreement = match taus.len() {
        0 => String::new(),
        1 => format!(", τ {lowest:.2} on networks kept back"),
        _ => format!(", τ {lowest:.2} to {highest:.2} on networks kept back"),
    };
    let names: Vec<&str> = m.metrics.iter().map(|x| x.spec.name.as_str()).collect();
    let shown = names.iter().take(4).copied().collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(4) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!("{}  metrics          {}{more}{agreement}\n\n", head(dir, m), printable(&shown))
}

fn details(dir: &Path, m: &Manifest) -> String {
    let mut text = head(dir, m) + "\n";
    let wide = |of: fn(&Metric) -> &str| m.metrics.iter().map(|x| of(x).chars().count()).max();
    let names = wide(|x| &x.spec.name).unwrap_or(0);
    let units = wide(|x| &x.spec.unit).unwrap_or(0);
    for metric in &m.metrics {
        let (name, unit) = (printable(&metric.spec.name), printable(&metric.spec.unit));
        let tau = tau(metric).map_or(String::new(), |t| format!("τ {t:.3}"));
        let interval = metric
            .interval
            .as_ref()
            .map_or(String::new(), |i| format!("{:.0} % intervals", i.level * 100.0));
        let line = format!("  {name:names$}  {unit:units$}  {tau:7}  {interval}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn tau(metric: &Metric) -> Option<f64> {
    metric.validation.as_ref()?.tau
}

fn object(dir: &Path, m: &Manifest) -> String {
    let metric = |x: &Metric| {
        json!({
            "name": x.spec.name,
            "unit": x.spec.unit,
            "description": x.spec.description,
            "validation": x.validation,
            "interval_level": x.interval.as_ref().map(|i| i.level),
        })
    };
    let object = json!({
        "name": m.name,
        "folder": dir.display().to_string(),
        "space": m.training.space,
        "labels": m.training.labels,
        "rows": m.training.rows,
        "flags": m.domain.is_some(),
        "metrics": m.metrics.iter().map(metric).collect::<Vec<_>>(),
    });
    printable_json(&object.to_string()).into_owned() + "\n"
}
