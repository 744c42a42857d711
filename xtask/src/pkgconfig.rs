//! `nneval.pc`.

use crate::artifacts::{SYSTEM_LIBRARIES, VERSION};
use std::path::Path;

/// The content of the file, which lies in `pkgconfig` in `libdir`.
pub fn file(libdir: &Path) -> String {
    let up = "../".repeat(libdir.components().count());
    let private = SYSTEM_LIBRARIES.map(|l| format!("-l{l}")).join(" ");
    format!(
        "prefix=${{pcfiledir}}/{up}..
libdir=${{prefix}}/{libdir}
includedir=${{prefix}}/include
modelsdir=${{prefix}}/share/nneval/models

Name: nneval
Description: Predicted metrics of neural networks from their ONNX graphs
Version: {VERSION}
Cflags: -I${{includedir}}
Libs: -L${{libdir}} -lnneval
Libs.private: {private}
",
        libdir = libdir.display()
    )
}
