//! Puts the pinned ONNX Runtime into nneval's cache folder.
//!
//! All work happens in a temporary folder inside the cache. Files move to their
//! place by renaming, the library last: a library in place is complete, and
//! processes that install at the same time replace each other's equal files.

use crate::cache::cache_dir;
use crate::error::{Error, Hint, Result, one_line};
use crate::locate::{LibraryOrigin, Located};
use crate::pip;
use crate::wheel::Wheel;
use nneval_files::{TemporaryFolder, remove_leftovers};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// First characters of the name of a folder that an installation works in.
const TEMPORARY: &str = ".nneval-";

/// Installs ONNX Runtime [`PINNED_VERSION`](crate::PINNED_VERSION) into [`cache_dir`], by way of
/// `python3 -m pip download`. A library that is already there is kept
/// ([`LibraryOrigin::Cache`]) unless `force`; else the result is [`LibraryOrigin::Installed`].
///
/// # Errors
/// [`Error::Install`] where there is no wheel for this platform, no cache
/// folder, no pip, no network, or where the wheel's SHA-256 is not the pinned
/// one; [`Error::Io`] where the cache cannot be written. The cache then holds
/// what it held before.
pub fn install(force: bool) -> Result<Located> {
    let wheel = Wheel::host().ok_or_else(|| {
        let reason = format!("no wheel is published for {}", platform());
        Error::Install { reason, hint: Some(Hint::NameOrInstallLibrary) }
    })?;
    install_wheel(&wheel, force)
}

/// As [`install`] for the library with the CUDA and TensorRT providers, of version
/// [`PINNED_GPU_VERSION`](crate::PINNED_GPU_VERSION), which the cache keeps beside
/// the other: about 250 MB are fetched.
///
/// # Errors
/// As [`install`].
pub fn install_gpu(force: bool) -> Result<Located> {
    let wheel = Wheel::host_gpu().ok_or_else(|| {
        let reason = format!("nneval has no library with GPU providers for {}", platform());
        Error::Install { reason, hint: Some(Hint::NameLibrary) }
    })?;
    install_wheel(&wheel, force)
}

fn failed(reason: String) -> Error {
    Error::Install { reason, hint: None }
}

fn platform() -> String {
    format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)
}

fn install_wheel(wheel: &Wheel, force: bool) -> Result<Located> {
    let cache = cache_dir().ok_or_else(|| {
        failed("no home folder to keep the library in; set NNEVAL_CACHE".to_owned())
    })?;
    install_into(&cache, wheel, force, pip::download)
}

/// [`install`] with the cache, the wheel and the way to fetch it given.
fn install_into(
    cache: &Path,
    wheel: &Wheel,
    force: bool,
    fetch: impl FnOnce(&Wheel, &Path) -> Result<PathBuf>,
) -> Result<Located> {
    let library = wheel.library_in(cache);
    remove_leftovers(cache, TEMPORARY);
    if !force && library.is_file() {
        return Ok(Located { path: library, source: LibraryOrigin::Cache });
    }
    std::fs::create_dir_all(cache).map_err(|e| Error::io(cache, e))?;
    let work = TemporaryFolder::new(cache, TEMPORARY).map_err(|e| Error::io(cache, e))?;
    let fetched = fetch(wheel, work.path())?;
    let verified = verify(&fetched, wheel)?;
    unpack(verified, wheel, work.path())?;
    publish(wheel, work.path(), &wheel.folder_in(cache))?;
    Ok(Located { path: library, source: LibraryOrigin::Installed })
}

/// Opens the wheel and checks its SHA-256; the same open file is unpacked.
fn verify(path: &Path, wheel: &Wheel) -> Result<File> {
    let (version, expected) = (wheel.version, wheel.sha256);
    let mut file = File::open(path).map_err(|e| Error::io(path, e))?;
    let actual = sha256(&mut file).map_err(|e| Error::io(path, e))?;
    if actual != expected {
        let name = path.file_name().unwrap_or(path.as_os_str()).display();
        return Err(failed(format!(
            "the downloaded {name} is not the published wheel of version {version}: \
             SHA-256 {actual}, expected {expected}; nothing was installed"
        )));
    }
    file.rewind().map_err(|e| Error::io(path, e))?;
    Ok(file)
}

/// SHA-256 of all that `reader` gives, in lower-case hexadecimal.
fn sha256(reader: &mut impl Read) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            n => hasher.update(buffer.get(..n).unwrap_or_default()),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Extracts the library and its companions, and nothing else, into `folder`.
fn unpack(wheel_file: File, wheel: &Wheel, folder: &Path) -> Result<()> {
    let unreadable = |name: &str, e: &dyn std::fmt::Display| {
        failed(format!("wheel {}: {name}: {}", wheel.platform, one_line(&e.to_string())))
    };
    let mut archive = ZipArchive::new(wheel_file).map_err(|e| unreadable("archive", &e))?;
    for name in files(wheel) {
        let member = format!("{}/{name}", Wheel::FOLDER);
        let mut source = archive.by_name(&member).map_err(|e| unreadable(name, &e))?;
        let target = folder.join(name);
        let mut out = File::create(&target).map_err(|e| Error::io(&target, e))?;
        std::io::copy(&mut source, &mut out).map_err(|e| unreadable(name, &e))?;
        out.sync_all().map_err(|e| Error::io(&target, e))?;
    }
    Ok(())
}

fn publish(wheel: &Wheel, from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).map_err(|e| Error::io(to, e))?;
    for name in files(wheel) {
        let target = to.join(name);
        std::fs::rename(from.join(name), &target).map_err(|e| Error::io(&target, e))?;
    }
    Ok(())
}

/// What is taken from the wheel, the library last.
fn files(wheel: &Wheel) -> impl Iterator<Item = &'static str> {
    wheel.companions.iter().copied().chain(std::iter::once(wheel.library))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn archive(members: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in members {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn wheel_of(bytes: &[u8]) -> Wheel {
        let sha256 = sha256(&mut &bytes[..]).unwrap();
        Wheel {
            package: "test",
            version: "1",
            platform: "test",
            sha256: sha256.leak(),
            library: "libmain",
            companions: &["libside"],
        }
    }

    fn fetch(bytes: &[u8]) -> impl FnOnce(&Wheel, &Path) -> Result<PathBuf> {
        move |_, folder| {
            let path = folder.join("a.whl");
            std::fs::write(&path, bytes).unwrap();
            Ok(path)
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn good() -> Vec<u8> {
        archive(&[
            ("onnxruntime/capi/libmain", "main"),
            ("onnxruntime/capi/libside", "side"),
            ("onnxruntime/other.py", "no"),
        ])
    }

    #[test]
    fn takes_only_the_libraries_and_is_idempotent() {
        let (bytes, cache) = (good(), tempfile::tempdir().unwrap());
        let wheel = wheel_of(&bytes);
        let first = install_into(cache.path(), &wheel, false, fetch(&bytes)).unwrap();
        assert_eq!(first.source, LibraryOrigin::Installed);
        assert_eq!(std::fs::read(&first.path).unwrap(), b"main");
        assert_eq!(names(&wheel.folder_in(cache.path())), ["libmain", "libside"]);
        assert_eq!(names(cache.path()).len(), 1, "no temporary folder is left");
        let second =
            install_into(cache.path(), &wheel, false, |_, _| panic!("fetched again")).unwrap();
        assert_eq!(second, Located { path: first.path.clone(), source: LibraryOrigin::Cache });
        std::fs::write(&first.path, "damaged").unwrap();
        install_into(cache.path(), &wheel, true, fetch(&bytes)).unwrap();
        assert_eq!(std::fs::read(&first.path).unwrap(), b"main");
    }

    #[test]
    fn installers_at_the_same_time_all_succeed() {
        let (bytes, cache) = (good(), tempfile::tempdir().unwrap());
        let wheel = wheel_of(&bytes);
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            let run = || {
                install_into(cache.path(), &wheel, false, |wheel, folder| {
                    start.wait();
                    fetch(&bytes)(wheel, folder)
                })
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
            assert!(threads.into_iter().all(|t| t.join().unwrap().is_ok()));
        });
        assert_eq!(std::fs::read(wheel.library_in(cache.path())).unwrap(), b"main");
        assert_eq!(names(cache.path()).len(), 1);
    }

    #[test]
    fn a_wrong_or_incomplete_wheel_leaves_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let wheel = wheel_of(&good());
        let altered = install_into(cache.path(), &wheel, false, fetch(b"altered")).unwrap_err();
        assert!(altered.to_string().contains("SHA-256"), "{altered}");
        let lacking = archive(&[("onnxruntime/capi/libside", "side")]);
        let lacking_wheel = wheel_of(&lacking);
        let error = install_into(cache.path(), &lacking_wheel, false, fetch(&lacking)).unwrap_err();
        assert!(error.to_string().contains("libmain"), "{error}");
        assert!(names(cache.path()).is_empty());
    }
}
