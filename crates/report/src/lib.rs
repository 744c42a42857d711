//! Results for people: pictures as SVG and PNG, and a page.

mod calibration;
mod curves;
mod drawing;
pub mod error;
mod front;
mod hexbin;
mod layout;
mod page;
mod raster;
mod residuals;
mod scatter;
mod scores;
mod style;

pub use calibration::calibration;
pub use curves::{learning_curves, learning_curves_svg};
pub use drawing::{Drawing, DrawnBlock, DrawnNode};
pub use error::{Error, Result};
pub use front::{FrontPicture, front_picture};
pub use layout::layout;
pub use page::{
    Page, PageColumn, PageCurves, PageMetric, PageScores, PageSearch, PageTau, rounded,
};
pub use raster::{png, write_picture};
pub use residuals::residuals;
pub use scatter::scatter;
pub use scores::{MetricScores, ScoredPoint};
