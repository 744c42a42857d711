//! Pictures of results.

mod curves;
mod front;

pub use curves::learning_curves;
pub use front::{FrontPicture, front_picture};
