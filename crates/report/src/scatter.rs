//! Predicted against reported values.

use super::hexbin::hexbin;
use super::scores::{MetricScores, ScoredPoint, middle};
use super::style::*;
use plotters::prelude::*;
use std::ops::Range;

/// Rows up to which each is a point; more are counted in hexagons.
const MOST_POINTS: usize = 2500;
/// A second panel shows the middle of the rows where all of them span this many
/// times as much.
const ZOOM: f64 = 2.0;
/// Share of the rows in that panel, by reported and by predicted value.
const MIDDLE: f64 = 0.9;
/// Width and height of a panel, in half pixels.
const PANEL: (u32, u32) = (1280, 1080);
/// Height of the heading.
const HEAD: u32 = 116;

/// Predicted against reported values of one metric as SVG: the line on which
/// both are equal, the band of the intervals, reported values outside of it
/// marked. Where a few rows stretch the axes, a second panel shows the others.
///
/// # Errors
/// [`crate::Error::Picture`] where it cannot be drawn.
pub fn scatter(scores: &MetricScores) -> crate::Result<String> {
    let picture = draw(scores);
    picture.map_err(|e| crate::Error::picture(&scores.row.metric, e.to_string()))
}

fn draw(scores: &MetricScores) -> Result<String, Failure> {
    let both = |share| {
        let a = middle(scores.points.iter().map(|p| p.reported), share);
        let b = middle(scores.points.iter().map(|p| p.predicted), share);
        let hull = |(a, b): (Range<f64>, Range<f64>)| a.start.min(b.start)..a.end.max(b.end);
        a.zip(b).map_or(0.0..1.0, hull)
    };
    let (whole, most) = (both(1.0), both(MIDDLE));
    let span = |r: &Range<f64>| r.end - r.start;
    let zoomed = span(&whole) > ZOOM * span(&most);
    let width = if zoomed { 2 * PANEL.0 } else { PANEL.0 };
    svg((width, PANEL.1 + HEAD), |root| {
        let title = format!("{}: predicted against reported", scores.row.metric);
        let rest = heading(root, &title, &scores.statistics())?;
        if !zoomed {
            return panel(&rest, scores, &whole, "");
        }
        let (left, right) = rest.split_horizontally(PANEL.0);
        panel(&left, scores, &whole, "all rows")?;
        panel(&right, scores, &most, &format!("the middle {:.0} %", MIDDLE * 100.0))
    })
}

fn panel(area: &Area, scores: &MetricScores, range: &Range<f64>, caption: &str) -> Drawn {
    let unit = &scores.row.unit;
    let names = [with_unit("reported", unit), with_unit("predicted", unit)];
    let names = [names[0].as_str(), names[1].as_str()];
    let mut chart = chart(area, caption, range.clone(), range.clone(), names)?;
    band(&mut chart, &scores.sorted(), range)?;
    let line = [(range.start, range.start), (range.end, range.end)];
    chart.draw_series(LineSeries::new(line, MUTED.stroke_width(3)))?;
    let points = || scores.points.iter().filter(|p| inside(p, range));
    let large = scores.points.len() > MOST_POINTS;
    if large {
        hexagons(&mut chart, &scores.points, range)?;
    } else {
        let alpha = (9.0 / (points().count().max(1) as f64).sqrt()).clamp(0.22, 0.8);
        let dot = |p: &ScoredPoint| {
            let colour = if p.is_outside() { OUTSIDE.mix(0.75) } else { DATA.mix(alpha) };
            Circle::new((p.reported, p.predicted), 5, colour.filled())
        };
        chart.draw_series(points().filter(|p| !p.is_outside()).map(dot))?;
        chart.draw_series(points().filter(|p| p.is_outside()).map(dot))?;
    }
    legend(area, scores, large)
}

fn inside(p: &ScoredPoint, range: &Range<f64>) -> bool {
    [p.reported, p.predicted].iter().all(|v| (range.start..=range.end).contains(v))
}

/// For each prediction, across, the reported values that its interval holds.
fn band(chart: &mut Chart, sorted: &[ScoredPoint], range: &Range<f64>) -> Drawn {
    let seen: Vec<&ScoredPoint> = sorted
        .iter()
        .filter(|p| p.interval.is_some() && (range.start..=range.end).contains(&p.predicted))
        .collect();
    let step = seen.len().div_ceil(600).max(1);
    let kept = seen.iter().enumerate().filter(|(i, _)| i % step == 0 || i + 1 == seen.len());
    let ends: Vec<(f64, [f64; 2])> =
        kept.filter_map(|(_, p)| Some((p.predicted, p.interval?))).collect();
    if ends.len() < 2 {
        return Ok(());
    }
    let clamp = |v: f64| v.clamp(range.start, range.end);
    let lower = ends.iter().map(|(p, e)| (clamp(e[0]), *p));
    let upper = ends.iter().rev().map(|(p, e)| (clamp(e[1]), *p));
    let outline: Vec<(f64, f64)> = lower.chain(upper).collect();
    chart.draw_series([Polygon::new(outline, BAND.filled())])?;
    Ok(())
}

fn hexagons(chart: &mut Chart, points: &[ScoredPoint], range: &Range<f64>) -> Drawn {
    let pairs: Vec<(f64, f64)> = points.iter().map(|p| (p.reported, p.predicted)).collect();
    let cells = hexbin(&pairs, range, range, 60, 0.88);
    let most = cells.iter().map(|c| c.count).max().unwrap_or(1) as f64;
    let shade = |count: usize| {
        let share = (1.0 + count as f64).ln() / (1.0 + most).ln();
        let mix =
            |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share) as u8;
        RGBColor(mix(190, 8), mix(212, 48), mix(240, 107))
    };
    chart.draw_series(cells.into_iter().map(|c| {
        let colour = shade(c.count);
        Polygon::new(c.corners, colour.filled())
    }))?;
    Ok(())
}

/// Below the heading, to the right: what band and colours mean.
fn legend(area: &Area, scores: &MetricScores, large: bool) -> Drawn {
    let style = ("sans-serif", 25, &MUTED).into_text_style(area);
    let (x, mut y) = (210, 66);
    if let Some(percent) =
        scores.percent().filter(|_| scores.points.iter().any(|p| p.interval.is_some()))
    {
        area.draw(&Rectangle::new([(x, y), (x + 30, y + 20)], BAND.filled()))?;
        area.draw_text(&format!("{percent} interval"), &style, (x + 44, y))?;
        y += 34;
        let outside = scores.points.iter().filter(|p| p.is_outside()).count();
        let share = 100.0 * outside as f64 / scores.points.len().max(1) as f64;
        if !large {
            area.draw(&Circle::new((x + 15, y + 10), 7, OUTSIDE.filled()))?;
        }
        area.draw_text(&format!("outside of it: {share:.1} %"), &style, (x + 44, y))?;
        y += 34;
    }
    area.draw(&PathElement::new(vec![(x, y + 10), (x + 30, y + 10)], MUTED.stroke_width(3)))?;
    area.draw_text("predicted = reported", &style, (x + 44, y))?;
    if large {
        area.draw(&Rectangle::new([(x, y + 34), (x + 30, y + 54)], DATA.filled()))?;
        area.draw_text("darker: more rows", &style, (x + 44, y + 34))?;
    }
    Ok(())
}
