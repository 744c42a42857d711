//! `include/nneval.h` is what cbindgen makes of this crate, and says what the
//! library exports.

use crate::common;

use common::{CAPI, root};

/// Source files in the order of the header.
const SOURCES: [&str; 10] = [
    "status",
    "error",
    "error_object",
    "version",
    "options",
    "evaluator",
    "buffer",
    "prediction",
    "evaluate",
    "batch",
];
const LAST_SOURCES: [&str; 2] = ["operation_string", "costs"];
/// Names of types in Rust and in C.
const TYPES: [(&str, &str); 11] = [
    ("Status", "nneval_status"),
    ("Error", "nneval_error"),
    ("Options", "nneval_options"),
    ("Evaluator", "nneval_evaluator"),
    ("Buffer", "nneval_buffer"),
    ("Metric", "nneval_metric"),
    ("Domain", "nneval_domain"),
    ("Prediction", "nneval_prediction"),
    ("Batch", "nneval_batch"),
    ("Dimension", "nneval_dimension"),
    ("Costs", "nneval_costs"),
];

fn config() -> cbindgen::Config {
    let mut config = cbindgen::Config {
        language: cbindgen::Language::C,
        header: Some(std::fs::read_to_string(CAPI.join("convention.txt")).unwrap()),
        include_guard: Some("NNEVAL_H".into()),
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(String::from).to_vec(),
        cpp_compat: true,
        usize_is_size_t: true,
        documentation_style: cbindgen::DocumentationStyle::C99,
        style: cbindgen::Style::Both,
        line_length: 90,
        ..Default::default()
    };
    let renamed = TYPES.into_iter().chain([("Cost", "nneval_cost")]);
    config.export.rename = renamed.map(|(r, c)| (r.to_owned(), c.to_owned())).collect();
    config.export.include = vec!["Cost".into()];
    config.enumeration.rename_variants = cbindgen::RenameRule::QualifiedScreamingSnakeCase;
    config.function.args = cbindgen::Layout::Vertical;
    config
}

fn generated() -> String {
    let sources = SOURCES.into_iter().chain(LAST_SOURCES);
    let builder = sources.fold(cbindgen::Builder::new().with_config(config()), |b, name| {
        b.with_src(CAPI.join("src").join(name).with_extension("rs"))
    });
    let mut text = Vec::new();
    builder.generate().expect("cbindgen understands the crate").write(&mut text);
    String::from_utf8(text).unwrap()
}

/// With `NNEVAL_BLESS` set, writes the header instead of comparing.
#[test]
fn the_committed_header_is_the_generated_one() {
    let (path, generated) = (root().join("include/nneval.h"), generated());
    if std::env::var_os("NNEVAL_BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "include/nneval.h is not what cbindgen makes; \
         NNEVAL_BLESS=1 cargo test --release -p nneval-capi --test it header writes it"
    );
}
