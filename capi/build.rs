//! How the shared library is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // The name that programs record, with the version of the ABI.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libnneval.so.0");
        // ONNX Runtime stays in the process that loaded it, and the handle to it
        // is kept here; `dlclose` must leave this library where that finds it.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
