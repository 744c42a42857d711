//! ONNX Runtime's telemetry, which is off before its library is loaded.
//!
//! A release from 1.32 on queues its first event while it is initialised. It looks
//! for [`NO_TELEMETRY`] in the environment, and for nothing else. Changing the
//! environment beside threads that read it is a data race in most C libraries.
//! Hence it is changed when this library is loaded, if the process has one thread
//! then, as before `main` of a program that is linked to it. Where that was not so,
//! the first load of an evaluator changes it. The header's convention has the
//! caller see to it that no other thread uses the environment then.

use nneval_runtime::NO_TELEMETRY;

/// Sets the variable, unless the process has it.
///
/// # Safety
/// No other thread reads or changes the environment.
unsafe fn set() {
    if std::env::var_os(NO_TELEMETRY).is_none() {
        // SAFETY: as the caller promises.
        unsafe { std::env::set_var(NO_TELEMETRY, "1") }
    }
}

/// Keeps ONNX Runtime from recording anything. Part of the first load of an
/// evaluator.
///
/// # Safety
/// The header's convention for that call.
pub(crate) unsafe fn forbid_telemetry() {
    // SAFETY: as the caller promises.
    unsafe { set() }
}

/// Run by the system's loader, before `main` where a program is linked to this
/// library.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".init_array")]
static AT_LOAD: extern "C" fn() = {
    extern "C" fn at_load() {
        if std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1) {
            // SAFETY: there is no other thread.
            unsafe { set() }
        }
    }
    at_load
};
