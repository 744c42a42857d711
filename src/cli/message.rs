//! Messages of failures: the text of an error, and what may help in the words of this program.

use nneval::runtime::{Hint, PINNED_GPU_VERSION, Provider};
use std::error::Error as StdError;

/// The message of a failure: contexts, the text of the first library error, and what may help.
pub fn of(failure: &anyhow::Error) -> String {
    let mut text = String::new();
    let mut remedy = None;
    for cause in failure.chain() {
        let own = cause.to_string();
        if own.starts_with(&format!("{text}: ")) {
            text = own;
        } else if !text.contains(&own) {
            let separator = if text.is_empty() { "" } else { ": " };
            text.extend([separator, &own]);
        }
        remedy = remedy.or_else(|| remedy_of(cause));
        if is_whole(cause) {
            break;
        }
    }
    match remedy {
        Some(remedy) => format!("{text}; {remedy}"),
        None => text,
    }
}

/// Whether the text of an error has that of its sources in it.
fn is_whole(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<nneval::Error>()
        || cause.is::<nneval::files::Error>()
        || cause.is::<nneval::graph::Error>()
        || cause.is::<nneval::tables::Error>()
        || cause.is::<nneval::spaces::Error>()
        || cause.is::<nneval::runtime::Error>()
        || cause.is::<nneval::evaluator::Error>()
        || cause.is::<nneval::measure::Error>()
        || cause.is::<nneval::regression::Error>()
        || cause.is::<nneval::training::Error>()
        || cause.is::<nneval::search::Error>()
        || cause.is::<nneval::report::Error>()
}

/// What may help, in the words of this program.
fn remedy_of(cause: &(dyn StdError + 'static)) -> Option<String> {
    let interrupted = match cause.downcast_ref::<nneval::measure::Error>() {
        Some(nneval::measure::Error::Interrupted { .. }) => {
            Some("go on with --resume, or remove it".to_owned())
        }
        _ => None,
    };
    interrupted.or_else(|| hint(cause).map(words))
}

fn hint(cause: &(dyn StdError + 'static)) -> Option<Hint> {
    let of_all = cause.downcast_ref::<nneval::Error>().and_then(nneval::Error::hint);
    let of_evaluator = || cause.downcast_ref::<nneval::evaluator::Error>()?.hint();
    let of_runtime = || cause.downcast_ref::<nneval::runtime::Error>()?.hint();
    let of_measure = || cause.downcast_ref::<nneval::measure::Error>()?.hint();
    let of_training = || cause.downcast_ref::<nneval::training::Error>()?.runtime_hint();
    let of_search = || cause.downcast_ref::<nneval::search::Error>()?.hint();
    let upper = || of_measure().or_else(of_training).or_else(of_search);
    of_all.or_else(of_evaluator).or_else(of_runtime).or_else(upper)
}

/// What may help, as options and commands of this program.
pub fn words(hint: Hint) -> String {
    match hint {
        Hint::NameLibrary => "name one with --onnxruntime".to_owned(),
        Hint::InstallGpuLibrary(provider) => gpu(provider),
        _ => "give --onnxruntime PATH or set ORT_DYLIB_PATH to an ONNX Runtime shared library \
              (1.17 or later), or install python3 with pip and run `nneval runtime --install` \
              with network access"
            .to_owned(),
    }
}

/// What a machine needs for a GPU provider.
fn gpu(provider: Provider) -> String {
    let tensorrt = if provider == Provider::TensorRt { ", TensorRT 10" } else { "" };
    format!(
        "--provider {provider} needs ONNX Runtime's GPU library (`nneval runtime --install --gpu` \
         fetches {PINNED_GPU_VERSION} for Linux on x86-64), an NVIDIA GPU with its driver, and \
         CUDA 13, cuDNN 9{tensorrt} where the system's loader finds them (LD_LIBRARY_PATH)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;
    use nneval::runtime::Error;
    use std::sync::Arc;

    #[test]
    fn a_provider_that_fails_is_told_with_what_it_needs_and_once() {
        let cause = std::io::Error::other("raw words of the library");
        let error = Error::Provider {
            provider: Provider::Cuda,
            model: None,
            reason: "no device".to_owned(),
            hint: Some(Hint::InstallGpuLibrary(Provider::Cuda)),
            cause: Some(Arc::new(cause)),
        };
        let message = of(&Err::<(), _>(error).context("--evaluator a").unwrap_err());
        let start = "--evaluator a: ONNX Runtime: provider cuda: no device; --provider cuda needs";
        assert!(message.starts_with(start), "{message}");
        assert!(!message.contains("raw words"), "{message}");
    }

    #[test]
    fn only_tensorrt_needs_tensorrt() {
        let [tensorrt, cuda] =
            [Provider::TensorRt, Provider::Cuda].map(|p| words(Hint::InstallGpuLibrary(p)));
        assert!(tensorrt.contains("TensorRT 10") && !cuda.contains("TensorRT"), "{cuda}");
        assert!(cuda.contains("nneval runtime --install --gpu") && cuda.contains("cuDNN 9"));
    }

    #[test]
    fn a_text_that_is_there_already_is_not_said_again() {
        let io = std::io::Error::other("denied");
        let failure = anyhow::Error::from(nneval::Error::io("a.json", io)).context("writing");
        assert_eq!(of(&failure), "writing: a.json: denied");
    }
}
