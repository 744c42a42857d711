//! The pinned releases of ONNX Runtime, without and with GPU providers: for each
//! platform the one wheel that carries the shared library, with its SHA-256.

use std::path::{Path, PathBuf};

macro_rules! version {
    () => {
        "1.32.0"
    };
}

macro_rules! gpu_version {
    () => {
        "1.31.1"
    };
}

/// The release of ONNX Runtime that [`install`](super::install()) fetches.
pub const PINNED_VERSION: &str = version!();

/// The release of ONNX Runtime with GPU providers that
/// [`install_gpu`](super::install_gpu) fetches: for CUDA 13, cuDNN 9, TensorRT 10.
pub const PINNED_GPU_VERSION: &str = gpu_version!();

/// A published wheel and what is taken from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wheel {
    /// Name of the package.
    pub package: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Platform tag of the wheel, as pip takes it.
    pub platform: &'static str,
    /// SHA-256 of the wheel file, lower-case hexadecimal.
    pub sha256: &'static str,
    /// File name of the shared library, in the wheel and in the cache.
    pub library: &'static str,
    /// Files beside the library that it loads by name.
    pub companions: &'static [&'static str],
}

const LINUX_X86_64: Wheel = Wheel {
    package: "onnxruntime",
    version: PINNED_VERSION,
    platform: "manylinux_2_28_x86_64",
    sha256: "99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8",
    library: concat!("libonnxruntime.so.", version!()),
    companions: &["libonnxruntime_providers_shared.so"],
};

const LINUX_AARCH64: Wheel = Wheel {
    package: "onnxruntime",
    version: PINNED_VERSION,
    platform: "manylinux_2_28_aarch64",
    sha256: "e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054",
    library: concat!("libonnxruntime.so.", version!()),
    companions: &["libonnxruntime_providers_shared.so"],
};

const MACOS_ARM64: Wheel = Wheel {
    package: "onnxruntime",
    version: PINNED_VERSION,
    platform: "macosx_14_0_arm64",
    sha256: "d52510bbbcc880c13b826f7d75cdf33ac5cf0bb864d960000fc29ce73f0cb83e",
    library: concat!("libonnxruntime.", version!(), ".dylib"),
    companions: &[],
};

const WINDOWS_X86_64: Wheel = Wheel {
    package: "onnxruntime",
    version: PINNED_VERSION,
    platform: "win_amd64",
    sha256: "efe7456952c243a05a53d5b8732953625144642c2f3989094277f6217f0c0c40",
    library: "onnxruntime.dll",
    companions: &["onnxruntime_providers_shared.dll"],
};

const LINUX_X86_64_GPU: Wheel = Wheel {
    package: "onnxruntime-gpu",
    version: PINNED_GPU_VERSION,
    platform: "manylinux_2_28_x86_64",
    sha256: "05d548956197b9d01f59b625de740e0d6be3593f874e241a12dc0362650ecdf7",
    library: concat!("libonnxruntime.so.", gpu_version!()),
    companions: &[
        "libonnxruntime_providers_shared.so",
        "libonnxruntime_providers_cuda.so",
        "libonnxruntime_providers_tensorrt.so",
    ],
};

impl Wheel {
    /// Python version of the wheel; the shared library does not depend on it.
    pub const PYTHON_VERSION: &str = "3.12";
    /// Python implementation of the wheel.
    pub const IMPLEMENTATION: &str = "cp";
    /// Python ABI tag of the wheel.
    pub const ABI: &str = "cp312";
    /// Folder of the shared libraries inside the wheel.
    pub const FOLDER: &str = "onnxruntime/capi";

    /// The wheel for the platform this program was built for, where one is
    /// published. Linux wheels need glibc.
    pub fn host() -> Option<Self> {
        if cfg!(target_env = "musl") {
            return None;
        }
        match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => Some(LINUX_X86_64),
            ("linux", "aarch64") => Some(LINUX_AARCH64),
            ("macos", "aarch64") => Some(MACOS_ARM64),
            ("windows", "x86_64") => Some(WINDOWS_X86_64),
            _ => None,
        }
    }

    /// As [`host`](Self::host) for the library with GPU providers.
    pub fn host_gpu() -> Option<Self> {
        let linux = cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"));
        linux.then_some(LINUX_X86_64_GPU)
    }

    /// The folder of the unpacked wheel below the cache folder.
    pub fn folder_in(&self, cache: &Path) -> PathBuf {
        cache.join(format!("{}-{}", self.package, self.version))
    }

    /// The shared library below the cache folder.
    pub fn library_in(&self, cache: &Path) -> PathBuf {
        self.folder_in(cache).join(self.library)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_well_formed_and_distinct() {
        let wheels = [LINUX_X86_64, LINUX_AARCH64, MACOS_ARM64, WINDOWS_X86_64, LINUX_X86_64_GPU];
        for (i, a) in wheels.iter().enumerate() {
            assert_eq!(a.sha256.len(), 64);
            assert!(a.sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
            assert!(wheels.iter().skip(i + 1).all(|b| a.sha256 != b.sha256));
        }
    }
}
