//! The report page in a browser: no errors, sorting, filters, tooltips, keys.
//! Skipped where there is no Chromium.

use crate::common;

use common::{labels, nneval, nneval_with_runtime, skip, success};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Catches errors from before the page's first script on.
const TRAP: &str = "<script>window.trouble = [];\
    window.addEventListener('error', (e) => window.trouble.push(e.message));\
    window.alert = () => window.trouble.push('alert');</script>";

fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let folders = std::env::var_os("PATH")?;
    let all = std::env::split_paths(&folders).flat_map(|d| names.map(|n| d.join(n)));
    let found = all.into_iter().find(|p| p.is_file());
    if found.is_none() {
        skip("chromium", format_args!("there is none of {}", names.join(", ")));
    }
    found
}

/// Opens `page` in the browser, does what `steps` say and gives the lines of
/// the outcome.
fn outcome(chromium: &Path, page: &Path, steps: &str) -> Vec<String> {
    let html = std::fs::read_to_string(page).unwrap();
    let html = html.replacen("<head>", &format!("<head>{TRAP}"), 1);
    let (before, after) = html.rsplit_once("</body>").unwrap();
    let copy = page.with_extension("copy.html");
    std::fs::write(&copy, format!("{before}<script>{steps}</script></body>{after}")).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]);
    command.args(["--disable-dev-shm-usage", "--window-size=1280,900", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    let output = command.arg(format!("file://{}", copy.display())).output().unwrap();
    let (dom, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let said: Vec<&str> = log.lines().filter(|l| l.contains("CONSOLE")).collect();
    assert!(said.is_empty(), "the console is not free of messages: {said:?}");
    let (_, rest) = dom.split_once("BEGIN\n").unwrap_or_else(|| panic!("no outcome: {log}"));
    rest.split_once("\nEND").unwrap().0.lines().map(str::to_owned).collect()
}

fn assert_good(lines: &[String], least: usize) {
    let bad: Vec<&String> = lines.iter().filter(|l| !l.starts_with("ok ")).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(lines.len() >= least, "{lines:#?}");
}

#[test]
fn the_page_of_a_search_and_its_evaluator_works() {
    let Some(chromium) = chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (run, page) = (dir.path().join("run"), dir.path().join("page.html"));
    let mut command = nneval_with_runtime();
    command.args(["search", "--space", "nats-tss", "--maximize", "cifar10_test_acc_pct"]);
    command.args(["--minimize", "macs", "--show", "params", "--budget", "150", "--out"]);
    success(command.arg(&run));
    let mut command = nneval_with_runtime();
    command.arg("report").arg(&run).args(["--bootstrap", "20", "--rows", "all", "--labels"]);
    success(command.arg(labels(dir.path(), 100)).arg("--out").arg(&page));
    assert_good(&outcome(&chromium, &page, include_str!("page/steps.js")), 30);
}

#[test]
fn a_page_of_hostile_texts_runs_none_of_them() {
    let Some(chromium) = chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    let bad = "</script><img src=x onerror=alert(1)>\"'<!--";
    let mut table = csv::Writer::from_path(dir.path().join("candidates.csv")).unwrap();
    table.write_record(["arch", bad, "other", "told", "error"]).unwrap();
    for i in 0..9 {
        let row = [format!("{bad}{i}"), i.to_string(), (9 - i).to_string(), "0".into(), bad.into()];
        table.write_record(row).unwrap();
    }
    table.flush().unwrap();
    let summary = serde_json::json!({
        "space": bad, "objectives": [{"metric": bad, "goal": "maximize"}], "limits": [bad],
        "units": {bad: bad}, "settings": {"algorithm": bad, "seed": 0}, "evaluators": "",
        "measured": 9, "pareto": [{"arch": format!("{bad}8"), "file": bad}],
    });
    std::fs::write(dir.path().join("pareto.json"), summary.to_string()).unwrap();
    let page = dir.path().join("page.html");
    let mut command = nneval();
    command.arg("report").arg(dir.path()).args(["--title", bad]).arg("--out").arg(&page);
    success(&mut command);
    let steps = "const found = document.querySelectorAll('img').length;\
        const rows = document.querySelectorAll('#table tbody tr').length;\
        const title = document.title.includes('onerror');\
        const pre = document.createElement('pre');\
        const good = !found && rows === 9 && title && !window.trouble.length;\
        pre.textContent = 'BEGIN\\n' + (good ? 'ok texts' : `FAILED ${found} ${rows} ${title} ${window.trouble}`) + '\\nEND';\
        document.body.append(pre);";
    assert_good(&outcome(&chromium, &page, steps), 1);
}
