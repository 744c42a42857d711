//! Recipes: what is read, refused, overridden and written.

use super::*;
use crate::Config;
use nneval_tables::labels::{LabelTable, ReadOptions};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn parse(text: &str) -> Recipe {
    Recipe::parse(text, None).unwrap()
}

const TWO: &str = "\
format = 1
space = 'nats-sss'
lr = 0.01
split = { valid = 0.05, test = 0.1 }
metrics = [{ name = 'a_*', weight = 4, reduce = 'dead-code', transform = 'rank-normal' }]

[[stage]]
name = 'base'

[[stage]]
name = 'distil'
from = 'base/best.ckpt'
lr = 3e-3
split = { seed = 7 }
";

#[test]
fn a_stage_takes_what_it_lacks_from_the_recipe_then_from_the_defaults() {
    let [base, distil] = parse(TWO).resolve().unwrap().try_into().unwrap();
    assert_eq!((base.config.lr, distil.config.lr), (1e-2, 3e-3));
    assert_eq!((base.split_seed, distil.split_seed), (0, 7));
    assert_eq!((distil.valid, distil.test), (0.05, 0.1));
    assert_eq!(distil.space, Space::NatsSss);
    assert_eq!(distil.metrics, base.metrics);
    assert_eq!((base.encoder.as_str(), base.aux_weight), ("medium", 1.0));
    assert_eq!(base.config, Config { lr: 1e-2, ..Config::default() });
}

#[test]
fn errors_name_file_line_and_key() {
    let error = |text: &str| Recipe::parse(text, Some(Path::new("r.toml"))).unwrap_err();
    for (text, line, key, reason) in [
        ("format = 1\nepoch = 3\n[[stage]]\nname = 'a'", Some(2), None, "unknown field `epoch`"),
        (
            "format = 1\n[[stage]]\nname = 'a'\nlr = 'x'",
            Some(4),
            Some("stage.a.lr"),
            "expected f32",
        ),
        ("format = 1\nsplit = { valid = 'x' }", Some(2), Some("split.valid"), "expected f64"),
        (
            "format = 1\nspace = 'darts'",
            Some(2),
            Some("space"),
            "expected nats-tss, nats-sss, nasbench101",
        ),
        ("format = 1\nmax-length = 0", Some(2), Some("max-length"), "nonzero"),
        ("format = 1\nepochs = -1", Some(2), Some("epochs"), "-1"),
        ("format = 1\nmetrics = [{ weight = 1 }]", Some(2), Some("metrics"), "`name`"),
        ("format = 1\nmetrics = [{ name = 'a', reduce = 'alive' }]", Some(2), None, "dead-code"),
        ("format = 1\nlr = = 1", Some(2), None, ""),
        ("format = 2\n[[stage]]\nname = 'a'", None, Some("format"), "2 is not known"),
        ("[[stage]]\nname = 'a'", None, Some("format"), "is missing"),
        ("format = 1", None, Some("stage"), "there is none"),
        ("format = 1\nstage = 3", Some(2), Some("stage"), "is not a list"),
        ("format = 1\n[[stage]]\nlr = 1", Some(2), Some("stage.name"), "is missing"),
        ("format = 1\n[[stage]]\nname = 'a/b'", Some(3), Some("stage.name"), "other characters"),
        ("format = 1\n[[stage]]\nname = 'gbdt'", Some(3), Some("stage.name"), "kind of teacher"),
        (
            "format = 1\n[[stage]]\nname = 'a'\n[[stage]]\nname = 'a'",
            Some(4),
            Some("stage.name"),
            "two stages",
        ),
        (
            "format = 1\n[[stage]]\nname = 'a'\nsplit = { seeds = [1] }",
            Some(2),
            Some("stage.a.split.seeds"),
            "whole recipe",
        ),
    ] {
        let e = error(text);
        assert_eq!((e.line(), e.path()), (line, Some(Path::new("r.toml"))), "{text}: {e}");
        let said = e.to_string();
        assert!(said.starts_with("r.toml") && said.contains(reason), "{text}: {said}");
        if let Some(key) = key {
            assert!(said.contains(&format!(", {key}: ")), "{text}: {said}");
        }
        assert_eq!(e.kind(), crate::ErrorKind::Recipe);
    }
}

#[test]
fn values_override_keys_of_the_recipe_and_of_stages() {
    let mut recipe = parse(TWO);
    for (key, value) in [
        ("epochs", "7"),
        ("stage.distil.lr", "2e-3"),
        ("stage.distil.teachers", "['base', 'gbdt']"),
        ("split.seed", "3"),
        ("from", "nats-tss"),
        ("name", "mine"),
        ("detrend", "true"),
    ] {
        recipe.set(key, value).unwrap();
    }
    let [base, distil] = recipe.resolve().unwrap().try_into().unwrap();
    assert_eq!((base.config.epochs, distil.config.epochs), (7, 7));
    assert_eq!((base.config.lr, distil.config.lr), (1e-2, 2e-3));
    assert_eq!(distil.teachers, ["base", "gbdt"]);
    assert_eq!((base.split_seed, distil.split_seed), (3, 7));
    assert_eq!((base.from.as_deref(), base.valid), (Some("nats-tss"), 0.05));
    assert_eq!((recipe.name.as_deref(), base.detrend), (Some("mine"), true));
}

#[test]
fn overrides_that_mean_nothing_are_refused_by_key() {
    for (key, value, reason) in [
        ("epoch", "3", "unknown field"),
        ("lr", "high", "expected f32"),
        ("stage.clean.lr", "1", "there is no stage clean; there are base, distil"),
        ("stage.distil", "1", "stage.NAME.KEY"),
        ("lr.peak", "1", "lr has no keys"),
        ("", "1", "is no key"),
        ("max-length", "0", "nonzero"),
    ] {
        let mut recipe = parse(TWO);
        let e = recipe.set(key, value).unwrap_err().to_string();
        assert!(e.starts_with(&format!("recipe, {key}: ")) && e.contains(reason), "{e}");
        assert_eq!(recipe, parse(TWO));
    }
}

#[test]
fn metrics_can_be_replaced_in_all_stages() {
    let mut recipe = parse(TWO);
    recipe.set("stage.base.metrics", "[{ name = 'b' }]").unwrap();
    recipe.set_metrics(vec![MetricPattern::new("c", 2.0)]);
    for stage in recipe.resolve().unwrap() {
        assert_eq!(stage.metrics, [MetricPattern::new("c", 2.0)]);
    }
}

#[test]
fn a_seed_is_that_of_the_recipe_and_of_every_split() {
    let mut recipe = parse(TWO);
    recipe.set("split.seeds", "[0, 1, 2]").unwrap();
    recipe.set("stage.distil.seed", "9").unwrap();
    assert_eq!(recipe.seeds(), [0, 1, 2]);
    let recipe = recipe.with_seed(4);
    assert!(recipe.seeds().is_empty());
    let [base, distil] = recipe.resolve().unwrap().try_into().unwrap();
    assert_eq!((base.split_seed, distil.split_seed), (4, 4));
    assert_eq!((base.config.seed, distil.config.seed), (4, 9));
    assert_eq!((distil.valid, distil.test), (0.05, 0.1));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (key, value, reason) in [
        ("epochs", "0", "epochs"),
        ("batch", "0", "batch"),
        ("lr", "0", "learning rate"),
        ("lr", "nan", "learning rate"),
        ("warmup", "1.5", "warm-up"),
        ("dropout", "1", "dropout"),
        ("ema-decay", "1", "average"),
        ("split.valid", "1", "between 0 and 1"),
        ("distill-weight", "1.5", "between 0 and 1"),
    ] {
        let mut recipe = parse(TWO);
        recipe.stages.truncate(1);
        recipe.set(key, value).unwrap();
        let e = recipe.resolve().unwrap_err();
        assert!(e.kind() == crate::ErrorKind::Setting && e.to_string().contains(reason), "{e}");
    }
}

#[test]
fn a_search_space_and_a_folder_of_one_stage_contradict() {
    let mut recipe = parse(TWO);
    recipe.set("stage.base.space", "nats-tss").unwrap();
    recipe.set("stage.base.models", "folder").unwrap();
    let e = recipe.resolve().unwrap_err().to_string();
    assert!(e.contains("stage.base.space"), "{e}");
}

#[test]
fn what_is_written_is_read_again() {
    let recipe = parse(TWO);
    assert_eq!(parse(&recipe.to_toml().unwrap()), recipe);
    let explicit = recipe.explicit();
    let text = explicit.to_toml().unwrap();
    assert!(text.contains("lr = 0.01\n") && text.contains("epochs = 40\n"), "{text}");
    assert_eq!(parse(&text), explicit);
    assert_eq!(explicit.resolve().unwrap(), recipe.resolve().unwrap());
}

#[test]
fn paths_lead_from_the_recipe_to_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("tokenizer.json"), "").unwrap();
    std::fs::create_dir(at("teacher")).unwrap();
    std::fs::create_dir(at("base")).unwrap();
    let text = format!("{TWO}teachers = ['teacher', 'base', 'gbdt', 'elsewhere']\n");
    let text = text.replacen("lr = 0.01", "lr = 0.01\ntokenizer = 'tokenizer.json'", 1);
    std::fs::write(at("recipe.toml"), text).unwrap();
    let recipe = Recipe::open(&at("recipe.toml")).unwrap();
    assert_eq!(recipe.settings.tokenizer, Some(at("tokenizer.json")));
    let teachers = recipe.stages[1].settings.teachers.clone().unwrap();
    let expected = [at("teacher").to_str().unwrap().to_owned(), "base".into(), "gbdt".into()];
    assert_eq!(teachers[..3], expected);
    assert_eq!(teachers[3], "elsewhere");
}

#[test]
fn the_recipe_of_one_stage_has_the_defaults() {
    let [only] = Recipe::one_stage().unwrap().resolve().unwrap().try_into().unwrap();
    assert_eq!(
        (only.config, only.space, only.max_length),
        (Config::default(), Space::NatsTss, None)
    );
}

/// Options of a command of before there were recipes.
type Options = BTreeMap<String, Vec<String>>;

/// `--option value` and `--flag` of a command line without quotes.
fn options(command: &str) -> Options {
    let mut options = Options::new();
    let mut words = command.split(' ').skip(2).peekable();
    while let Some(option) = words.next() {
        let value = words.next_if(|w| !w.starts_with("--")).unwrap_or_default();
        options.entry(option.to_owned()).or_default().push(value.to_owned());
    }
    options
}

/// What a command said of a stage, in the words of a recipe; paths are those of the recipe `own`.
fn old_settings(command: &str, own: &StageSettings) -> StageSettings {
    let given = options(command);
    let one = |name: &str| given.get(name).map(|v| v[0].clone());
    let number = |name: &str, default: f64| one(name).map_or(default, |v| v.parse().unwrap());
    let flag = |name: &str| given.contains_key(name);
    let whole = |name: &str, default: usize| one(name).map_or(default, |v| v.parse().unwrap());
    let c = Config::default();
    StageSettings {
        space: one("--space").map_or(Space::NatsTss, |s| s.parse().unwrap()),
        encoder: one("--graphs").unwrap_or("medium".into()),
        valid: number("--valid-fraction", 0.1),
        test: number("--test-fraction", 0.0),
        split_seed: whole("--split-seed", 0) as u64,
        train_rows: None,
        cost_model: flag("--cost-formula"),
        detrend: flag("--drift"),
        average_duplicates: flag("--class-mean"),
        augment: whole("--spellings", 0),
        aux_weight: number("--structure-weight", 1.0) as f32,
        distill_weight: number("--teacher-share", 0.5),
        config: Config {
            seed: whole("--seed", 0) as u64,
            epochs: whole("--epochs", c.epochs),
            lr: one("--lr").map_or(c.lr, |v| v.parse().unwrap()),
            dropout: one("--dropout").map_or(c.dropout, |v| v.parse().unwrap()),
            weight_decay: one("--weight-decay").map_or(c.weight_decay, |v| v.parse().unwrap()),
            unlabelled: one("--unlabelled").map_or(c.unlabelled, |v| v.parse().unwrap()),
            ..c
        },
        ..own.clone()
    }
}

/// Metrics of a command: name, weight, view.
fn old_metrics(command: &str) -> Vec<(String, f32, Reduction)> {
    let given = options(command);
    let views: BTreeMap<&str, &str> =
        given.get("--view").into_iter().flatten().filter_map(|v| v.split_once('=')).collect();
    let metric = |m: &String| {
        let (name, weight) = m.split_once('=').unwrap_or((m, "1"));
        let reduce = match views.get(name) {
            Some(&"live") => Reduction::Reachable,
            Some(&"compiled") => Reduction::DeadCode,
            _ => Reduction::None,
        };
        (name.to_owned(), weight.parse().unwrap(), reduce)
    };
    given["--metric"].iter().map(metric).collect()
}

/// A label table with the columns, in order, beside ones that no evaluator learns.
fn table(metrics: &[(String, f32, Reduction)]) -> LabelTable {
    let names: Vec<&str> = metrics.iter().map(|m| m.0.as_str()).collect();
    let header =
        format!("arch_str,cifar100_valid_acc_pct_derived,{},cifar10_params", names.join(","));
    let cells = vec!["1"; names.len() + 2].join(",");
    let text = format!("{header}\nx,{cells}\n");
    LabelTable::from_reader("t.csv", text.as_bytes(), &ReadOptions::default()).unwrap()
}

/// Folder of an evaluator that a command made: `onnx-cpu` has been trained anew by a recipe.
fn made_by_command(evaluator: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match evaluator {
        "onnx-cpu" => root.join("fixtures/onnx_cpu_strings_1"),
        name => root.join("models").join(name),
    }
}

#[test]
fn the_shipped_recipes_are_the_commands_that_made_the_shipped_evaluators() {
    let mut stages = 0;
    for line in include_str!("shipped-commands.txt").lines() {
        let (place, command) = line.split_once(": ").unwrap();
        let (evaluator, stage) = place.split_once(' ').unwrap();
        let recipe = Recipe::open(&made_by_command(evaluator).join("recipe.toml")).unwrap();
        let at = recipe.position(stage).unwrap();
        let resolved = recipe.resolve().unwrap().swap_remove(at);
        assert_eq!(resolved, old_settings(command, &resolved), "{place}");
        assert_eq!(recipe.threads, Some(1), "{place}");
        let given = options(command);
        let fitted = [("--tree-teacher", "gbdt"), ("--pair-teacher", "pairwise-ridge")];
        let fitted = fitted.iter().filter(|(option, _)| given.contains_key(*option));
        let count = given.get("--teacher").map_or(0, Vec::len) + fitted.clone().count();
        assert_eq!(resolved.teachers.len(), count, "{place}");
        assert!(fitted.into_iter().all(|(_, kind)| resolved.teachers.contains(&(*kind).into())));
        let checkpoint = resolved.from.as_ref().map(|f| f.ends_with("/best.ckpt"));
        let expected = given.get("--init").map(|_| true).or(given.get("--from").map(|_| false));
        assert_eq!(checkpoint, expected, "{place}");
        let old = old_metrics(command);
        let chosen = select(&table(&old), &resolved.metrics).unwrap();
        let chosen: Vec<_> = chosen.into_iter().map(|m| (m.name, m.weight, m.reduce)).collect();
        assert_eq!(chosen, old, "{place}");
        let manifest = std::fs::read(made_by_command(evaluator).join("evaluator.json")).unwrap();
        let manifest: nneval_evaluator::Manifest = serde_json::from_slice(&manifest).unwrap();
        if at + 1 == recipe.stages.len() {
            assert_eq!(options(&manifest.training.command), given, "{place}");
            assert_eq!(manifest.window, resolved.max_length.unwrap_or(MAX_LENGTH));
            assert_eq!((manifest.training.seed, manifest.string_style), (0, resolved.style));
            let names: Vec<&str> = manifest.metrics.iter().map(|m| m.spec.name.as_str()).collect();
            assert!(names.iter().eq(chosen.iter().map(|m| &m.0)), "{place}");
        }
        stages += 1;
    }
    let shipped = ["nats-tss", "nats-sss", "nats-tss-cpu", "onnx-cpu"];
    let recipes = shipped.map(|n| Recipe::open(&made_by_command(n).join("recipe.toml")).unwrap());
    assert_eq!(stages, recipes.iter().map(|r| r.stages.len()).sum::<usize>());
}
