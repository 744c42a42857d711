//! Learning curves of a training run, from its `epochs.csv`.

use crate::error::{Error, Result};
use nneval_files::write_atomic;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (1200, 640);
/// Height of the upper panel, the loss, in pixels.
const UPPER: u32 = 280;
/// Width of the legend beside the lower panel, in pixels.
const LEGEND: u32 = 280;
/// Lines that the legend has room for at least.
const LEAST_LINES: u32 = 20;

/// A named line: (epoch, value), epochs ascending.
struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
}

/// Draws training loss and validation τ by metric over the epochs that
/// `epochs_csv` holds (columns `epoch`, `loss`, `tau_<metric>`…) as an SVG at
/// `svg`, which is replaced whole or not at all.
///
/// # Errors
/// [`Error::Io`] naming the file that cannot be read or written, and
/// [`Error::Training`] where the table is not one of epochs.
pub fn learning_curves(epochs_csv: &Path, svg: &Path) -> Result<()> {
    write_atomic(svg, learning_curves_svg(epochs_csv)?.as_bytes())
}

/// The same picture as SVG text.
///
/// # Errors
/// As [`learning_curves`].
pub fn learning_curves_svg(epochs_csv: &Path) -> Result<String> {
    let text = std::fs::read_to_string(epochs_csv).map_err(|e| Error::io(epochs_csv, e))?;
    let bad = |reason: String| Error::Training(format!("{}: {reason}", epochs_csv.display()));
    let (loss, taus) = read(&text).map_err(bad)?;
    draw(&loss, &taus).map_err(|e| bad(format!("cannot be drawn: {e}")))
}

/// Epochs, losses, and validation τ as the mean of the metrics that have one.
pub(super) type Summary = (Vec<f64>, Vec<Option<f64>>, Vec<Option<f64>>);

/// What a page shows of the same table.
pub(super) fn summary(epochs_csv: &Path) -> Result<Summary> {
    let text = std::fs::read_to_string(epochs_csv).map_err(|e| Error::io(epochs_csv, e))?;
    let bad = |reason: String| Error::Training(format!("{}: {reason}", epochs_csv.display()));
    let (loss, taus) = read(&text).map_err(bad)?;
    let at = |c: &Curve, epoch: f64| c.points.iter().find(|p| p.0 == epoch).map(|p| p.1);
    let epochs: Vec<f64> = loss.points.iter().map(|p| p.0).collect();
    let mean = |&epoch: &f64| {
        let known: Vec<f64> = taus.iter().filter_map(|c| at(c, epoch)).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let losses = loss.points.iter().map(|p| Some(p.1)).collect();
    let tau = epochs.iter().map(mean).collect();
    Ok((epochs, losses, tau))
}

fn read(text: &str) -> Result<(Curve, Vec<Curve>), String> {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header = table.headers().map_err(|e| e.to_string())?.clone();
    let at = |name: &str| {
        header.iter().position(|h| h == name).ok_or(format!("there is no column {name}"))
    };
    let (epoch, loss) = (at("epoch")?, at("loss")?);
    let rows: Vec<csv::StringRecord> =
        table.records().collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    let curve = |name: &str, column: usize| {
        let number = |r: &csv::StringRecord, i: usize| r.get(i)?.parse::<f64>().ok();
        let point = |r| Some((number(r, epoch)?, number(r, column).filter(|v| v.is_finite())?));
        Curve { name: name.to_owned(), points: rows.iter().filter_map(point).collect() }
    };
    let taus = header.iter().enumerate().filter_map(|(i, h)| Some((i, h.strip_prefix("tau_")?)));
    Ok((curve("loss", loss), taus.map(|(i, name)| curve(name, i)).collect()))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(loss: &Curve, taus: &[Curve]) -> Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let (upper, lower) = root.split_vertically(UPPER);
        panel(&upper.margin(0, 0, 0, LEGEND), "training loss", std::slice::from_ref(loss))?;
        let (plot, side) = lower.split_horizontally(SIZE.0 - LEGEND);
        panel(&plot, "validation τ", taus)?;
        legend(&side, taus)?;
        root.present()?;
    }
    Ok(svg)
}

/// Colours that stay apart for neighbours: steps of the golden angle.
fn colour(i: usize) -> HSLColor {
    HSLColor((i as f64 * 0.381_966) % 1.0, 0.75, if i.is_multiple_of(2) { 0.42 } else { 0.58 })
}

/// Smallest and largest of some numbers, apart even where they are equal.
pub(super) fn range(numbers: impl Iterator<Item = f64> + Clone, room: f64) -> std::ops::Range<f64> {
    let lo = numbers.clone().fold(f64::INFINITY, f64::min);
    let hi = numbers.fold(f64::NEG_INFINITY, f64::max);
    if lo > hi {
        return 0.0..1.0;
    }
    let extra = if hi > lo { (hi - lo) * room } else { lo.abs().max(1.0) * 0.05 };
    lo - extra..hi + extra
}

fn panel(area: &DrawingArea<SVGBackend, Shift>, title: &str, curves: &[Curve]) -> Drawn {
    let points = || curves.iter().flat_map(|c| c.points.iter().copied());
    let x = range(points().map(|p| p.0), 0.0);
    let y = range(points().map(|p| p.1), 0.05);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("epoch")
        .y_desc(title)
        .x_labels(12)
        .y_labels(8)
        .label_style(("sans-serif", 13))
        .draw()?;
    for (i, curve) in curves.iter().enumerate() {
        chart.draw_series(LineSeries::new(
            curve.points.iter().copied(),
            colour(i).stroke_width(2),
        ))?;
        if let [only] = curve.points.as_slice() {
            chart.draw_series([Circle::new(*only, 3, colour(i).filled())])?;
        }
    }
    Ok(())
}

/// Names beside their colours, with the last value of each.
fn legend(area: &DrawingArea<SVGBackend, Shift>, curves: &[Curve]) -> Drawn {
    let step = (SIZE.1 - UPPER - 20) / u32::try_from(curves.len())?.max(LEAST_LINES);
    for (i, curve) in curves.iter().enumerate() {
        let y = i32::try_from(12 + i * step as usize)?;
        area.draw(&PathElement::new(vec![(0, y), (16, y)], colour(i).stroke_width(3)))?;
        let last = curve.points.last().map_or("-".to_owned(), |p| format!("{:.3}", p.1));
        let style = ("sans-serif", step.clamp(4, 12)).into_font();
        area.draw(&Text::new(
            format!("{last}  {}", curve.name),
            (22, y - i32::try_from(step.min(12) / 2)?),
            style,
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(csv: &str) -> Result<String> {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("epochs.csv"), dir.path().join("curves.svg"));
        std::fs::write(&from, csv).unwrap();
        learning_curves(&from, &to)?;
        Ok(std::fs::read_to_string(&to).unwrap())
    }

    #[test]
    fn each_metric_has_a_line_and_a_name() {
        let csv = "epoch,step,loss,score,seconds,tau_a_ms,tau_b_pct\n\
                   1,10,1.5,0.2,3,0.1,\n2,20,0.7,0.4,3,0.5,0.3\n3,30,0.6,0.4,3,0.6,0.4\n";
        let svg = picture(csv).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for text in ["0.600  a_ms", "0.400  b_pct", "training loss", "validation τ", "epoch"] {
            assert!(svg.contains(text), "{text}");
        }
    }

    #[test]
    fn one_epoch_no_epoch_and_equal_values_can_be_drawn() {
        picture("epoch,loss,tau_a\n1,0.5,0.5\n").unwrap();
        picture("epoch,loss,tau_a\n").unwrap();
        picture("epoch,loss\n1,0.5\n2,0.5\n").unwrap();
        picture("epoch,loss,tau_a\n1,0.5,\n2,NaN,\n").unwrap();
    }

    #[test]
    fn other_tables_are_refused_by_name() {
        let message = picture("a,b\n1,2\n").unwrap_err().to_string();
        assert!(message.contains("epochs.csv") && message.contains("epoch"), "{message}");
    }
}
