//! Roofline bounds (Williams, Waterman and Patterson, 2009): the least time of an operator
//! on a device of a given arithmetic rate and memory bandwidth.

use nneval::costs::NodeCost;
use serde::Serialize;
use std::str::FromStr;

/// Rates of a device.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Roofline {
    /// 10⁹ floating-point operations a second.
    pub gflops: f64,
    /// 10⁹ bytes a second.
    pub gb_per_s: f64,
}

/// A least time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bound {
    /// Milliseconds of all operators, one after the other, each at its own bound.
    pub milliseconds: f64,
    /// The share of that time in operators that memory bounds.
    pub memory_share: f64,
    /// Operators left out, since work or bytes are not known.
    pub left_out: u64,
}

impl Roofline {
    /// The bound of operators that run one after the other.
    pub fn bound<'a>(&self, nodes: impl IntoIterator<Item = &'a NodeCost>) -> Bound {
        let (mut total, mut by_memory, mut left_out) = (0.0, 0.0, 0);
        for node in nodes {
            let (Some(flops), Some(bytes), true) =
                (node.flops.known(), node.bytes.known(), node.known)
            else {
                left_out += 1;
                continue;
            };
            let compute = flops as f64 / (self.gflops * 1e9);
            let memory = bytes as f64 / (self.gb_per_s * 1e9);
            total += compute.max(memory) * 1e3;
            if memory >= compute {
                by_memory += memory * 1e3;
            }
        }
        let memory_share = if total > 0.0 { by_memory / total } else { 0.0 };
        Bound { milliseconds: total, memory_share, left_out }
    }
}

impl Bound {
    /// What bounds most of the time.
    pub fn by(&self) -> &'static str {
        match self.milliseconds > 0.0 {
            false => "",
            true if self.memory_share >= 0.5 => "memory",
            true => "compute",
        }
    }
}

impl FromStr for Roofline {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected two positive numbers, as in 2000,50: GFLOPS and GB/s".to_owned();
        let (gflops, bandwidth) = text.split_once(',').ok_or_else(wrong)?;
        let rate = |t: &str| t.trim().parse().ok().filter(|r: &f64| *r > 0.0 && r.is_finite());
        let (gflops, gb_per_s) = rate(gflops).zip(rate(bandwidth)).ok_or_else(wrong)?;
        Ok(Self { gflops, gb_per_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nneval::costs::Amount;

    fn node(flops: u64, bytes: u64, known: bool) -> NodeCost {
        NodeCost {
            name: String::new(),
            operator: String::new(),
            macs: Amount::Known(0),
            flops: Amount::Known(flops),
            bytes: Amount::Known(bytes),
            known,
        }
    }

    #[test]
    fn each_operator_has_its_own_bound() {
        let roofline: Roofline = "2,1".parse().unwrap();
        let nodes =
            [node(4_000_000, 1_000_000, true), node(2_000, 3_000_000, true), node(9, 9, false)];
        let bound = roofline.bound(&nodes);
        assert_eq!((bound.milliseconds, bound.memory_share, bound.left_out), (5.0, 0.6, 1));
        assert_eq!(bound.by(), "memory");
        for wrong in ["", "1", "1,", "0,1", "1,-2", "1,inf", "a,b"] {
            assert!(wrong.parse::<Roofline>().is_err(), "{wrong}");
        }
    }
}
