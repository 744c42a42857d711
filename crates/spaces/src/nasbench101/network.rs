//! The network of a NAS-Bench-101 cell.

use super::cell::{Cell101, Op101, VERTICES};
use crate::arch::Architecture;
use crate::builder::{Builder, Interface};
use crate::layers::{self, Act, Conv};
use crate::options::Dataset;
use crate::proto::{int, ints};

/// Channels of the first stack; each later one doubles them.
const WIDTH: i64 = 128;
/// Stacks of a network, and cells of a stack.
const STACKS: usize = 3;

impl Architecture for Cell101 {
    /// 3x3 Conv to 128 channels, three stacks of three cells with 128, 256 and 512
    /// channels, 2x2 MaxPool between stacks, mean over pixels, classifier.
    fn build(&self, b: &mut Builder, dataset: Dataset) -> Interface {
        let mut x = layers::stem(b, WIDTH, 1, Act::Relu);
        let (mut input, mut output) = (WIDTH, WIDTH);
        for stack in 0..STACKS {
            if stack > 0 {
                x = max_pool(b, &format!("down.{stack}"), &x, 2, 2);
                output *= 2;
            }
            for number in 0..STACKS {
                x = self.cell(b, &format!("stacks.{stack}.{number}"), &x, [input, output]);
                input = output;
            }
        }
        let x = layers::mean(b, "pool", &x, &[2, 3], false);
        layers::classifier(b, &x, output, dataset.classes());
        dataset.into()
    }

    fn class(&self) -> String {
        self.canonical().to_string()
    }
}

impl Cell101 {
    /// Vertices sum what they read: inner vertices cut to their own width, then the
    /// input projected to it. The output is what enters it, concatenated, and the
    /// projected input where an edge leads there.
    fn cell(&self, b: &mut Builder, name: &str, input: &str, width: [i64; 2]) -> String {
        let (last, [wide, output]) = (self.vertices() - 1, width);
        let widths = self.widths(output);
        let of = |v: usize| widths.get(v).copied().unwrap_or(output);
        let mut values: Vec<String> = vec![input.to_owned()];
        let project = |b: &mut Builder, v: usize, out: i64| {
            let conv = Conv::new(wide, out, 1);
            layers::conv_bn(b, &format!("{name}.input{v}"), input, conv, Act::Relu)
        };
        for (v, op) in (1..).zip(self.ops()) {
            let mut sum: Option<String> = None;
            let mut parts = Vec::new();
            for (source, value) in values.iter().enumerate().skip(1) {
                if self.has_edge(source, v) {
                    let cut = format!("{name}.cut{source}{v}");
                    parts.push(match of(source) > of(v) {
                        true => layers::slice(b, &cut, value, 1, [0, of(v)]),
                        false => value.clone(),
                    });
                }
            }
            if self.has_edge(0, v) {
                parts.push(project(b, v, of(v)));
            }
            for (at, part) in parts.into_iter().enumerate() {
                sum = Some(match sum {
                    None => part,
                    Some(sum) => layers::add(b, format!("{name}.vertex{v}/Add{at}"), &sum, &part),
                });
            }
            values.push(op.layer(b, &format!("{name}.vertex{v}"), &sum.unwrap_or_default(), of(v)));
        }
        let inner = values.iter().enumerate().skip(1).filter(|(v, _)| self.has_edge(*v, last));
        let parts: Vec<&str> = inner.map(|(_, value)| value.as_str()).collect();
        let concatenated = match parts.as_slice() {
            [] => return project(b, last, output),
            [one] => (*one).to_owned(),
            _ => b.node("Concat", format!("{name}/Concat"), &parts, vec![int("axis", 1)]),
        };
        match self.has_edge(0, last) {
            true => {
                let projected = project(b, last, output);
                layers::add(b, format!("{name}/Add"), &concatenated, &projected)
            }
            false => concatenated,
        }
    }

    /// Channels of each vertex. Those that enter the output share its channels, the
    /// first ones a channel more where they cannot share equally; any other has those
    /// of the widest vertex that it enters.
    fn widths(&self, output: i64) -> [i64; VERTICES] {
        let last = self.vertices() - 1;
        let mut widths = [0; VERTICES];
        let entering = (1..last).filter(|&v| self.has_edge(v, last)).count() as i64;
        let mut rest = output.checked_rem(entering).unwrap_or(0);
        for (v, width) in widths.iter_mut().enumerate().take(last).skip(1) {
            if self.has_edge(v, last) {
                *width = output / entering.max(1) + i64::from(rest > 0);
                rest -= 1;
            }
        }
        for v in (1..last).rev().filter(|&v| !self.has_edge(v, last)) {
            let entered = widths.iter().enumerate().take(last).skip(v + 1);
            let widest = entered.filter(|(to, _)| self.has_edge(v, *to)).map(|(_, w)| *w).max();
            if let Some(width) = widths.get_mut(v) {
                *width = widest.unwrap_or(0);
            }
        }
        widths
    }
}

impl Op101 {
    fn layer(self, b: &mut Builder, name: &str, x: &str, width: i64) -> String {
        match self {
            Self::Conv3x3 => layers::conv_bn(b, name, x, Conv::new(width, width, 3), Act::Relu),
            Self::Conv1x1 => layers::conv_bn(b, name, x, Conv::new(width, width, 1), Act::Relu),
            Self::MaxPool => max_pool(b, name, x, 3, 1),
        }
    }
}

/// MaxPool; padding keeps the size of odd kernels at stride 1.
fn max_pool(b: &mut Builder, name: &str, x: &str, kernel: i64, stride: i64) -> String {
    let attributes = vec![
        int("ceil_mode", 0),
        ints("dilations", &[1, 1]),
        ints("kernel_shape", &[kernel; 2]),
        ints("pads", &[(kernel - 1) / 2; 4]),
        ints("strides", &[stride; 2]),
    ];
    b.node("MaxPool", format!("{name}/MaxPool"), &[x], attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_shared_among_the_vertices_that_enter_the_output() {
        let widths = |s: &str, output| s.parse::<Cell101>().unwrap().widths(output);
        assert_eq!(widths("01 02 03 14 24 34|000", 128), [0, 43, 43, 42, 0, 0, 0]);
        assert_eq!(widths("01 12 23|00", 128), [0, 128, 128, 0, 0, 0, 0]);
        assert_eq!(widths("01 12 13 24 34|000", 256), [0, 128, 128, 128, 0, 0, 0]);
        assert_eq!(widths("01|", 128), [0; VERTICES]);
    }
}
