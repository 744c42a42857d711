//! `nneval report MODEL.onnx`: a model as one page.

use super::evaluate_list::{Item, Reading};
use super::evaluate_page::{rows, unanswered};
use super::evaluate_rows::Schema;
use super::evaluator_args;
use super::facts::Facts;
use super::predictor::Predictor;
use super::runtime_args::RuntimeArgs;
use super::shipped::Shipped;
use nneval::costs;
use nneval::evaluator::{Answers, EvaluatorSet};
use nneval::graph::{Model, budget};
use nneval::inputs;
use nneval::report::{PageModel, PagePrediction};
use std::path::Path;

/// Facts, predictions, blocks and graph of a model file.
pub fn page(path: &Path, runtime: &RuntimeArgs, reading: &Reading) -> anyhow::Result<PageModel> {
    let mut page = budget::within(path, &reading.limits, || {
        let model = Model::open(path, &reading.limits)?;
        let sizes = inputs::all_sizes(&model, &reading.sizes);
        let all = costs::breakdown(&model, &sizes)?;
        let assumed = inputs::assumed(&model, &reading.sizes, &sizes);
        let page = PageModel::new(&model, &all);
        Ok::<_, nneval::Error>(PageModel { facts: Facts::new(all.costs, assumed).list(), ..page })
    })?;
    let (library, session) = runtime.load()?;
    let options = evaluator_args::options(&session);
    let set = EvaluatorSet::shipped(&Shipped::default(), library, options)?;
    let predictor = Predictor::Set(Box::new(set));
    let schema = Schema::new(&predictor, "path");
    let needs = predictor.needs();
    let item = Item::file(path.to_owned());
    predictor.stream(
        std::iter::once(item),
        |item| item.network(needs, reading),
        |_, answers| answers.into_iter().try_for_each(|a| predict(&mut page, &schema, a)),
    )?;
    Ok(page)
}

fn predict(page: &mut PageModel, schema: &Schema, answers: Answers) -> anyhow::Result<()> {
    let answers = answers?;
    page.unanswered = unanswered(schema, &answers).join(". ");
    for (manifest, prediction) in schema.known(&answers) {
        let row = |r: super::evaluate_page::Row| PagePrediction {
            metric: r.metric,
            value: format!("{} {}", r.value, r.unit).trim_end().to_owned(),
            interval: r.interval,
            error: r.error,
            evaluator: manifest.name.clone(),
        };
        page.predictions.extend(rows(manifest, prediction).into_iter().map(row));
    }
    Ok(())
}
