//! Picture of a search: candidates and their Pareto front, or the best so far.

use crate::error::{Error, Result};
use nneval_files::write_atomic;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (900, 600);
/// Candidates that are drawn, at most.
const MOST: usize = 3000;

/// What is drawn. Points that are not finite are left out.
///
/// ```
/// use nneval_report::{FrontPicture, front_picture};
/// # let folder = tempfile::tempdir().unwrap();
/// # let svg = folder.path().join("front.svg");
/// let picture = FrontPicture {
///     axes: ["latency, ms".into(), "accuracy, %".into()],
///     candidates: vec![[1.0, 80.0], [2.0, 90.0], [3.0, 85.0]],
///     front: vec![[1.0, 80.0], [2.0, 90.0]],
///     label: "in the front".into(),
/// };
/// front_picture(&picture, &svg)?;
/// # assert!(std::fs::read_to_string(svg).unwrap().contains("latency, ms"));
/// # Ok::<(), nneval_report::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct FrontPicture {
    /// Name and unit of each axis.
    pub axes: [String; 2],
    /// All candidates.
    pub candidates: Vec<[f64; 2]>,
    /// The chosen ones, in the order of the line through them.
    pub front: Vec<[f64; 2]>,
    /// What the chosen ones are.
    pub label: String,
}

/// Draws candidates in grey (3,000 at most, evenly chosen) and the front as a
/// line with points, as an SVG at `svg`, which is replaced whole or not at all.
///
/// # Errors
/// [`Error::Io`] naming the file, or [`Error::Search`] where it cannot be drawn.
pub fn front_picture(picture: &FrontPicture, svg: &Path) -> Result<()> {
    let text = draw(picture)
        .map_err(|e| Error::Search(format!("{}: cannot be drawn: {e}", svg.display())))?;
    write_atomic(svg, text.as_bytes())
}

fn draw(p: &FrontPicture) -> Result<String, Box<dyn std::error::Error>> {
    let finite = |q: &&[f64; 2]| q.iter().all(|v| v.is_finite());
    let step = p.candidates.len().div_ceil(MOST).max(1);
    let few: Vec<[f64; 2]> = p.candidates.iter().step_by(step).filter(finite).copied().collect();
    let front: Vec<(f64, f64)> = p.front.iter().filter(finite).map(|q| (q[0], q[1])).collect();
    let all = || few.iter().map(|q| (q[0], q[1])).chain(front.iter().copied());
    let x = super::curves::range(all().map(|q| q.0), 0.03);
    let y = super::curves::range(all().map(|q| q.1), 0.03);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let title = format!("{} candidates, {} {}", p.candidates.len(), p.front.len(), p.label);
        let mut chart = ChartBuilder::on(&root)
            .margin(14)
            .caption(title, ("sans-serif", 18))
            .x_label_area_size(42)
            .y_label_area_size(72)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc(p.axes[0].as_str())
            .y_desc(p.axes[1].as_str())
            .label_style(("sans-serif", 13))
            .draw()?;
        let grey = RGBColor(150, 150, 150).mix(0.5).filled();
        chart.draw_series(few.iter().map(|q| Circle::new((q[0], q[1]), 2, grey)))?;
        let blue = RGBColor(20, 80, 180);
        chart.draw_series(LineSeries::new(front.iter().copied(), blue.stroke_width(2)))?;
        chart.draw_series(front.iter().map(|q| Circle::new(*q, 4, blue.filled())))?;
        root.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_and_front_are_drawn() {
        let mut p = FrontPicture {
            axes: ["latency, ms".into(), "accuracy, %".into()],
            candidates: vec![[1.0, 2.0], [3.0, 4.0], [f64::NAN, 1.0]],
            front: vec![[1.0, 2.0], [3.0, 4.0]],
            label: "on the front".into(),
        };
        let svg = draw(&p).unwrap();
        for text in ["latency, ms", "accuracy, %", "3 candidates, 2 on the front"] {
            assert!(svg.contains(text), "{text}");
        }
        assert_eq!(svg.matches("<circle").count(), 4);
        p.candidates = vec![[1.0, 1.0]; 10_000];
        assert!(draw(&p).unwrap().matches("<circle").count() <= MOST + 2);
        draw(&FrontPicture::default()).unwrap();
    }
}
