//! C and C++ programs on the installed library: how they compile, and that their
//! results are the command line's to the bit.

use crate::common;

use common::{Link, compile, evaluator, fixture, network, nneval, run, scratch, things, tool};
use serde_json::Value;
use std::path::{Path, PathBuf};

const NO_EXCEPTIONS: [&str; 2] = ["-fno-exceptions", "-fno-rtti"];

fn networks() -> Vec<PathBuf> {
    let folder = scratch().join("networks");
    vec![fixture(), network(&folder, "avg_pool_3x3")]
}

/// What the program `nneval` prints of one network, in the words of the programs.
fn of_command_line(path: &Path) -> Vec<String> {
    let mut command = nneval();
    command.env("NNEVAL_CACHE", common::cache());
    let text =
        run(command.args(["evaluate", "--evaluator", "nats-tss", "--format", "json"]).arg(path));
    let list: Value = serde_json::from_str(&text).unwrap();
    let row = &list[0];
    let mut lines = vec![format!("path\t{}", path.display())];
    for key in ["tokens", "windows", "in_domain", "flagged"] {
        lines.push(format!("{key}\t{}", bits(&row[key].to_string())));
    }
    for (name, m) in row["metrics"].as_object().unwrap() {
        let [value, lo, hi] = ["value", "lo", "hi"].map(|k| bits(&m[k].to_string()));
        lines.push(format!("metric\t{name}\t{}\t{value}\t{lo}\t{hi}", m["unit"].as_str().unwrap()));
    }
    lines.sort();
    lines
}

/// A number as its bits; what is no number stays.
fn bits(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |x| format!("{:016x}", x.to_bits()))
}

/// Predictions in a program's output, network by network.
fn predictions(output: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for line in output.lines() {
        match line.split('\t').next() {
            Some("path") => all.push(vec![line.to_owned()]),
            Some("tokens" | "windows" | "in_domain" | "flagged" | "metric") => {
                let words: Vec<String> = line.split('\t').map(bits).collect();
                all.last_mut().unwrap().push(words.join("\t"));
            }
            _ => {}
        }
    }
    all.iter_mut().for_each(|lines| lines.sort());
    all
}

/// ONNX Runtime keeps its telemetry in a database below the home folder.
#[test]
fn nothing_is_recorded_in_the_home_folder() {
    for link in [Link::Shared, Link::Static] {
        let program = compile(&["evaluate.c"], &[], link, &format!("telemetry-{link:?}"));
        let home = tempfile::tempdir().unwrap();
        let mut command = tool(program.to_str().unwrap());
        for variable in
            ["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "ORT_DISABLE_TELEMETRY"]
        {
            command.env_remove(variable);
        }
        run(command.env("HOME", home.path()).arg(evaluator()).arg(fixture()));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "{link:?}");
    }
}

fn expected() -> Vec<Vec<String>> {
    networks().iter().map(|n| of_command_line(n)).collect()
}

#[test]
fn c_programs_print_what_the_command_line_prints() {
    for (link, name) in [(Link::Shared, "c-shared"), (Link::Static, "c-static")] {
        let program = compile(&["evaluate.c"], &[], link, name);
        let output = run(tool(program.to_str().unwrap()).arg(evaluator()).args(networks()));
        assert_eq!(predictions(&output), expected(), "{link:?}");
        let version =
            format!("version\t{}\t{}", env!("CARGO_PKG_VERSION"), nneval_graph::opstring::VERSION);
        assert_eq!(output.lines().next(), Some(&*version));
    }
}

#[test]
fn cpp_programs_print_what_the_command_line_prints() {
    let expected = expected();
    let folder = things("programs");
    let cases: [(&[&str], Link, &str); 4] = [
        (&[], Link::Shared, "cpp-shared"),
        (&[], Link::Static, "cpp-static"),
        (&["-std=c++20"], Link::Shared, "cpp-20"),
        (&NO_EXCEPTIONS, Link::Shared, "cpp-no-exceptions"),
    ];
    for (flags, link, name) in cases {
        let program = compile(&["evaluate.cpp", "second.cpp"], flags, link, name);
        let mut command = tool(program.to_str().unwrap());
        let output = run(command.arg(evaluator()).arg(&folder).args(networks()));
        assert_eq!(predictions(&output), expected, "{name}");
    }
}

#[test]
fn strings_and_costs_are_the_command_lines() {
    let program = compile(&["evaluate.c"], &[], Link::Shared, "c-costs");
    let output = run(tool(program.to_str().unwrap()).arg(evaluator()).arg(fixture()));
    let after = |key: &str| -> Vec<String> {
        output.lines().filter_map(|l| l.strip_prefix(key)).map(String::from).collect()
    };
    let string = run(nneval().arg("string").arg(fixture()));
    assert_eq!(after("string\t"), [string.trim_end()]);
    let inspected =
        run(nneval().args(["inspect", "--format", "json", "--dim", "batch=1"]).arg(fixture()));
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    let keys = [
        "parameters",
        "buffers",
        "constants",
        "weight_bytes",
        "macs",
        "flops",
        "activation_bytes_read",
        "activation_bytes_written",
        "weight_bytes_read",
        "peak_activation_bytes",
        "depth",
    ];
    let costs = keys.iter().enumerate().map(|(i, key)| format!("{i}\t{}", inspected[key]));
    assert_eq!(after("cost\t"), costs.collect::<Vec<_>>());
}

#[test]
fn headers_compile_alone_and_pedantically() {
    for (source, compiler, standards) in [
        ("#include <nneval.h>\n", "gcc", ["-std=c11", "-std=c17", "-std=gnu2x"]),
        (
            "#include <nneval.h>\n#include <nneval.hpp>\n",
            "g++",
            ["-std=c++17", "-std=c++20", "-std=c++23"],
        ),
    ] {
        let name = if compiler == "gcc" { "alone.c" } else { "alone.cpp" };
        let path = scratch().join(name);
        std::fs::write(&path, source).unwrap();
        for standard in standards {
            let warnings = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only";
            let mut command = tool(compiler);
            command.arg(standard).args(warnings.split(' ')).arg(&path);
            run(command.args(common::pkg_config(&["--cflags"])));
        }
    }
}
