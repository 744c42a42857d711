//! Benchmarks that print networks and tokens per second.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Throughput};
use std::hint::black_box;
use std::time::Instant;

/// Times `work`, a call of which handles so many networks of so many tokens, and
/// prints how many of each its fastest sample handled in a second.
pub fn rates<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    networks: usize,
    tokens: usize,
    mut work: impl FnMut() -> T,
) {
    let mut fastest = f64::INFINITY;
    group.throughput(Throughput::Elements(networks as u64));
    group.bench_function(id, |b| {
        b.iter_custom(|iterations| {
            let start = Instant::now();
            for _ in 0..iterations {
                black_box(work());
            }
            let taken = start.elapsed();
            fastest = fastest.min(taken.as_secs_f64() / iterations as f64);
            taken
        });
    });
    if fastest.is_finite() {
        let rate = |n: usize| n as f64 / fastest;
        println!("  {:.0} networks/s, {:.0} tokens/s", rate(networks), rate(tokens));
    }
}
