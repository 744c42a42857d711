//! Command lines in the documentation are ones that this program takes.

#[path = "../../tests/common/blocks.rs"]
#[allow(dead_code)]
mod blocks;

use super::Cli;
use blocks::{arguments, commands, pages, shell_blocks};
use clap::Parser;
use std::path::Path;

/// Tools that hand on what follows `--`, and to which command.
const HANDED_ON: [(&str, &[&str]); 1] =
    [("tools/measure_twice.py", &["measure", "x", "--out", "y"])];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn parses(place: &str, arguments: Vec<String>) {
    let words = std::iter::once("nneval".to_owned()).chain(arguments);
    if let Err(e) = Cli::try_parse_from(words) {
        use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
        assert!([DisplayHelp, DisplayVersion].contains(&e.kind()), "{place}: {e}");
    }
}

/// A script that is there and has the long options.
fn script(place: &str, words: &[String]) {
    let path = &words[1];
    let text = std::fs::read_to_string(root().join(path));
    let text = text.unwrap_or_else(|e| panic!("{place}: {path}: {e}"));
    let own = words.iter().take_while(|w| *w != "--").filter(|w| w.starts_with("--"));
    for option in own.map(|w| w.split('=').next().unwrap_or(w)) {
        let spelled = [format!("\"{option}\""), format!("'{option}'")];
        assert!(spelled.iter().any(|s| text.contains(s)), "{place}: {path} has no {option}");
    }
    let handed_on = HANDED_ON.iter().find(|(name, _)| path == name);
    let dashes = words.iter().position(|w| w == "--");
    if let (Some((_, command)), Some(at)) = (handed_on, dashes) {
        let command = command.iter().map(|w| (*w).to_owned());
        parses(place, command.chain(words[at + 1..].iter().cloned()).collect());
    }
}

#[test]
fn command_lines_in_the_documentation_parse() {
    let mut count = 0;
    for (name, page) in pages(root()) {
        let text: String = shell_blocks(&page).into_iter().map(|b| b.text).collect();
        for words in commands(&text) {
            let place = format!("{name}: {}", words.join(" "));
            let python =
                words[0].contains("python") && words.get(1).is_some_and(|w| w.ends_with(".py"));
            match arguments(&words) {
                Some(arguments) => parses(&place, arguments),
                None if python => script(&place, &words),
                None => continue,
            }
            count += 1;
        }
    }
    assert!(count > 30, "only {count} command lines were found");
}
