//! The program, as a user calls it.

mod bad_input;
mod bayesian;
mod docs;
mod evaluate;
mod evaluate_imagenet;
mod evaluate_known;
mod general;
mod inspect;
mod measure;
mod names;
mod outputs;
mod page;
mod pipes;
mod plots;
mod report;
mod runtime;
mod score;
mod search;
mod space;
mod spaces;
mod string;
mod trust;
