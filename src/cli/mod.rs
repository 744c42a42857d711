//! Command line: one file per command. Exit status: 0 all went well, 1 a
//! failure that is explained on stderr, 2 wrong usage. Output whose reader has
//! gone ends the program quietly, with 0.

mod adapt;
mod amounts;
mod bars;
mod bind_args;
mod calibrate;
mod completions;
pub mod console;
#[cfg(test)]
mod docs;
mod evaluate;
mod evaluate_list;
mod evaluate_output;
mod evaluate_page;
mod evaluate_rows;
mod evaluator_args;
mod evaluators;
mod facts;
mod inspect;
mod inspect_diff;
mod inspect_report;
mod inspect_table;
mod limits_args;
mod man;
mod measure;
mod measure_list;
mod measure_view;
pub mod message;
mod paths;
mod predictor;
mod pretrain;
mod report;
mod report_folder;
mod report_model;
mod roofline;
mod run_folder;
mod runtime;
mod runtime_args;
mod score;
mod score_plots;
mod scoring;
mod search;
mod search_args;
mod search_output;
mod search_talk;
mod shipped;
mod signals;
mod source_args;
mod space;
mod space_general;
mod string;
mod table_args;
mod tokenizer;
mod train;
mod training_view;
mod verbosity;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Exit status, as `--help` says it.
const STATUS: &str = "\
Exit status: 0 all well (also where the reader of the output has gone); 1 a failure, explained in \
one line on stderr, or some of several files failed; 2 wrong usage.
Environment: NO_COLOR no colours; NNEVAL_MODELS folder of evaluators; NNEVAL_CACHE cache folder; \
ORT_DYLIB_PATH the ONNX Runtime library.";

/// Evaluate neural networks without running or training them.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true, after_help = STATUS)]
pub struct Cli {
    #[command(flatten)]
    verbosity: verbosity::Verbosity,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Evaluate(evaluate::Args),
    Evaluators(evaluators::Args),
    String(string::Args),
    Inspect(inspect::Args),
    Space(space::Args),
    Train(Box<train::Args>),
    Pretrain(pretrain::Args),
    Score(score::Args),
    Report(Box<report::Args>),
    Calibrate(calibrate::Args),
    Measure(Box<measure::Args>),
    #[command(hide = true)]
    MeasureChild(measure::ChildArgs),
    Search(Box<search::Args>),
    Adapt(Box<adapt::Args>),
    Runtime(runtime::Args),
    Tokenizer(tokenizer::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the chosen command.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    cli.verbosity.apply();
    if !matches!(cli.command, Command::MeasureChild(_)) {
        signals::remove_temporaries_first();
    }
    let start = std::time::Instant::now();
    let code = dispatch(cli);
    console::detail(format_args!("{:.2} s", start.elapsed().as_secs_f64()));
    code
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Evaluate(a) => evaluate::run(a),
        Command::Evaluators(a) => evaluators::run(a),
        Command::String(a) => string::run(a),
        Command::Inspect(a) => inspect::run(a),
        Command::Space(a) => space::run(a),
        Command::Train(a) => train::run(*a),
        Command::Pretrain(a) => pretrain::run(a),
        Command::Score(a) => score::run(a),
        Command::Report(a) => report::run(*a),
        Command::Calibrate(a) => calibrate::run(a),
        Command::Measure(a) => measure::run(*a),
        Command::MeasureChild(a) => measure::run_child(a),
        Command::Adapt(a) => adapt::run(*a),
        Command::Runtime(a) => runtime::run(a),
        Command::Tokenizer(a) => tokenizer::run(a),
        Command::Search(a) => search::run(*a),
        Command::Completions(a) => completions::run(&a),
        Command::Man(a) => man::run(&a),
    }
}
