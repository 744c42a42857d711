//! The walk-through of `docs/embedding.md` works as written.

use crate::common;

use common::{root, run, scratch, target, tool};
use std::path::{Path, PathBuf};

/// Fenced blocks: language and content.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, content))) => *content += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

/// Name of the file that a source's first line tells.
fn name(source: &str) -> &str {
    let line = source.lines().next().unwrap();
    line.trim_start_matches(['/', '*', ' ']).split(':').next().unwrap()
}

/// The folder that cargo is in, with the compiler.
fn toolchain() -> PathBuf {
    Path::new(env!("CARGO")).parent().unwrap().to_owned()
}

#[test]
fn the_walk_through_works() {
    let text = std::fs::read_to_string(root().join("docs/embedding.md")).unwrap();
    let home = scratch().join("home");
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(home.join("nneval")).unwrap();
    let mut script = String::from("set -eu\n");
    for (language, content) in blocks(&text) {
        match language.as_str() {
            "sh" => script += &content,
            "c" | "cpp" => {
                std::fs::write(home.join("nneval").join(name(&content)), content).unwrap();
            }
            _ => {}
        }
    }
    let cmake = common::cmake().get_program().to_owned();
    let cmake = Path::new(&cmake).parent().unwrap_or(Path::new("/usr/bin")).to_owned();
    let own = std::env::home_dir().unwrap();
    let kept =
        |name: &str, default: &str| std::env::var_os(name).unwrap_or(own.join(default).into());
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{}:{path}", toolchain().display(), cmake.display());
    let mut bash = tool("bash");
    bash.arg("-c").arg(script).env("PATH", path).env("HOME", &home);
    bash.env("CARGO_HOME", kept("CARGO_HOME", ".cargo"));
    bash.env("RUSTUP_HOME", kept("RUSTUP_HOME", ".rustup"));
    let output = run(bash.env("CARGO_TARGET_DIR", target()));
    let lines: Vec<&str> = output.lines().collect();
    assert!(
        lines.iter().any(|l| l.contains("nats_tss_9930.onnx: ") && l.contains(" % (")),
        "{output}"
    );
    assert!(lines.iter().any(|l| l.ends_with(" ms")), "{output}");
    assert!(lines.last().unwrap().starts_with("{\"path\":"), "{output}");
}
