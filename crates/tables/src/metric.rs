//! Metrics: unit and direction of a column, read from its name.

use serde::{Deserialize, Serialize};

/// A metric: a column of a label table, an output of an evaluator. Serialised
/// without `unit`, it is what [`MetricSpec::from_column`] makes of its name.
///
/// ```
/// use nneval_tables::MetricSpec;
/// let spec = MetricSpec::from_column("my_phone_lat_ms");
/// assert_eq!((spec.unit.as_str(), spec.higher_is_better), ("ms", Some(false)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct MetricSpec {
    /// Name of the label column.
    pub name: String,
    /// Unit of the values; empty where unknown or a plain count.
    pub unit: String,
    /// Whether larger values are better; `None` where the name does not say.
    pub higher_is_better: Option<bool>,
    /// One line for people.
    pub description: String,
}

#[derive(Deserialize)]
struct Written {
    name: String,
    unit: Option<String>,
    higher_is_better: Option<bool>,
    description: Option<String>,
}

impl From<Written> for MetricSpec {
    fn from(w: Written) -> Self {
        let read = Self::from_column(&w.name);
        Self {
            higher_is_better: if w.unit.is_some() {
                w.higher_is_better
            } else {
                read.higher_is_better
            },
            unit: w.unit.unwrap_or(read.unit),
            description: w.description.unwrap_or(read.description),
            name: w.name,
        }
    }
}

struct Rule {
    suffix: &'static str,
    unit: &'static str,
    higher_is_better: Option<bool>,
    quantity: &'static str,
}

const fn rule(
    suffix: &'static str,
    unit: &'static str,
    higher_is_better: Option<bool>,
    quantity: &'static str,
) -> Rule {
    Rule { suffix, unit, higher_is_better, quantity }
}

const HIGHER: Option<bool> = Some(true);
const LOWER: Option<bool> = Some(false);

/// The first rule that fits decides, so longer endings come first.
const RULES: &[Rule] = &[
    rule("acc_mean_pct", "%", HIGHER, "accuracy, mean of runs"),
    rule("acc_pct", "%", HIGHER, "accuracy"),
    rule("top1_pct", "%", HIGHER, "top-1 accuracy"),
    rule("top5_pct", "%", HIGHER, "top-5 accuracy"),
    rule("err_pct", "%", LOWER, "error rate"),
    rule("pct", "%", None, "percentage"),
    rule("lat_ms", "ms", LOWER, "latency"),
    rule("ms", "ms", LOWER, "time"),
    rule("energy_mJ", "mJ", LOWER, "energy"),
    rule("mJ", "mJ", LOWER, "energy"),
    rule("mb", "MB", LOWER, "size"),
    rule("MB", "MB", LOWER, "size"),
    rule("s_per_epoch", "s", LOWER, "time per training epoch"),
    rule("arith_intensity", "", None, "arithmetic intensity"),
    rule("img_per_s", "img/s", HIGHER, "throughput"),
    rule("params_M", "M", LOWER, "parameters, millions"),
    rule("params", "", LOWER, "parameters"),
    rule("flops_M", "M", LOWER, "operations, millions"),
    rule("flops", "", LOWER, "operations"),
    rule("gmacs", "G", LOWER, "multiply-accumulates, billions"),
];

impl MetricSpec {
    /// True for accuracies: the same for isomorphic networks but for noise.
    pub fn is_accuracy(&self) -> bool {
        self.unit == "%" && self.higher_is_better == Some(true)
    }

    /// True for amounts of memory.
    pub fn is_memory(&self) -> bool {
        matches!(self.unit.as_str(), "B" | "KB" | "MB" | "GB" | "KiB" | "MiB" | "GiB")
    }

    /// Reads unit and direction from the ending of a column name:
    ///
    /// | ending | unit | better |
    /// |---|---|---|
    /// | `_acc_pct`, `_acc_mean_pct`, `_top1_pct`, `_top5_pct` | % | higher |
    /// | `_err_pct` | % | lower |
    /// | `_pct`, with a word `top1` or `top5` before | % | higher |
    /// | `_pct` | % | unspecified |
    /// | `_lat_ms`, `_ms` | ms | lower |
    /// | `_energy_mJ`, `_mJ` | mJ | lower |
    /// | `_mb`, `_MB` | MB | lower |
    /// | `_s_per_epoch` | s | lower |
    /// | `_img_per_s` | img/s | higher |
    /// | `_params`, `_flops` | none | lower |
    /// | `_params_M`, `_flops_M` | M (millions) | lower |
    /// | `_gmacs` | G (billions) | lower |
    /// | `_arith_intensity` | none (as published) | unspecified |
    /// | any other | none | unspecified |
    ///
    /// The ending alone (`params`) counts as well, and `_derived` after any of
    /// them is skipped. The first fitting line decides.
    pub fn from_column(name: &str) -> Self {
        let stem = name.strip_suffix("_derived").unwrap_or(name);
        let stem = &accuracy_last(stem);
        let found = RULES.iter().find_map(|rule| Some((rule, subject(stem, rule.suffix)?)));
        let (unit, higher_is_better, description) = match found {
            Some((rule, "")) => (rule.unit, rule.higher_is_better, rule.quantity.to_owned()),
            Some((rule, subject)) => {
                let words = subject.replace('_', " ");
                (rule.unit, rule.higher_is_better, format!("{}: {words}", rule.quantity))
            }
            None => ("", None, stem.replace('_', " ")),
        };
        Self { name: name.to_owned(), unit: unit.to_owned(), higher_is_better, description }
    }
}

/// `stem` with a word `top1` or `top5` moved before the ending `_pct`.
fn accuracy_last(stem: &str) -> String {
    let words = || stem.split('_');
    let accuracy = words().find(|w| ["top1", "top5"].contains(w));
    let (Some(accuracy), Some("pct")) = (accuracy, words().next_back()) else {
        return stem.to_owned();
    };
    let others = words().filter(|w| *w != accuracy && *w != "pct");
    others.chain([accuracy, "pct"]).collect::<Vec<_>>().join("_")
}

/// What stands before the ending, if `stem` ends in `suffix` as a word.
fn subject<'a>(stem: &'a str, suffix: &str) -> Option<&'a str> {
    match stem.strip_suffix(suffix)? {
        "" => Some(""),
        before => before.strip_suffix('_'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings() {
        for (name, unit, direction) in [
            ("cifar10_test_acc_pct", "%", HIGHER),
            ("cifar100_valid_acc_pct_derived", "%", HIGHER),
            ("imagenet_val_top1_pct", "%", HIGHER),
            ("imagenet_top1_in1k_best_pct", "%", HIGHER),
            ("top1_pct", "%", HIGHER),
            ("crop_pct", "%", None),
            ("help_1080ti_256_lat_ms", "ms", LOWER),
            ("hwnas_fpga_energy_mJ", "mJ", LOWER),
            ("weight_file_MB", "MB", LOWER),
            ("peak_memory_mb", "MB", LOWER),
            ("cifar10_train_s_per_epoch", "s", LOWER),
            ("hwnas_eyeriss_arith_intensity", "", None),
            ("cifar10_params", "", LOWER),
            ("params", "", LOWER),
            ("cifar10_flops_M", "M", LOWER),
            ("rtx4090_amp_nchw_pt240_img_per_s", "img/s", HIGHER),
            ("items", "", None),
            ("terms", "", None),
            ("", "", None),
        ] {
            let spec = MetricSpec::from_column(name);
            assert_eq!((spec.unit.as_str(), spec.higher_is_better), (unit, direction), "{name}");
            assert_eq!(spec.name, name);
        }
    }

    #[test]
    fn descriptions_and_serde() {
        let spec = MetricSpec::from_column("hwnas_edgegpu_lat_ms");
        assert_eq!(spec.description, "latency: hwnas edgegpu");
        assert_eq!(MetricSpec::from_column("my_score").description, "my score");
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<MetricSpec>(&json).unwrap(), spec);
        let short = r#"{"name": "hwnas_edgegpu_lat_ms"}"#;
        assert_eq!(serde_json::from_str::<MetricSpec>(short).unwrap(), spec);
        let unknown = MetricSpec { higher_is_better: None, ..spec };
        let json = serde_json::to_string(&unknown).unwrap();
        assert_eq!(serde_json::from_str::<MetricSpec>(&json).unwrap(), unknown);
    }
}
