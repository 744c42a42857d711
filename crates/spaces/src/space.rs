//! Search spaces and what is known of each.

use crate::arch::Arch;
use crate::error::{ParseOptionError, Result};
use crate::mobile::accel::AccelArch;
use crate::mobile::fbnet::FbnetArch;
use crate::mobile::nasbench_macro::MacroArch;
use crate::mobile::ofa::OfaArch;
use crate::nasbench101::Cell101;
use crate::nats::{SssArch, TssArch};
use crate::options::{Dataset, ModelOptions};
use crate::proto::to_bytes;
use crate::transnas::{TransMacroArch, TransMicroArch};
use std::fmt;
use std::str::FromStr;

/// A search space whose architectures can be written as ONNX models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Space {
    /// NATS-Bench topology search space, 15,625 cells.
    NatsTss,
    /// NATS-Bench size search space, 32,768 channel configurations.
    NatsSss,
    /// NAS-Bench-101, 423,624 cells.
    NasBench101,
    /// TransNAS-Bench-101 cell-level space, 4,096 cells.
    TransNasMicro,
    /// TransNAS-Bench-101 macro-level space, 3,256 skeletons.
    TransNasMacro,
    /// NAS-Bench-Macro, 6,561 networks.
    NasBenchMacro,
    /// MnasNet space of Accel-NASBench.
    AccelNasBench,
    /// Once-for-all MobileNetV3 of width 1.2.
    Ofa,
    /// FBNet space of HW-NAS-Bench and HELP.
    Fbnet,
}

/// What is known of a space.
struct Facts {
    space: Space,
    name: &'static str,
    /// The default first.
    datasets: &'static [Dataset],
    /// Columns of the label table that make up an architecture string.
    columns: &'static [&'static str],
    /// Column that numbers the rows of the label table.
    index: Option<&'static str>,
    /// Columns of the label table that repeat what the others say.
    derived: &'static [&'static str],
}

const CIFAR10: &[Dataset] = &[Dataset::Cifar10];
const IMAGENET: &[Dataset] = &[Dataset::ImageNet];
const TASKONOMY: &[Dataset] = &[Dataset::TaskonomyObject];
const NATS: &[Dataset] = &[Dataset::Cifar10, Dataset::Cifar100, Dataset::ImageNet16_120];

static FACTS: [Facts; 9] = [
    nats(Space::NatsTss, "nats-tss"),
    nats(Space::NatsSss, "nats-sss"),
    Facts {
        index: Some("index"),
        derived: &["vertices"],
        ..facts(Space::NasBench101, "nasbench101", CIFAR10, &["edges", "ops"])
    },
    facts(Space::TransNasMicro, "transnas-micro", TASKONOMY, &["arch_str"]),
    facts(Space::TransNasMacro, "transnas-macro", TASKONOMY, &["arch"]),
    facts(Space::NasBenchMacro, "nasbench-macro", CIFAR10, &["arch"]),
    numbered(Space::AccelNasBench, "accel-nasbench", IMAGENET, &["arch"]),
    numbered(Space::Ofa, "ofa", IMAGENET, &["ks", "e", "d", "r"]),
    numbered(Space::Fbnet, "fbnet", &[Dataset::Cifar100, Dataset::ImageNet], &["ops"]),
];

const fn facts(
    space: Space,
    name: &'static str,
    datasets: &'static [Dataset],
    columns: &'static [&'static str],
) -> Facts {
    Facts { space, name, datasets, columns, index: None, derived: &[] }
}

const fn nats(space: Space, name: &'static str) -> Facts {
    Facts { index: Some("arch_index"), ..facts(space, name, NATS, &["arch_str"]) }
}

const fn numbered(
    space: Space,
    name: &'static str,
    datasets: &'static [Dataset],
    columns: &'static [&'static str],
) -> Facts {
    Facts { index: Some("id"), ..facts(space, name, datasets, columns) }
}

impl Space {
    /// The names that [`FromStr`] reads.
    pub const NAMES: [&str; 9] = [
        "nats-tss",
        "nats-sss",
        "nasbench101",
        "transnas-micro",
        "transnas-macro",
        "nasbench-macro",
        "accel-nasbench",
        "ofa",
        "fbnet",
    ];

    fn facts(self) -> &'static Facts {
        let [first, ..] = &FACTS;
        FACTS.iter().find(|f| f.space == self).unwrap_or(first)
    }

    /// The data sets that the space has networks for, the default first.
    pub fn datasets(self) -> &'static [Dataset] {
        self.facts().datasets
    }

    /// The data set of a space where none is asked for.
    pub fn default_dataset(self) -> Dataset {
        self.datasets().first().copied().unwrap_or_default()
    }

    /// The columns of the space's label table that make up an architecture string,
    /// with `|` between.
    pub fn columns(self) -> &'static [&'static str] {
        self.facts().columns
    }

    /// The column that numbers the rows of the space's label table.
    pub fn index_column(self) -> Option<&'static str> {
        self.facts().index
    }

    /// Columns of the space's label table that are neither labels nor part of the
    /// architecture.
    pub fn unlabelled_columns(self) -> impl Iterator<Item = &'static str> {
        let facts = self.facts();
        facts.index.into_iter().chain(facts.derived.iter().copied())
    }

    /// Reads one architecture string of this space.
    ///
    /// # Errors
    /// [`Error::Architecture`](crate::Error::Architecture) where the string does not follow the grammar.
    pub fn parse(self, arch: &str) -> Result<Arch> {
        Ok(match self {
            Self::NatsTss => Arch::Tss(arch.parse::<TssArch>()?),
            Self::NatsSss => Arch::Sss(arch.parse::<SssArch>()?),
            Self::NasBench101 => Arch::NasBench101(arch.parse::<Cell101>()?),
            Self::TransNasMicro => Arch::TransMicro(arch.parse::<TransMicroArch>()?),
            Self::TransNasMacro => Arch::TransMacro(arch.parse::<TransMacroArch>()?),
            Self::NasBenchMacro => Arch::NasBenchMacro(arch.parse::<MacroArch>()?),
            Self::AccelNasBench => Arch::Accel(arch.parse::<AccelArch>()?),
            Self::Ofa => Arch::Ofa(arch.parse::<OfaArch>()?),
            Self::Fbnet => Arch::Fbnet(arch.parse::<FbnetArch>()?),
        })
    }

    /// The serialized ONNX model of one architecture string.
    ///
    /// # Errors
    /// [`Error::Architecture`](crate::Error::Architecture) for a malformed string, an unsupported opset or a data
    /// set that the space has no networks for.
    pub fn onnx_bytes(&self, arch: &str, options: &ModelOptions) -> Result<Vec<u8>> {
        to_bytes(&self.parse(arch)?.model(options)?)
    }
}

impl FromStr for Space {
    type Err = ParseOptionError;

    fn from_str(s: &str) -> Result<Self, ParseOptionError> {
        const EXPECTED: &str = "nats-tss, nats-sss, nasbench101, transnas-micro, transnas-macro, \
                                nasbench-macro, accel-nasbench, ofa or fbnet";
        let found = FACTS.iter().find(|f| f.name == s).map(|f| f.space);
        found.ok_or_else(|| ParseOptionError::new("search space", s, EXPECTED))
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_round_trip() {
        for name in Space::NAMES {
            assert_eq!(name.parse::<Space>().unwrap().to_string(), name);
        }
        assert_eq!(FACTS.len(), Space::NAMES.len());
        let error = "nats".parse::<Space>().unwrap_err().to_string();
        assert!(Space::NAMES.iter().all(|name| error.contains(name)), "{error}");
    }

    #[test]
    fn file_stems_are_safe_and_distinct() {
        for name in Space::NAMES {
            let space: Space = name.parse().unwrap();
            let archs: Vec<Arch> = match space.size() {
                Some(n) if n < 50_000 => space.all().collect(),
                _ => space.distinct(500, 1),
            };
            let stems: HashSet<String> = archs.iter().map(Arch::file_stem).collect();
            assert_eq!(stems.len(), archs.len(), "{name}");
            let safe = |c: char| c.is_ascii_alphanumeric() || "_-.+".contains(c);
            assert!(stems.iter().all(|s| s.len() < 220 && s.chars().all(safe)), "{name}");
        }
    }
}
