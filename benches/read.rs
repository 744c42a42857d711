//! Time to read a model, spell it and count its costs.
//!
//! `NNEVAL_BENCH_MODEL` adds a file of one's own (`tools/bench_read.py` makes a
//! large one).

use criterion::{Criterion, criterion_group, criterion_main};
use nneval::graph::shape::{Bindings, Shapes};
use nneval::graph::{Limits, Model};
use std::hint::black_box;
use std::path::{Path, PathBuf};

fn models() -> Vec<PathBuf> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nats_tss_9930.onnx");
    let own = std::env::var_os("NNEVAL_BENCH_MODEL").map(PathBuf::from);
    std::iter::once(fixture).chain(own).collect()
}

fn read(c: &mut Criterion) {
    for path in models() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut g = c.benchmark_group(name);
        let open = || Model::open(&path, &Limits::default()).expect("a model");
        let model = open();
        let bound = Bindings::default();
        g.bench_function("open", |b| b.iter(|| black_box(open())));
        g.bench_function("shapes", |b| b.iter(|| black_box(Shapes::infer(&model, &bound))));
        g.bench_function("string", |b| {
            b.iter(|| {
                black_box(nneval::opstring::write(&nneval::opstring::of_model(&open()).unwrap()))
            })
        });
        g.bench_function("costs", |b| {
            b.iter(|| black_box(nneval::costs::of_model(&open(), &bound)))
        });
        g.finish();
    }
}

criterion_group!(benches, read);
criterion_main!(benches);
