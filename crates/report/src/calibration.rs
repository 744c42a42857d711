//! Nominal against measured coverage of intervals.

use super::scores::MetricScores;
use super::style::*;
use nneval_evaluator::CoveragePoint;
use plotters::prelude::*;

/// Width and height, in half pixels.
const SIZE: (u32, u32) = (1180, 1196);

/// Measured over nominal coverage as SVG: mean and standard deviation over
/// halvings of the rows, and a diamond for the intervals that the evaluator has.
///
/// # Errors
/// [`crate::Error::Picture`] where it cannot be drawn.
pub fn calibration(
    scores: &MetricScores,
    curve: &[CoveragePoint],
    splits: u64,
) -> crate::Result<String> {
    let picture = draw(scores, curve, splits);
    picture.map_err(|e| crate::Error::picture(&scores.row.metric, e.to_string()))
}

fn draw(scores: &MetricScores, curve: &[CoveragePoint], splits: u64) -> Result<String, Failure> {
    let title = format!("{}: calibration", scores.row.metric);
    let below = format!(
        "{} rows · {splits} halvings: one half calibrates, the other is tested",
        count(scores.points.len())
    );
    svg(SIZE, |root| {
        let rest = heading(root, &title, &below)?;
        let names = ["nominal coverage, %", "reported values inside the interval, %"];
        let mut chart = chart(&rest, "", 0.0..100.0, 0.0..100.0, names)?;
        let percent = |p: &CoveragePoint, k: f64| {
            (p.level * 100.0, ((p.rows + k * p.rows_sd) * 100.0).clamp(0.0, 100.0))
        };
        let lower = curve.iter().map(|p| percent(p, -1.0));
        let upper = curve.iter().rev().map(|p| percent(p, 1.0));
        let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
        if outline.len() > 3 {
            chart.draw_series([Polygon::new(outline, BAND.filled())])?;
        }
        chart.draw_series(LineSeries::new([(0.0, 0.0), (100.0, 100.0)], MUTED.stroke_width(3)))?;
        let points = || curve.iter().map(|p| percent(p, 0.0));
        chart.draw_series(LineSeries::new(points(), DATA.stroke_width(4)))?;
        chart.draw_series(points().map(|p| Circle::new(p, 7, DATA.filled())))?;
        let own = scores.level.zip(scores.row.coverage).map(|(l, c)| (l * 100.0, c * 100.0));
        chart.draw_series(own.iter().map(|at| {
            let diamond = vec![(0, -14), (14, 0), (0, 14), (-14, 0)];
            EmptyElement::at(*at) + Polygon::new(diamond, OUTSIDE.filled())
        }))?;
        legend(&rest, own)
    })
}

fn legend(area: &Area, own: Option<(f64, f64)>) -> Drawn {
    let style = ("sans-serif", 25, &MUTED).into_text_style(area);
    let (x, y) = (210, 50);
    area.draw(&PathElement::new(vec![(x, y + 10), (x + 30, y + 10)], DATA.stroke_width(4)))?;
    area.draw_text("mean of the halvings; band: ± one deviation", &style, (x + 44, y))?;
    area.draw(&PathElement::new(vec![(x, y + 44), (x + 30, y + 44)], MUTED.stroke_width(3)))?;
    area.draw_text("as promised", &style, (x + 44, y + 34))?;
    if let Some((level, covered)) = own {
        let at = (x + 15, y + 78);
        let corners =
            vec![(at.0, at.1 - 12), (at.0 + 12, at.1), (at.0, at.1 + 12), (at.0 - 12, at.1)];
        area.draw(&Polygon::new(corners, OUTSIDE.filled()))?;
        let text = format!("the evaluator's own {level:.0} % interval: {covered:.1} %");
        area.draw_text(&text, &style, (x + 44, y + 68))?;
    }
    Ok(())
}
