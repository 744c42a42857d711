//! `nneval runtime`.

use super::runtime_args::RuntimeArgs;
use anyhow::Context;
use nneval::runtime::{self, LibraryOrigin, Located, Provider, ProviderSelection, Runtime};
use std::io::Write;
use std::process::ExitCode;

/// Show or install ONNX Runtime
///
/// Prints which library is used, how it was found, its version and the
/// execution providers it was built with, after a trial of the chosen
/// provider on a model of one node. Nothing is downloaded without --install.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    runtime: RuntimeArgs,

    /// Fetch the pinned ONNX Runtime into nneval's cache, unless it is there
    #[arg(long, conflicts_with = "onnxruntime")]
    install: bool,

    /// Fetch the library with GPU providers (CUDA, TensorRT; 250 MB), which then
    /// serves --provider cuda, tensorrt and auto; and try what works
    #[arg(long, requires = "install")]
    gpu: bool,

    /// Fetch it even if it is there
    #[arg(long, requires = "install")]
    force: bool,

    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Table,
    Json,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut choice = args.runtime.provider;
    if args.gpu && choice == ProviderSelection::default() {
        choice = ProviderSelection::Auto;
    }
    let located = match args.install {
        true => install(&args)?,
        false => found(&args.runtime)?,
    };
    let runtime = Runtime::load(&located)?;
    let session = args.runtime.session_options(choice, &runtime)?;
    runtime.check(&session)?;
    let report = Report::new(&located, &runtime, session.provider);
    let text = match args.format {
        Format::Table => report.table(),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&report)?),
    };
    std::io::stdout().write_all(text.as_bytes()).context("standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn found(args: &RuntimeArgs) -> anyhow::Result<Located> {
    runtime::locate_for(args.onnxruntime.as_deref(), args.provider.wants_gpu())?.context(
        "no ONNX Runtime found: run `nneval runtime --install`, give --onnxruntime PATH, \
         or set ORT_DYLIB_PATH",
    )
}

fn install(args: &Args) -> anyhow::Result<Located> {
    let installing = super::verbosity::spinner("installing ONNX Runtime");
    let located = match args.gpu {
        true => runtime::install_gpu(args.force)?,
        false => runtime::install(args.force)?,
    };
    installing.finish_and_clear();
    let state = match located.source {
        LibraryOrigin::Installed => "Installed",
        _ => "Already installed:",
    };
    super::console::note(format_args!("{state} {}", located.path.display()));
    if let Some(other) = std::env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty()) {
        super::console::note(format_args!(
            "Note: ORT_DYLIB_PATH is set and goes first: {}",
            other.display()
        ));
    }
    Ok(located)
}

#[derive(Debug, serde::Serialize)]
struct Report {
    library: String,
    source: &'static str,
    version: String,
    providers: Vec<String>,
    /// The provider that was tried, and works.
    provider: &'static str,
}

impl Report {
    fn new(located: &Located, runtime: &Runtime, provider: Provider) -> Self {
        Self {
            library: runtime.library().display().to_string(),
            source: located.source.name(),
            version: runtime.version(),
            providers: runtime.available_providers(),
            provider: provider.name(),
        }
    }

    fn table(&self) -> String {
        let found = match self.source {
            "explicit" => "named by --onnxruntime",
            "environment" => "named by ORT_DYLIB_PATH",
            "installed" => "just installed into nneval's cache",
            _ => "in nneval's cache",
        };
        let rows = [
            ("library", self.library.as_str()),
            ("found", found),
            ("version", &self.version),
            ("providers", &self.providers.join(", ")),
            ("works with", self.provider),
        ];
        rows.iter().map(|(name, value)| format!("{name:<10}  {value}\n")).collect()
    }
}
