//! `nneval inspect` for reading: totals, then the largest contributors first.

use super::amounts::{Amounts, group};
use super::facts::sizes;
use super::inspect_report::{Report, share};
use super::roofline::Bound;
use nneval::costs::{Amount, BlockCost, OperatorCost};
use nneval::files::printable;
use nneval::tables::significant;
use std::cmp::Reverse;
use std::io::{self, Write};

/// Widest column of names; longer names push their row to the right.
const MAX_WIDTH: usize = 48;
/// Characters of a block's operators.
const OPERATORS_WIDTH: usize = 44;

/// Writes the page of one model.
pub fn write(out: &mut impl Write, r: &Report) -> io::Result<()> {
    let mut amounts = Amounts::default();
    totals(out, r, &mut amounts)?;
    match &r.blocks {
        Some(blocks) => by_block(out, r, blocks, &mut amounts)?,
        None => by_operator(out, r, &mut amounts)?,
    }
    for line in amounts.legend() {
        writeln!(out, "  where {}", printable(&line))?;
    }
    writeln!(out)
}

fn totals(out: &mut impl Write, r: &Report, amounts: &mut Amounts) -> io::Result<()> {
    let c = &r.costs;
    let mut line = |label: &str, value: &str| match value {
        "" => Ok(()),
        v => writeln!(out, "  {label:<22}{}", printable(v)),
    };
    line("file", &r.path)?;
    line("producer", &r.producer)?;
    line("operator sets", &format!("{} (IR {})", r.opsets(), r.ir_version))?;
    for (label, list) in [("input", &r.inputs), ("output", &r.outputs)] {
        list.iter().try_for_each(|p| line(label, &p.text()))?;
    }
    line("sizes assumed", &sizes(&r.assumed))?;
    line("parameters", &group(c.parameters))?;
    line("buffers", &group(c.buffers))?;
    line("other constants", &group(c.constants))?;
    line("weight bytes", &group(c.weight_bytes))?;
    line("MACs", &amounts.text(&c.macs))?;
    line("FLOPs", &amounts.text(&c.flops))?;
    line("activation bytes read", &amounts.text(&c.activation_bytes_read))?;
    line("... written", &amounts.text(&c.activation_bytes_written))?;
    line("... at most alive", &amounts.text(&c.peak_activation_bytes))?;
    line("weight bytes read", &amounts.text(&c.weight_bytes_read))?;
    let intensity = c.arithmetic_intensity.map(|i| format!("{i:.3} FLOPs a byte"));
    line("arithmetic intensity", &intensity.unwrap_or_default())?;
    line("depth", &c.depth.to_string())?;
    line("not in the totals", &r.unknown())?;
    line("least time", &least_time(r))
}

fn least_time(r: &Report) -> String {
    let Some(roofline) = &r.roofline else { return String::new() };
    let (of, total) = (&roofline.of, &roofline.total);
    let left_out = match total.left_out {
        0 => String::new(),
        n => format!(", {n} operators left out"),
    };
    format!(
        "{} ms at {} GFLOPS and {} GB/s; {:.0} % of it bound by memory{left_out}",
        significant(total.milliseconds, 3),
        of.gflops,
        of.gb_per_s,
        total.memory_share * 100.0
    )
}

fn by_operator(out: &mut impl Write, r: &Report, amounts: &mut Amounts) -> io::Result<()> {
    let times = r.roofline.as_ref().map(|b| b.operators.as_slice());
    let mut rows: Vec<(usize, &OperatorCost)> = r.costs.operators.iter().enumerate().collect();
    rows.sort_by_key(|(at, o)| (rank(&o.macs, &o.flops), Reverse(o.count), *at));
    let names: Vec<_> = rows.iter().map(|(_, o)| printable(&o.operator)).collect();
    let wide = names.iter().map(|n| n.chars().count()).max().unwrap_or(0).clamp(8, MAX_WIDTH);
    let head = format!(
        "  {:<wide$} {:>7} {:>18} {:>6} {:>18}",
        "operator", "count", "MACs", "share", "FLOPs"
    );
    writeln!(out, "{head}{}", time_head(times))?;
    for (name, (at, o)) in names.iter().zip(&rows) {
        let (macs, flops) = (amounts.text(&o.macs), amounts.text(&o.flops));
        let share = percent(&o.macs, &r.costs.macs);
        let row = format!("  {name:<wide$} {:>7} {macs:>18} {share:>6} {flops:>18}", o.count);
        writeln!(out, "{}", (row + &time(times, *at)).trim_end())?;
    }
    Ok(())
}

fn by_block(
    out: &mut impl Write,
    r: &Report,
    blocks: &[BlockCost],
    amounts: &mut Amounts,
) -> io::Result<()> {
    let times = r.roofline.as_ref().map(|b| b.blocks.as_slice());
    let mut rows: Vec<(usize, &BlockCost)> = blocks.iter().enumerate().collect();
    rows.sort_by_key(|(at, b)| (rank(&b.macs, &b.flops), *at));
    let texts: Vec<[String; 3]> = rows.iter().map(|(_, b)| block_texts(b)).collect();
    let width = |column: usize, least: usize| {
        let widths = texts.iter().filter_map(|t| t.get(column)).map(|t| t.chars().count());
        widths.max().unwrap_or(0).clamp(least, MAX_WIDTH)
    };
    let (scopes, operators, outputs) = (width(0, 0), width(1, 9), width(2, 6));
    let scope_head = if scopes > 0 { "names" } else { "" };
    let scopes = if scopes > 0 { scopes.max(5) } else { 0 };
    let head = format!(
        "  {:>5} {:>5}  {scope_head:<scopes$}  {:<operators$}  {:<outputs$} {:>18} {:>6}",
        "block", "times", "operators", "output", "MACs", "share"
    );
    writeln!(out, "{head}{}", time_head(times))?;
    for ([scope, kinds, output], (at, b)) in texts.iter().zip(&rows) {
        let (macs, share) = (amounts.text(&b.macs), percent(&b.macs, &r.costs.macs));
        let (place, count) = (at + 1, b.count);
        let row = format!(
            "  {place:>5} {count:>5}  {scope:<scopes$}  {kinds:<operators$}  {output:<outputs$} {macs:>18} {share:>6}"
        );
        writeln!(out, "{}", (row + &time(times, *at)).trim_end())?;
    }
    Ok(())
}

/// Names, operators of a repetition and output of a block, shortened.
fn block_texts(b: &BlockCost) -> [String; 3] {
    let short = |text: &str, most: usize| match text.chars().count() {
        n if n > most => text.chars().take(most - 3).chain("...".chars()).collect(),
        _ => text.to_owned(),
    };
    let shorts =
        [short(&b.scope, MAX_WIDTH), short(&b.content(), OPERATORS_WIDTH), short(&b.output, 24)];
    shorts.map(|text| printable(&text).into_owned())
}

/// Largest first; formulas before numbers.
fn rank(macs: &Amount, flops: &Amount) -> (Reverse<u64>, Reverse<u64>) {
    let of = |a: &Amount| Reverse(a.known().unwrap_or(u64::MAX));
    (of(macs), of(flops))
}

fn percent(part: &Amount, whole: &Amount) -> String {
    match share(part, whole) {
        Some(s) if s > 0.0 => format!("{:.1} %", s * 100.0),
        _ => String::new(),
    }
}

fn time_head(times: Option<&[Bound]>) -> String {
    times.map_or(String::new(), |_| format!(" {:>10} {}", "least ms", "bound by"))
}

fn time(times: Option<&[Bound]>, at: usize) -> String {
    let bound = times.and_then(|t| t.get(at)).filter(|b| b.milliseconds > 0.0);
    bound.map_or(String::new(), |b| format!(" {:>10} {}", significant(b.milliseconds, 3), b.by()))
}
