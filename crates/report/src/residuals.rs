//! Residual plot: reported minus predicted values, over the predictions.

use super::scores::{MetricScores, ScoredPoint, middle};
use super::style::*;
use nneval_tables::statistics::quantile;
use plotters::prelude::*;
use std::ops::Range;

/// Width and height, in half pixels.
const SIZE: (u32, u32) = (1600, 1000);
/// Width of the histogram.
const SIDE: u32 = 300;
/// Share of the rows inside the frame at least, by prediction and by residual.
const SHOWN: f64 = 0.99;
/// Groups of rows, by prediction, that have a median and quantiles.
const GROUPS: usize = 20;
/// Bars of the histogram.
const BARS: usize = 40;

/// Residuals of one metric as SVG: median and 5 to 95 % range by twentieths of
/// the rows, the ends of the intervals, a histogram. The frame holds 99 % of the
/// rows each way; those beyond are drawn at its edge.
///
/// # Errors
/// [`crate::Error::Picture`] where it cannot be drawn.
pub fn residuals(scores: &MetricScores) -> crate::Result<String> {
    let picture = draw(scores);
    picture.map_err(|e| crate::Error::picture(&scores.row.metric, e.to_string()))
}

fn residual(p: &ScoredPoint) -> f64 {
    p.reported - p.predicted
}

fn draw(scores: &MetricScores) -> Result<String, Failure> {
    let x = middle(scores.points.iter().map(|p| p.predicted), SHOWN).unwrap_or(0.0..1.0);
    let y = middle(scores.points.iter().map(residual), SHOWN).unwrap_or(-1.0..1.0);
    let y = y.start.min(-y.end * 0.2)..y.end.max(-y.start * 0.2);
    let beyond = |p: &&ScoredPoint| !x.contains(&p.predicted) || !y.contains(&residual(p));
    let outside = scores.points.iter().filter(beyond).count();
    let unit = &scores.row.unit;
    let rmse = scores.row.rmse.map_or("–".into(), short);
    let below = format!(
        "{} · RMSE {} {unit} · {} rows beyond the frame, at its edge",
        scores.statistics(),
        rmse,
        count(outside)
    );
    svg(SIZE, |root| {
        let rest = heading(root, &format!("{}: residuals", scores.row.metric), &below)?;
        let (strip, rest) = rest.split_vertically(36);
        legend(&strip, scores)?;
        let (left, right) = rest.split_horizontally(SIZE.0 - SIDE);
        panel(&left, scores, &x, &y)?;
        histogram(&right, scores, &y)
    })
}

fn panel(area: &Area, scores: &MetricScores, x: &Range<f64>, y: &Range<f64>) -> Drawn {
    let unit = &scores.row.unit;
    let names = [with_unit("predicted", unit), with_unit("reported − predicted", unit)];
    let mut chart = chart(area, "", x.clone(), y.clone(), [&names[0], &names[1]])?;
    let into = |r: &Range<f64>, v: f64| v.clamp(r.start, r.end);
    let place = |p: &ScoredPoint| (into(x, p.predicted), into(y, residual(p)));
    let sorted = scores.sorted();
    let ends: Vec<(f64, [f64; 2])> = sorted
        .iter()
        .filter_map(|p| Some((p.predicted, p.interval?.map(|e| into(y, e - p.predicted)))))
        .filter(|(v, _)| x.contains(v))
        .collect();
    let step = ends.len().div_ceil(600).max(1);
    let lower = ends.iter().step_by(step).map(|(v, e)| (*v, e[0]));
    let upper = ends.iter().step_by(step).rev().map(|(v, e)| (*v, e[1]));
    let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
    if outline.len() > 3 {
        chart.draw_series([Polygon::new(outline, BAND.filled())])?;
    }
    let alpha = (9.0 / (sorted.len().max(1) as f64).sqrt()).clamp(0.08, 0.8);
    chart.draw_series(sorted.iter().map(|p| {
        let colour = if p.is_outside() { OUTSIDE.mix(alpha.max(0.25)) } else { DATA.mix(alpha) };
        Circle::new(place(p), 5, colour.filled())
    }))?;
    chart.draw_series(LineSeries::new([(x.start, 0.0), (x.end, 0.0)], MUTED.stroke_width(3)))?;
    let size = sorted.len().div_ceil(GROUPS).max(5);
    for (q, width) in [(0.05, 2), (0.5, 5), (0.95, 2)] {
        let line = sorted.chunks(size).filter_map(|group| {
            let mut own: Vec<f64> = group.iter().map(residual).collect();
            own.sort_by(f64::total_cmp);
            let middle = group.get(group.len() / 2)?.predicted;
            Some((into(x, middle), into(y, quantile(&own, q)?)))
        });
        chart.draw_series(LineSeries::new(line, INK.stroke_width(width)))?;
    }
    Ok(())
}

fn legend(area: &Area, scores: &MetricScores) -> Drawn {
    let style = ("sans-serif", 25, &MUTED).into_text_style(area);
    let y = 4;
    let mut x = 170;
    if let Some(percent) =
        scores.percent().filter(|_| scores.points.iter().any(|p| p.interval.is_some()))
    {
        area.draw(&Rectangle::new([(x, y + 3), (x + 30, y + 23)], BAND.filled()))?;
        area.draw_text(&format!("{percent} interval"), &style, (x + 44, y))?;
        x += 250;
    }
    area.draw(&PathElement::new(vec![(x, y + 13), (x + 30, y + 13)], INK.stroke_width(5)))?;
    area.draw_text("median; thin: 5 % and 95 %, by twentieths of the rows", &style, (x + 44, y))?;
    Ok(())
}

fn histogram(area: &Area, scores: &MetricScores, y: &Range<f64>) -> Drawn {
    let mut bars = vec![0usize; BARS];
    let height = (y.end - y.start) / BARS as f64;
    for p in &scores.points {
        let at = ((residual(p) - y.start) / height).floor().clamp(0.0, BARS as f64 - 1.0) as usize;
        if let Some(bar) = bars.get_mut(at) {
            *bar += 1;
        }
    }
    let most = bars.iter().copied().max().unwrap_or(1).max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_right(36)
        .margin_top(20)
        .margin_bottom(28)
        .x_label_area_size(92)
        .build_cartesian_2d(0.0..most * 1.05, y.clone())?;
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(MUTED)
        .y_labels(0)
        .x_labels(3)
        .x_label_formatter(&|v| format!("{v:.0}"))
        .x_desc("rows")
        .label_style(("sans-serif", 26, &MUTED))
        .axis_desc_style(("sans-serif", 29, &INK))
        .draw()?;
    chart.draw_series(bars.iter().enumerate().map(|(i, n)| {
        let from = y.start + height * i as f64;
        Rectangle::new([(0.0, from), (*n as f64, from + height * 0.86)], DATA.mix(0.7).filled())
    }))?;
    Ok(())
}
