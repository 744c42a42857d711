//! The files that `find_package(nneval)` reads.

use crate::artifacts::{ABI, SYSTEM_LIBRARIES, VERSION};
use std::path::Path;

/// Names and contents; they lie in `cmake/nneval` in `libdir`.
pub fn files(libdir: &Path) -> [(&'static str, String); 2] {
    [("nneval-config.cmake", config(libdir)), ("nneval-config-version.cmake", version())]
}

fn config(libdir: &Path) -> String {
    let up = "/..".repeat(libdir.components().count() + 2);
    let libdir = libdir.display();
    let system = SYSTEM_LIBRARIES.join(";");
    format!(
        "# nneval::nneval, the shared library; nneval::static, the static one.
# nneval_MODELS_DIR holds the evaluators that come with nneval.
get_filename_component(_nneval_prefix \"${{CMAKE_CURRENT_LIST_DIR}}{up}\" ABSOLUTE)
set(nneval_MODELS_DIR \"${{_nneval_prefix}}/share/nneval/models\")

if(NOT TARGET nneval::nneval)
  add_library(nneval::nneval SHARED IMPORTED)
  set_target_properties(nneval::nneval PROPERTIES
    IMPORTED_LOCATION \"${{_nneval_prefix}}/{libdir}/libnneval.so.{VERSION}\"
    IMPORTED_SONAME \"libnneval.so.{ABI}\"
    INTERFACE_INCLUDE_DIRECTORIES \"${{_nneval_prefix}}/include\")
endif()

if(NOT TARGET nneval::static)
  add_library(nneval::static STATIC IMPORTED)
  set_target_properties(nneval::static PROPERTIES
    IMPORTED_LOCATION \"${{_nneval_prefix}}/{libdir}/libnneval.a\"
    INTERFACE_INCLUDE_DIRECTORIES \"${{_nneval_prefix}}/include\"
    INTERFACE_LINK_LIBRARIES \"{system}\")
endif()

unset(_nneval_prefix)
"
    )
}

/// Before 1.0 a minor version may break what the one before promised.
fn version() -> String {
    format!(
        "set(PACKAGE_VERSION \"{VERSION}\")
if(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  string(REGEX MATCH \"^[0-9]+\\\\.[0-9]+\" _nneval_own \"${{PACKAGE_VERSION}}\")
  set(_nneval_asked \"${{PACKAGE_FIND_VERSION_MAJOR}}.${{PACKAGE_FIND_VERSION_MINOR}}\")
  if(NOT PACKAGE_FIND_VERSION OR _nneval_own STREQUAL _nneval_asked)
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
  else()
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
  endif()
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
"
    )
}
