//! Trainings, and what they leave.

mod adapt;
mod distill;
mod resume;
mod train;
mod views;
