//! Plans of small tables.

use super::*;
use crate::ErrorKind;

/// A table of `n` networks in pairs of one class.
fn table(dir: &Path, n: usize) -> LabelFiles {
    let archs = nneval_spaces::Space::NatsTss.all().take(n).enumerate();
    let rows = archs.map(|(i, a)| format!("{a},{},{i}.5,{}\n", i / 2, n - i));
    let header = "arch_str,unique_rep_index,a_acc_pct,b_lat_ms\n".to_owned();
    let path = dir.join("labels.csv");
    std::fs::write(&path, header + &rows.collect::<String>()).unwrap();
    LabelFiles::one(path)
}

fn recipe(sets: &[(&str, &str)]) -> Recipe {
    let mut recipe = Recipe::one_stage().unwrap();
    recipe.set("metrics", "[{ name = '*' }]").unwrap();
    sets.iter().for_each(|(key, value)| recipe.set(key, value).unwrap());
    recipe
}

#[test]
fn whole_classes_are_held_out() {
    let dir = tempfile::tempdir().unwrap();
    let labels = table(dir.path(), 200);
    let mut datasets = Datasets::default();
    let recipe = recipe(&[("split.valid", "0.2"), ("split.test", "0.1"), ("split.seed", "3")]);
    let plan = Plan::new(&recipe, &labels, &mut datasets).unwrap();
    let [stage] = plan.stages.try_into().unwrap();
    let dataset = datasets.get(stage.dataset).unwrap();
    let parts = [&stage.train, &stage.valid, &stage.test];
    assert_eq!(parts.map(Vec::len), [140, 40, 20]);
    let classes = parts.map(|rows| dataset.classes(rows));
    for (i, own) in classes.iter().enumerate() {
        let others = classes.iter().enumerate().filter(|(j, _)| *j != i);
        assert!(others.flat_map(|(_, c)| c).all(|c| !own.contains(c)));
    }
    let names: Vec<&str> = stage.metrics.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["a_acc_pct", "b_lat_ms"]);
}

#[test]
fn drawn_training_rows_are_some_of_all() {
    let dir = tempfile::tempdir().unwrap();
    let labels = table(dir.path(), 100);
    let rows = |sets: &[(&str, &str)]| {
        let plan = Plan::new(&recipe(sets), &labels, &mut Datasets::default()).unwrap();
        plan.stages[0].train.clone()
    };
    let (all, drawn) = (rows(&[]), rows(&[("train-rows", "30")]));
    assert_eq!((all.len(), drawn.len()), (90, 30));
    assert!(drawn.iter().all(|r| all.contains(r)));
}

#[test]
fn a_table_of_several_stages_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let labels = table(dir.path(), 40);
    let text =
        "format = 1\nmetrics = [{ name = '*' }]\n[[stage]]\nname = 'a'\n[[stage]]\nname = 'b'\n";
    let mut datasets = Datasets::default();
    let plan = Plan::new(&Recipe::parse(text, None).unwrap(), &labels, &mut datasets).unwrap();
    assert_eq!(datasets.0.len(), 1);
    let none: &mut dyn FnMut(&crate::Progress) = &mut |_| ();
    let dataset = datasets.get(0).unwrap();
    dataset.read(&plan.stages[0].train, false, none).unwrap();
    let mut told = 0;
    dataset.read(&plan.stages[1].train, false, &mut |_| told += 1).unwrap();
    assert_eq!(told, 0, "nothing is read again");
    dataset.read(&plan.stages[1].valid, false, &mut |_| told += 1).unwrap();
    assert_eq!(told, 1);
    let network = dataset.slice(&plan.stages[1].valid)[0];
    assert_eq!(network.string, nneval_graph::opstring::write(&network.graph));
}

#[test]
fn stages_refer_to_earlier_ones_alone() {
    let dir = tempfile::tempdir().unwrap();
    let labels = table(dir.path(), 40);
    for (key, value) in
        [("from", "b/best.ckpt"), ("from", "b"), ("from", "a"), ("teachers", "['b']")]
    {
        let text = "format = 1\nmetrics = [{ name = '*' }]\n[[stage]]\nname = 'a'\n[[stage]]\nname = 'b'\n";
        let mut recipe = Recipe::parse(text, None).unwrap();
        recipe.set(&format!("stage.a.{key}"), value).unwrap();
        let e = Plan::new(&recipe, &labels, &mut Datasets::default()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Recipe);
        let said = e.to_string();
        assert!(said.contains(&format!("stage.a.{key}: ")) && said.contains("before it"), "{said}");
    }
}

#[test]
fn a_stage_without_a_table_or_networks_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let labels = table(dir.path(), 40);
    for (sets, reason) in [
        (&[("labels", "other")][..], "needs the label table other"),
        (&[("models", "no/such/folder")], "no/such/folder: no such folder"),
        (&[("metrics", "[]")], "no metric"),
        (&[("train-rows", "39")], "cannot draw 39"),
    ] {
        let e = Plan::new(&recipe(sets), &labels, &mut Datasets::default()).unwrap_err();
        assert!(e.to_string().contains(reason), "{e}");
    }
    let e = Plan::new(&recipe(&[]), &LabelFiles::default(), &mut Datasets::default());
    assert!(e.unwrap_err().to_string().contains("needs a label table"));
    let e = Plan::new(&recipe(&[]), &LabelFiles::one("-"), &mut Datasets::default());
    assert!(e.unwrap_err().to_string().contains("needs its table in a file"));
}
