//! Reports: SVG and PNG pictures of scores, and an HTML page.

mod calibration;
mod curves;
mod drawing;
pub mod error;
mod front;
mod hexbin;
mod layout;
mod metric_pictures;
mod page;
mod picture;
mod place;
#[cfg(feature = "png")]
mod png;
mod residuals;
mod scatter;
mod scores;
mod style;

pub use calibration::calibration;
pub use curves::{learning_curves, learning_curves_svg};
pub use drawing::{Drawing, DrawnBlock, DrawnNode};
pub use error::{Error, ErrorKind, Result};
pub use front::{FrontPicture, front_picture};
pub use layout::layout;
pub use metric_pictures::{NotDrawn, metric_pictures};
pub use page::{
    ComparedMetric, Comparison, Page, PageBlock, PageColumn, PageCurves, PageMetric, PageModel,
    PagePrediction, PageScores, PageSearch, PageTau, evaluator_facts, rounded,
};
pub use picture::write_picture;
#[cfg(feature = "png")]
pub use png::png;
pub use residuals::residuals;
pub use scatter::scatter;
pub use scores::{MetricScores, ScoredPoint};
