use super::super::{parse, write};
use super::*;
use crate::error::Error;

fn refused(s: &str) -> (usize, String) {
    match parse(s) {
        Err(Error::OpString { offset, reason }) => (offset, reason),
        other => panic!("{s}: {other:?}"),
    }
}

#[test]
fn canonical_strings_come_back() {
    let long = "|1:Input@ax16+Relu;9{|1<-1:Gemm transB=1 b|2<-1<1:Add}|1<-1:Softmax";
    let strings = [
        "",
        ">c1",
        ">w3x4",
        "|1:Input@3>",
        "|1:Input@3>-1>-1",
        "|1:Input@3",
        "|1:Input@ax3x32x32+Conv k3 p1@ax16x32x32+BatchNormalization",
        "|1:Input@ax3x9x9+Conv !@?",
        "|1:Input@axbx4+Split@axbx2//axbx1>-1>-1.2",
        "|1:Input@2x(1+((-1+a)/2))+Concat a0 c[4] ~ c['x%5d','y']@3:i64",
        "|1:Input@3|2<1<1:If [else_branch |1:Input o0@3+A] [then_branch |1:Input o0@3>-1>c1]",
        "|1:Input@3+f.G [= |1:Input i0@*:?+Relu]@*:?",
        "|1:Range c0 c3 c1@3:i64",
        "|1:Input@1:type-2+Foo t=w2:type-7 w3:type-2@1:type-2147483648/a:i64:map.type-1|2<1.1:Bar",
        "|1:Input@2+A.B name='%5b%5d%20' other=[1,'%3d']@*:seq",
        long,
    ];
    for s in strings {
        let g = parse(s).unwrap_or_else(|e| panic!("{s}: {e}"));
        assert_eq!(write(&g), s);
    }
    assert_eq!(parse(long).unwrap().ops.len(), 2 + 18 + 1);
}

#[test]
fn inferred_weights_are_filled_in() {
    let g = parse("|1:Input@ax3x32x32+Conv g3 k3x1 b@ax6x32x32").unwrap();
    let weights = ["6x1x3x1", "6"].map(|w| Operand::Weight(w.into()));
    assert_eq!(g.ops[1].operands[1..], weights);
}

#[test]
fn repetitions_refer_back_ahead_and_to_the_whole() {
    let g = parse("|1:Input@2|2:Input@3;3{|1<-1<^1:A+B+C|2<1<1:D}").unwrap();
    let reads: Vec<Vec<usize>> =
        g.ops.iter().map(|o| o.operands.iter().map(of).collect()).collect();
    assert_eq!(reads[2..6], [vec![1, 0], vec![2], vec![3], vec![4, 4]]);
    assert_eq!(reads[6..10], [vec![5, 0], vec![6], vec![7], vec![8, 8]]);
    assert_eq!(reads.len(), 14);
}

fn of(o: &Operand) -> usize {
    match o {
        Operand::Value { op, .. } => *op,
        _ => usize::MAX,
    }
}

#[test]
fn malformed_strings_are_refused_where_they_go_wrong() {
    let cases = [
        ("x", 0, "expected a step"),
        ("|1:Input@3é", 10, "printable"),
        ("|2:Input@3", 1, "step 2 where 1"),
        ("|1:Input@3|1:Input@3", 11, "step 1 where 2"),
        ("|1:Input", 3, "needs a shape"),
        ("|1<1:A@3", 2, "before this one"),
        ("|1<-1:A@3", 2, "before this one"),
        ("|1<-0:A@3", 2, "before this one"),
        ("|1<^9:A@3", 2, "before this one"),
        ("|1:Input@3|2<1.1:A", 12, "no output 1"),
        ("|1:Input@3|2<1:A ~ ~@3", 15, "more values"),
        ("|1:Input@3|2<1:A q", 15, "is no operand"),
        ("|1:Input@3+A [x |1:Input i0@3", 29, "found the end"),
        ("|1:Input@3+A x=[1", 13, "bracket"),
        ("|1:Input@3+A x='1", 15, "quote"),
        ("|1:Input@(3", 9, "parenthesis"),
        ("|1:Input@*+Conv b", 11, "imply"),
        (";1{|1:A@3}", 1, "at least two"),
        (";2{}", 3, "expected a step"),
        (";2{=1}", 4, "no block 1"),
        ("|1:Input@3;99999999999999999999{|1<-1:A}", 11, "too large"),
        ("|1:Input@3;999999999{|1<-1:A}", 10, "operations"),
        ("|1:Input@3>-2", 11, "no value"),
        ("|1:Input@3>-1.1", 11, "no value"),
        ("|1:Input@3>x", 11, "is no output"),
        ("|1:Input@3]", 10, "expected a step"),
    ];
    for (s, offset, reason) in cases {
        let (at, why) = refused(s);
        assert!(at == offset && why.contains(reason), "{s}: {at} {why}");
    }
}

#[test]
fn nothing_is_written_out_beyond_the_limits() {
    let deep = "|1:If [a ".repeat(100_000);
    assert!(refused(&deep).1.contains("deeper than 64"));
    let doubling = "|1:A@1;2{|1:If [a ".repeat(60) + "|1:A@1" + &"]@1}".repeat(60);
    assert!(refused(&doubling).1.contains("operations"));
    let wide = format!("|1:Input@{}x1;400000{{|1<-1:A}}", "1".repeat(10_000));
    assert!(refused(&wide).1.contains("bytes"));
    let limits = ParseLimits { operations: 2, ..ParseLimits::default() };
    assert!(parse_within("|1:Input@3+A", limits).is_ok());
    assert!(parse_within("|1:Input@3+A+B", limits).is_err());
}
