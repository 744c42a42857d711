//! The shell commands in README.md and docs/ work as written, in a folder that
//! looks like the repository's. A block that is not run says why, in a comment
//! before it (`common/blocks.rs`) or, for README.md, in the list below. That all
//! command lines have options that exist is tested in `src/cli/docs.rs`.

use crate::common;

use common::blocks::{Block, Mark, pages, shell_blocks};
use common::{nneval, run, runtime_cache, success};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How a block begins, why it is not run, texts to replace.
type Listed = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Blocks of README.md by their beginning. An empty reason: run, with the texts
/// that follow replaced.
const README: [Listed; 11] = [
    ("cargo run", "builds the program and runs all tests", &[]),
    ("METRICS=", "trains for hours, needs the label table", &[]),
    ("for size in", "trains for an hour, needs the label table", &[]),
    ("nneval pretrain", "trains for an hour, needs the label table", &[]),
    ("nneval score", "needs the label table", &[]),
    ("nneval tokenizer", "trains for 15 minutes, needs the label table", &[]),
    ("nneval calibrate", "needs the label table", &[]),
    ("nneval measure", "", &[("--threads 1", FAST), ("--out my-device", TINY)]),
    ("nneval search", "", &[("--budget 20000", "--budget 60")]),
    ("nneval adapt", "needs measurements; docs/tutorial-device.md makes some", &[]),
    ("cargo xtask install", "builds; capi/tests/docs.rs runs it", &[]),
];
const FAST: &str = "--threads 1 --rounds 1 --min-time 0.02 --time-limit 0.1";
const TINY: &str = "--out my-device --graphs tiny --epochs 1";

/// Pages that tell of a folder `models` of the reader's.
const OWN_MODELS: [&str; 2] = ["README.md", "docs/measuring.md"];

/// The block's mark, that of the list above where the page has none.
fn mark(page: &str, block: &Block) -> Mark {
    let listed = README.iter().find(|(begins, ..)| block.text.starts_with(begins));
    match (&block.mark, listed) {
        (Mark::Run, Some((_, reason, with))) if page == "README.md" => match *reason {
            "" => Mark::RunWith(with.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect()),
            reason => Mark::NotRun(reason.into()),
        },
        (mark, _) => mark.clone(),
    }
}

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

/// Links the repository's folders into `folder`; where the page tells of models
/// of the reader's, there are some.
fn furnish(page: &str, folder: &Path) {
    let own = OWN_MODELS.contains(&page);
    for name in ["fixtures", "examples", "tools", "models"] {
        if !(own && name == "models") {
            std::os::unix::fs::symlink(Path::new(ROOT).join(name), folder.join(name)).unwrap();
        }
    }
    std::fs::copy(Path::new(ROOT).join(common::FIXTURE), folder.join("new.onnx")).unwrap();
    if own {
        let sizes = [8, 16, 24, 32].map(|c| format!("--arch={c}:{c}:{c}:{c}:{c}"));
        let mut space = nneval();
        space.args(["space", "nats-sss", "--weights", "random", "--batch", "1", "--out", "models"]);
        success(space.args(sizes).current_dir(folder));
    }
}

/// Runs the page's blocks one after the other.
fn run_page(name: &str, page: &str, done: &mut BTreeSet<String>) {
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_nneval")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    furnish(name, folder.path());
    for block in shell_blocks(page) {
        let place = format!("{name}:{}", block.line);
        let script = match script(&place, &block.text, mark(name, &block)) {
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
fn the_list_of_the_readme_has_no_idle_entry() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let blocks = shell_blocks(&page);
    for (begins, ..) in README {
        assert!(blocks.iter().any(|b| b.text.starts_with(begins)), "no block begins with {begins}");
    }
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
