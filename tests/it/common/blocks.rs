//! Shell blocks of a Markdown page, and the words of the commands in them.

/// What tests do with a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Run it as it stands.
    Run,
    /// Run it with texts replaced: `<!-- run by tests with A => B -->`.
    RunWith(Vec<(String, String)>),
    /// Not run, for a reason: `<!-- not run by tests: REASON -->`.
    NotRun(String),
}

/// A fenced block of shell commands.
#[derive(Debug, Clone)]
pub struct Block {
    /// Line of the page that it begins at.
    pub line: usize,
    /// Its content.
    pub text: String,
    /// What tests do with it.
    pub mark: Mark,
}

const SHELL: [&str; 4] = ["sh", "bash", "shell", "console"];

/// The shell blocks of a page. A fence that does not name a language is text.
pub fn shell_blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, Block)> = None;
    let mut before = "";
    for (i, line) in page.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let block = Block { line: i + 1, text: String::new(), mark: mark(before) };
                open = Some((SHELL.contains(&language.trim()), block));
            }
            (Some(_), Some(_)) => {
                blocks.extend(open.take().filter(|(shell, _)| *shell).map(|(_, block)| block));
            }
            (None, Some((_, block))) => block.text += &format!("{line}\n"),
            (None, None) if !line.trim().is_empty() => before = line,
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

fn mark(line: &str) -> Mark {
    let inside =
        |l: &str| Some(l.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim().to_owned());
    let Some(comment) = inside(line) else { return Mark::Run };
    if let Some(reason) = comment.strip_prefix("not run by tests:") {
        assert!(!reason.trim().is_empty(), "a mark without a reason");
        return Mark::NotRun(reason.trim().to_owned());
    }
    let Some(rest) = comment.strip_prefix("run by tests with") else { return Mark::Run };
    let pair = |p: &str| {
        let (from, to) = p.split_once("=>").expect("A => B");
        (from.trim().to_owned(), to.trim().to_owned())
    };
    Mark::RunWith(rest.split(';').map(pair).collect())
}

/// The command lines of shell text, as words: continued lines joined, variables
/// that the text sets put in, other expansions replaced by `1`, redirections and
/// what follows `|`, `;` or `&&` taken off.
pub fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let mut set: Vec<(String, String)> = Vec::new();
    let mut all = Vec::new();
    for line in joined.lines() {
        let mut line = line.trim_start_matches("$ ").to_owned();
        for (name, value) in set.iter().rev() {
            line = line.replace(&format!("${name}"), value);
        }
        let words = shlex::split(&expanded(&line)).unwrap_or_else(|| panic!("quotes: {line}"));
        let set_here = words.first().filter(|_| words.len() == 1).and_then(|w| w.split_once('='));
        let named = set_here.filter(|(n, _)| n.chars().all(|c| c.is_ascii_uppercase()));
        set.extend(named.map(|(name, value)| (name.to_owned(), value.to_owned())));
        all.extend(statements(words));
    }
    all
}

/// Words cut at what ends a command; redirections left out.
fn statements(words: Vec<String>) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut skip = false;
    for word in words {
        let ends = word.ends_with(';') || ["|", "||", "&&", "&", "do"].contains(&word.as_str());
        match word.as_str() {
            _ if skip => skip = false,
            ">" | ">>" | "<" => skip = true,
            _ if ends => all.push(Vec::new()),
            _ => all.last_mut().unwrap().push(word),
        }
    }
    all.retain(|w| !w.is_empty());
    all
}

/// `$NAME`, `${…}` and `$(…)` replaced by `1`.
fn expanded(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((head, tail)) = rest.split_once('$') {
        out += head;
        let end = match tail.chars().next() {
            Some('{') => tail.find('}').map(|i| i + 1),
            Some('(') => tail.find(')').map(|i| i + 1),
            _ => tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_'),
        };
        out += "1";
        rest = tail.get(end.unwrap_or(tail.len())..).unwrap_or_default();
    }
    out + rest
}

/// The arguments of nneval among some words: `nneval …` or `cargo run … -- …`.
pub fn arguments(words: &[String]) -> Option<Vec<String>> {
    let is = |i: usize, text: &str| words.get(i).is_some_and(|w| w == text);
    if is(0, "nneval") || is(0, "target/release/nneval") {
        return Some(words[1..].to_vec());
    }
    let own = is(0, "cargo") && is(1, "run") && !words.iter().any(|w| w == "--example");
    let dashes = words.iter().position(|w| w == "--")?;
    own.then(|| words[dashes + 1..].to_vec())
}

/// The pages whose commands are tested: name and content.
pub fn pages(root: &std::path::Path) -> Vec<(String, String)> {
    let mut names = ["README.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec();
    for folder in ["docs", "docs/results", "fixtures", "tools"] {
        let entries = std::fs::read_dir(root.join(folder)).expect(folder);
        let entries = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        names.extend(entries.filter(|n| n.ends_with(".md")).map(|n| format!("{folder}/{n}")));
    }
    names.sort();
    let read = |n: String| {
        let text = std::fs::read_to_string(root.join(&n)).unwrap();
        (n, text)
    };
    names.into_iter().map(read).collect()
}
