//! What the pictures share: canvas, colours, headings, axes.
//!
//! Pictures are drawn in half pixels, so that points do not snap to a visible
//! grid; the size that the SVG states is in pixels.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use std::ops::Range;

pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
pub type Failure = Box<dyn std::error::Error>;
pub type Drawn = Result<(), Failure>;

/// Text.
pub const INK: RGBColor = RGBColor(28, 33, 40);
/// Text of less weight.
pub const MUTED: RGBColor = RGBColor(97, 106, 117);
/// Lines behind the data.
pub const GRID: RGBColor = RGBColor(232, 235, 239);
/// Data.
pub const DATA: RGBColor = RGBColor(28, 92, 173);
/// Data outside of what was promised.
pub const OUTSIDE: RGBColor = RGBColor(204, 85, 20);
/// What was promised.
pub const BAND: RGBColor = RGBColor(221, 232, 246);

/// Draws a picture of `size` half pixels.
pub fn svg(size: (u32, u32), draw: impl FnOnce(&Area) -> Drawn) -> Result<String, Failure> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE)?;
        draw(&root)?;
        root.present()?;
    }
    let stated = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    let halved = format!("width=\"{}\" height=\"{}\"", size.0 / 2, size.1 / 2);
    Ok(text.replacen(&stated, &halved, 1))
}

/// Writes a title and a line below it; what is left of the area.
pub fn heading<'a>(area: &Area<'a>, title: &str, below: &str) -> Result<Area<'a>, Failure> {
    let bold = ("sans-serif", 38, FontStyle::Bold, &INK).into_text_style(area);
    area.draw_text(title, &bold, (36, 30))?;
    area.draw_text(below, &("sans-serif", 29, &MUTED).into_text_style(area), (36, 80))?;
    Ok(area.split_vertically(116).1)
}

/// Axes with a grid.
pub fn chart<'a, 'b>(
    area: &'a Area<'b>,
    caption: &str,
    x: Range<f64>,
    y: Range<f64>,
    names: [&str; 2],
) -> Result<Chart<'a, 'b>, Failure> {
    let mut builder = ChartBuilder::on(area);
    builder.margin(28).margin_top(20).margin_right(36);
    if !caption.is_empty() {
        builder.caption(caption, ("sans-serif", 27, &MUTED));
    }
    let (xs, ys) = (decimals(&x), decimals(&y));
    let mut chart =
        builder.x_label_area_size(92).y_label_area_size(128).build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(MUTED.stroke_width(1))
        .x_desc(names[0])
        .y_desc(names[1])
        .x_labels(7)
        .y_labels(8)
        .x_label_formatter(&|v| format!("{v:.xs$}"))
        .y_label_formatter(&|v| format!("{v:.ys$}"))
        .label_style(("sans-serif", 26, &MUTED))
        .axis_desc_style(("sans-serif", 29, &INK))
        .draw()?;
    Ok(chart)
}

/// Digits after the point that tell about eight ticks apart.
fn decimals(range: &Range<f64>) -> usize {
    let step = (range.end - range.start).abs() / 8.0;
    if step > 0.0 && step.is_finite() { (-step.log10()).ceil().clamp(0.0, 9.0) as usize } else { 0 }
}

/// `name, unit`, or the name of what has no unit.
pub fn with_unit(name: &str, unit: &str) -> String {
    if unit.is_empty() { name.to_owned() } else { format!("{name}, {unit}") }
}

/// A number with thousands apart.
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits.
pub fn short(v: f64) -> String {
    match v.abs() {
        a if !(1e-4..1e6).contains(&a) && a != 0.0 => format!("{v:.1e}"),
        0.0 => "0".into(),
        a => format!("{v:.*}", (2.0 - a.log10().floor()).clamp(0.0, 6.0) as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        let texts = [0.0, 0.2345, 12.345, 1234.5, 2e-9].map(short);
        assert_eq!(texts, ["0", "0.234", "12.3", "1234", "2.0e-9"]);
        assert_eq!([0.0..8.0, 0.0..1.0, 90.0..94.0].map(|r| decimals(&r)), [0, 1, 1]);
        assert_eq!(decimals(&(1.0..1.0)), 0);
    }
}
