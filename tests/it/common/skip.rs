//! Skipped checks: counted, or failures where what they want is required.
//!
//! `NNEVAL_REQUIRE` names resources, with commas between: a check that lacks one
//! of them fails. Any other skip is printed and counted in `skipped.txt` below
//! the target folder, which `.ci/run` sums up.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// What a check may want and a machine may lack: the shared data, Chromium, a C
/// compiler, file permissions that bind the user, the program `script`.
const RESOURCES: [&str; 5] = ["shared", "chromium", "compiler", "permissions", "script"];

/// The resources that `list` names.
fn named(list: &str) -> Vec<&str> {
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|n| !n.is_empty()).collect();
    for name in &names {
        assert!(RESOURCES.contains(name), "NNEVAL_REQUIRE: {name} is none of {RESOURCES:?}");
    }
    names
}

/// Says that the running test, or a part of it, is skipped for want of
/// `resource`.
///
/// # Panics
/// Where `NNEVAL_REQUIRE` names the resource.
pub fn skip(resource: &str, reason: impl Display) {
    assert!(RESOURCES.contains(&resource), "{resource}");
    let list = std::env::var("NNEVAL_REQUIRE").unwrap_or_default();
    assert!(!named(&list).contains(&resource), "{resource} is required: {reason}");
    println!("skipped for want of {resource}: {reason}");
    let test = std::thread::current().name().unwrap_or("a thread").to_owned();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped.txt");
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(format!("{resource}: {test}: {reason}\n").as_bytes()).unwrap();
}

#[test]
fn required_resources_are_known() {
    named(&std::env::var("NNEVAL_REQUIRE").unwrap_or_default());
    assert_eq!(named("shared, chromium,"), ["shared", "chromium"]);
    assert!(std::panic::catch_unwind(|| named("shared,chromum")).is_err());
}
