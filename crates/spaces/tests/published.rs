//! Networks of search spaces against the published label tables and counts.

#[path = "../../../tests/it/common/skip.rs"]
mod skip;

use nneval_graph::costs::{self, Costs};
use nneval_spaces::{Arch, Dataset, Keys, ModelOptions, Space, model_of_arch, of_arch};
use nneval_tables::TableReader;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A table of the shared data; `None`, which counts as a skip, where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("NNEVAL_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = folder.join("data").join(format!("{name}.csv.gz"));
    if !path.exists() {
        skip::skip("shared", format_args!("{} is absent", path.display()));
        return None;
    }
    Some(path)
}

/// The architectures of a table, each with cells of columns as they are written.
fn rows(name: &str, space: Space, columns: &[&str]) -> Option<Vec<(Arch, Vec<String>)>> {
    let path = shared(name)?;
    let mut keys = Keys::open(&path, space).unwrap();
    let mut table = TableReader::open(&path).unwrap();
    let places: Vec<usize> = columns.iter().map(|c| table.column(c).unwrap()).collect();
    let mut rows = Vec::new();
    while let Some(key) = keys.next_key().unwrap() {
        let row = table.next_row().unwrap().unwrap();
        let cells = places.iter().map(|&at| row.cell(at).text().into_owned()).collect();
        let arch = space.parse(&key).unwrap();
        assert_eq!(arch.to_string(), key);
        rows.push((arch, cells));
    }
    Some(rows)
}

fn costs_for(arch: &Arch, dataset: Dataset) -> Costs {
    let options = ModelOptions { dataset, ..ModelOptions::of(arch.space()) };
    let model = model_of_arch(arch.space(), &arch.to_string(), &options).unwrap();
    costs::of_one_sample(&model).unwrap()
}

/// Costs on the first data set of the space.
fn counted(arch: &Arch) -> Costs {
    costs_for(arch, arch.space().default_dataset())
}

fn macs(costs: &Costs) -> u64 {
    costs.macs.known().unwrap()
}

/// A number of millions with six decimals, as a count.
fn millions(cell: &str) -> u64 {
    (cell.parse::<f64>().unwrap() * 1e6).round() as u64
}

fn parse(space: Space, text: &str) -> Arch {
    space.parse(text).unwrap()
}

/// Parameters of the model as it is built, without reading it back.
fn built_parameters(arch: &Arch) -> u64 {
    let model = arch.model(&ModelOptions::of(arch.space())).unwrap();
    let trained = |name: &str| !name.contains(".running_");
    let tensors = model.graph.initializer.iter().filter(|t| trained(&t.name));
    tensors.map(|t| t.dims.iter().product::<i64>() as u64).sum()
}

fn nasbench101_parameters(step: usize, parameters: impl Fn(&Arch) -> u64) {
    let Some(rows) = rows("nb101_open", Space::NasBench101, &["params_m"]) else { return };
    assert_eq!(rows.len(), 338_893);
    for (arch, cells) in rows.iter().step_by(step) {
        assert_eq!(parameters(arch), millions(&cells[0]), "{arch}");
    }
}

#[test]
fn nasbench101_has_the_published_parameters() {
    nasbench101_parameters(1000, |arch| counted(arch).parameters);
}

#[test]
#[ignore = "builds 338,893 networks"]
fn nasbench101_has_the_published_parameters_in_every_row() {
    nasbench101_parameters(1, built_parameters);
}

#[test]
fn nasbench101_rows_are_no_two_isomorphic() {
    let Some(rows) = rows("nb101_open", Space::NasBench101, &[]) else { return };
    let some = rows.iter().step_by(7);
    let classes: HashSet<String> = some.clone().map(|(arch, _)| arch.class()).collect();
    assert_eq!(classes.len(), some.count());
}

fn nasbench_macro(step: usize) {
    let columns = ["params", "flops"];
    let Some(rows) = rows("nasbench_macro", Space::NasBenchMacro, &columns) else { return };
    assert_eq!(rows.len(), 6_561);
    for (arch, cells) in rows.iter().step_by(step) {
        let found = counted(arch);
        let [params, flops] = [&cells[0], &cells[1]].map(|c| c.parse::<u64>().unwrap());
        assert_eq!((found.parameters, macs(&found)), (params, flops), "{arch}");
    }
}

#[test]
fn nasbench_macro_has_the_published_costs() {
    nasbench_macro(20);
}

#[test]
#[ignore = "counts 6,561 networks"]
fn nasbench_macro_has_the_published_costs_in_every_row() {
    nasbench_macro(1);
}

/// The table's MACs are those of THOP, which adds four operations for each element that
/// a BatchNormalization writes, and one for each element that a global average pooling
/// reads or writes.
fn accel_nasbench(step: usize) {
    let columns = ["params_m", "macs_m"];
    let space = Space::AccelNasBench;
    let Some(rows) = rows("accel_nasbench_open", space, &columns) else { return };
    assert_eq!(rows.len(), 4_145);
    for (arch, cells) in rows.iter().step_by(step) {
        let found = counted(arch);
        let elements = |name: &str, reads: bool| {
            let of = found.operators.iter().find(|o| o.operator == name).unwrap();
            let bytes =
                if reads { &of.activation_bytes_read } else { &of.activation_bytes_written };
            bytes.known().unwrap() / 4
        };
        let pooled = [true, false].map(|reads| elements("GlobalAveragePool", reads));
        let counter =
            macs(&found) + 4 * elements("BatchNormalization", false) + pooled.iter().sum::<u64>();
        assert_eq!(found.parameters, millions(&cells[0]), "{arch}");
        assert_eq!(counter, millions(&cells[1]), "{arch}");
    }
}

#[test]
fn accel_nasbench_has_the_published_costs() {
    accel_nasbench(40);
}

#[test]
#[ignore = "counts 4,145 networks"]
fn accel_nasbench_has_the_published_costs_in_every_row() {
    accel_nasbench(1);
}

/// EfficientNet-B0 has 5,288,548 parameters in torchvision and timm.
#[test]
fn efficientnet_b0_is_in_the_space_of_accel_nasbench() {
    let b0 = "e1k3l1se1|e6k3l2se1|e6k5l2se1|e6k3l3se1|e6k5l3se1|e6k5l4se1|e6k3l1se1";
    assert_eq!(counted(&parse(Space::AccelNasBench, b0)).parameters, 5_288_548);
}

/// FBNet-C has 5,572,200 parameters in timm (`fbnetc_100`); its paper has 5.5 million and
/// 375 million MACs.
#[test]
fn fbnet_c_is_in_the_space_of_fbnet() {
    let c = "k3_e1 k3_e6 skip k3_e1 k3_e1 k5_e6 k5_e3 k5_e6 k3_e6 k5_e6 k5_e3 k5_e6 k5_e6 \
             k5_e6 k5_e6 k5_e6 k5_e3 k5_e6 k5_e6 k5_e6 k5_e6 k3_e6";
    let found = costs_for(&parse(Space::Fbnet, c), Dataset::ImageNet);
    assert_eq!(found.parameters, 5_572_200);
    assert!((370_000_000..400_000_000).contains(&macs(&found)), "{}", macs(&found));
}

/// Parameters that the modules of once-for-all 0.1.0 have, and MACs that its
/// `count_flops_given_config` counts.
#[test]
fn ofa_has_the_costs_that_its_own_code_counts() {
    let counts = [
        (
            "7 5 5 5 7 7 5 7 5 7 3 7 5 3 7 3 5 3 5 3|6 4 4 6 6 3 4 3 3 6 3 3 3 6 3 4 6 4 3 6|\
             2 2 2 2 3|204",
            6_132_040,
            305_047_776,
        ),
        (
            "7 3 5 3 3 7 3 7 3 7 3 7 3 7 7 3 5 5 7 3|4 6 3 4 4 4 4 6 3 6 6 4 4 6 6 4 3 6 6 4|\
             2 3 4 3 4|136",
            8_563_984,
            194_332_104,
        ),
        (
            "3 5 5 7 3 3 5 3 3 3 5 5 3 5 3 3 5 7 7 3|6 3 3 3 4 3 3 4 4 4 4 4 6 6 4 4 6 4 3 6|\
             4 4 2 2 4|132",
            7_497_256,
            171_539_120,
        ),
        (
            "5 5 5 7 5 5 7 5 7 3 5 7 3 5 3 5 7 3 3 3|3 6 3 3 6 4 6 3 4 3 6 3 4 6 3 3 4 3 3 4|\
             3 3 4 4 3|140",
            6_340_368,
            187_544_232,
        ),
    ];
    for (text, parameters, multiplications) in counts {
        let found = counted(&parse(Space::Ofa, text));
        assert_eq!((found.parameters, macs(&found)), (parameters, multiplications), "{text}");
    }
}

#[test]
fn every_row_of_the_other_tables_is_in_its_space() {
    let tables = [
        ("transnas_macro_open", Space::TransNasMacro, 2_595),
        ("help_fbnet_open", Space::Fbnet, 4_006),
        ("help_ofa_open", Space::Ofa, 3_957),
    ];
    for (name, space, count) in tables {
        let Some(rows) = rows(name, space, &[]) else { continue };
        assert_eq!(rows.len(), count, "{name}");
    }
}

#[test]
fn transnas_micro_classes_are_those_of_the_table() {
    let columns = ["unique_rep_index"];
    let name = "transnas_micro_open";
    let Some(rows) = rows(name, Space::TransNasMicro, &columns) else { return };
    assert_eq!(rows.len(), 3_437);
    let mut index_of: HashMap<String, &str> = HashMap::new();
    let mut indices = HashSet::new();
    for (arch, cells) in &rows {
        let index = cells[0].as_str();
        indices.insert(index);
        assert_eq!(*index_of.entry(arch.class()).or_insert(index), index, "{arch}");
    }
    assert_eq!(index_of.len(), indices.len());
}

/// Parameters by the layer list of the definition: stem, modules of two blocks,
/// classifier.
fn transnas_parameters(modules: &[u64], block: impl Fn(u64, u64, bool) -> u64) -> u64 {
    let (mut sum, mut width) = (3 * 32 * 9 + 2 * 32 + 32 * 64 * 9 + 2 * 64, 64);
    for module in modules {
        let output = if module % 2 == 0 { 2 * width } else { width };
        sum += block(width, output, *module > 2) + block(output, output, false);
        width = output;
    }
    sum + (width + 1) * 75
}

fn conv_bn(input: u64, output: u64, kernel: u64) -> u64 {
    input * output * kernel * kernel + 2 * output
}

#[test]
fn transnas_macro_parameters_follow_the_definition() {
    for arch in Space::TransNasMacro.all().step_by(97) {
        let modules: Vec<u64> =
            arch.to_string().chars().map(|c| c.to_digit(10).unwrap().into()).collect();
        let expected = transnas_parameters(&modules, |input, output, strided| {
            let projected = strided || input != output;
            let projection = if projected { conv_bn(input, output, 1) } else { 0 };
            conv_bn(input, output, 3) + conv_bn(output, output, 3) + projection
        });
        assert_eq!(counted(&arch).parameters, expected, "{arch}");
    }
}

#[test]
fn transnas_micro_parameters_follow_the_definition() {
    for arch in Space::TransNasMicro.all().step_by(131) {
        let text = arch.to_string();
        let edges: Vec<(&str, bool)> = text
            .split(['|', '+'])
            .filter_map(|edge| edge.split_once('~'))
            .map(|(op, source)| (op, source == "0"))
            .collect();
        assert_eq!(edges.len(), 6);
        let expected = transnas_parameters(&[4, 1, 4, 1, 4], |input, output, strided| {
            let edge = |&(op, of_input): &(&str, bool)| {
                let input = if of_input { input } else { output };
                match op {
                    "nor_conv_1x1" => conv_bn(input, output, 1),
                    "nor_conv_3x3" => conv_bn(input, output, 3),
                    "skip_connect" if of_input && (strided || input != output) => {
                        conv_bn(input, output, 1)
                    }
                    _ => 0,
                }
            };
            edges.iter().map(edge).sum()
        });
        assert_eq!(counted(&arch).parameters, expected, "{arch}");
    }
}

#[test]
fn networks_of_a_class_have_one_operation_string() {
    let ofa = "3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3|6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6 6|\
               2 2 2 2 2|128";
    let beyond = ofa.replacen("3 3 3 3", "3 3 7 5", 1);
    let fbnet = "k3_e6 ".repeat(20) + "skip k3_e6";
    let moved = fbnet.replacen("k3_e6 k3_e6 skip", "k3_e6 skip k3_e6", 1);
    let pairs = [
        (Space::NasBenchMacro, "10110201", "10101210"),
        (Space::Ofa, ofa, &beyond),
        (Space::Fbnet, &fbnet, &moved),
    ];
    for (space, a, b) in pairs {
        assert_eq!(parse(space, a).class(), parse(space, b).class(), "{space}");
        let [a, b] = [a, b].map(|text| of_arch(space, text, &ModelOptions::of(space)).unwrap());
        assert_eq!(a, b, "{space}");
    }
}
