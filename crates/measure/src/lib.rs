//! Latency and memory of models on this machine.
//!
//! Each model is opened by a process of its own ([`serve`]), so that one that
//! crashes, hangs or runs out of memory costs its own row only. A few such
//! processes stand open at once and are measured in turns, round after round,
//! with a control model in between, whose drift is taken out ([`drift`]). What
//! is measured goes to an append-only log ([`log`]) and from there, in the end,
//! to a table ([`table`]).
//!
//! ```no_run
//! use nneval_measure::{Launcher, Log, Machine, Schedule, Settings, Table, Target};
//! # fn main() -> nneval_measure::Result<()> {
//! let settings = Settings::default();
//! let library = std::path::Path::new("libonnxruntime.so");
//! // A program that calls `nneval_measure::serve()` when started so.
//! let launcher = Launcher { program: "measuring".into(), arguments: vec![] };
//! let machine = Machine::this("1.32.0");
//! let mut log = Log::create("measured.csv.partial".as_ref(), &settings, &machine)?;
//! let targets = [Target::file("a.onnx", "models/a.onnx")];
//! let times = Schedule::new(&settings, &launcher, library).run(&targets, &mut log, &mut |_| ())?;
//! Table::of_log(&log, &settings).write("measured.csv".as_ref())?;
//! println!("{:.1} s in models", times.models());
//! # Ok(())
//! # }
//! ```

mod child;
mod control;
pub mod drift;
pub mod error;
pub mod log;
mod machine;
mod memory;
mod process;
pub mod protocol;
mod reply;
mod schedule;
mod serve;
mod settings;
pub mod table;
mod target;
pub mod timing;
mod values;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod watch;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "watch_unsupported.rs"]
mod watch;

pub use control::Control;
pub use error::{Error, ErrorKind, Result};
pub use log::{Log, Record};
pub use machine::{Machine, available_memory, load_average, processor};
pub use process::Launcher;
pub use schedule::{Event, Schedule, Times};
pub use serve::serve;
pub use settings::Settings;
pub use table::Table;
pub use target::{CARRIED, Origin, Target};
