//! Shell commands of README.md and docs/, run in a folder that looks like the
//! repository's. A comment before a block says why the block is not run
//! (`common/blocks.rs`). `src/cli/docs.rs` tests that the options of all command
//! lines exist.

use crate::common;

use common::blocks::{Mark, pages, shell_blocks};
use common::{nneval, run, runtime_cache, success};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What the block's commands are, or why they are not run.
fn script(place: &str, text: &str, mark: Mark) -> Result<String, String> {
    let pairs = match mark {
        Mark::Run => Vec::new(),
        Mark::RunWith(pairs) => pairs,
        Mark::NotRun(reason) => return Err(reason),
    };
    let mut text = text.lines().map(|l| l.trim_start_matches("$ ")).collect::<Vec<_>>().join("\n");
    for (from, to) in pairs {
        assert!(text.contains(&from), "{place}: {from:?} is not in the block");
        text = text.replace(&from, &to);
    }
    Ok(format!("set -euo pipefail\n{text}\n"))
}

/// Links the repository's folders into `folder`. `new.onnx` and the folder
/// `exported` stand for models of the reader's.
fn furnish(folder: &Path) {
    for name in ["fixtures", "examples", "tools", "models", "docs"] {
        std::os::unix::fs::symlink(Path::new(ROOT).join(name), folder.join(name)).unwrap();
    }
    std::fs::copy(Path::new(ROOT).join(common::FIXTURE), folder.join("new.onnx")).unwrap();
    let sizes = [8, 16, 24, 32].map(|c| format!("--arch={c}:{c}:{c}:{c}:{c}"));
    let mut space = nneval();
    space.args(["space", "nats-sss", "--weights", "random", "--batch", "1", "--out", "exported"]);
    success(space.args(sizes).current_dir(folder));
}

/// Runs the page's blocks one after the other.
fn run_page(name: &str, page: &str, done: &mut BTreeSet<String>) {
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_nneval")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    furnish(folder.path());
    for block in shell_blocks(page) {
        let place = format!("{name}:{}", block.line);
        let script = match script(&place, &block.text, block.mark.clone()) {
            Err(reason) => {
                println!("{place}: not run: {reason}");
                continue;
            }
            Ok(script) => script,
        };
        let begun = std::time::Instant::now();
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]).current_dir(folder.path()).env("PATH", &path);
        bash.env("NNEVAL_CACHE", runtime_cache()).env_remove("ORT_DYLIB_PATH");
        let (code, stdout, stderr) = run(&mut bash);
        assert_eq!(code, Some(0), "{place}:\n{script}\n{stdout}{stderr}");
        println!("{place}: {:.1} s", begun.elapsed().as_secs_f64());
        done.insert(place);
    }
}

#[test]
fn commands_in_the_documentation_work() {
    let run = |(name, page): &(String, String)| {
        let mut done = BTreeSet::new();
        run_page(name, page, &mut done);
        done.len()
    };
    let counts: Vec<usize> = pages(Path::new(ROOT)).par_iter().map(run).collect();
    assert!(counts.iter().sum::<usize>() >= 15, "{counts:?}");
}

#[test]
fn links_between_pages_lead_somewhere() {
    for (name, page) in pages(Path::new(ROOT)) {
        let folder = Path::new(ROOT).join(&name).parent().unwrap().to_owned();
        for (_, rest) in page.match_indices("](").map(|(i, m)| page.split_at(i + m.len())) {
            let target = rest.split(')').next().unwrap().split('#').next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                assert!(folder.join(target).exists(), "{name}: {target}");
            }
        }
    }
}

#[test]
fn the_readme_has_at_most_200_lines() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    assert!(page.lines().count() <= 200);
}

/// The sources of the repository, as one text.
fn sources() -> String {
    let mut all = String::new();
    for folder in ["src", "crates", "capi", "tests"] {
        let files = walkdir::WalkDir::new(Path::new(ROOT).join(folder));
        let rust =
            files.into_iter().flatten().filter(|f| f.path().extension() == Some("rs".as_ref()));
        rust.for_each(|f| all.push_str(&std::fs::read_to_string(f.path()).unwrap()));
    }
    all
}

#[test]
fn the_tests_of_promises_exist() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/security.md")).unwrap();
    let sources = sources();
    let is_name = |w: &&str| {
        w.len() > 20 && w.bytes().all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(named.len() >= 20, "{named:?}");
    let gone: Vec<&&str> =
        named.iter().filter(|n| !sources.contains(&format!("fn {n}("))).collect();
    assert!(gone.is_empty(), "docs/security.md names tests that are not there: {gone:?}");
}
