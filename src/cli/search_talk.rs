//! `nneval search --ask-tell`: a search by JSON lines on stdin and stdout. Each
//! line of input has one line of output; a line that cannot be obeyed is
//! answered by an error and changes nothing but what that error says.

use super::search_output::{Context, metrics, write};
use nneval::files::printable_json;
use nneval::graph::Model;
use nneval::search::{CandidateEvaluator, CandidateValues, Search, SearchSpace};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Value, json};
use std::io::{BufRead, Read};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Longest line, in bytes.
const LINE: u64 = 16 << 20;
/// Candidates of one request, at most.
const MOST: usize = 10_000;
/// Least time between two writes of the state.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// Answers until stdin ends, then writes what a search writes.
pub fn talk<S: SearchSpace>(
    search: &mut Search<S>,
    context: &Context,
    budget: Option<usize>,
) -> anyhow::Result<ExitCode> {
    let mut everything = None;
    let mut saved = Instant::now();
    let mut input = std::io::stdin().lock();
    for number in 1usize.. {
        let Some(line) = line(&mut input)? else { break };
        let mut talk = Talk { search, context, budget, everything: &mut everything };
        let answer = match line.and_then(|l| talk.answer(&l)) {
            Ok(answer) => answer,
            Err(e) => json!({"error": format!("line {number}: {e}")}),
        };
        super::console::print(printable_json(&format!("{answer}\n")))?;
        if saved.elapsed() >= SAVE_EVERY {
            context.save(search)?;
            saved = Instant::now();
        }
    }
    write(search, context)?;
    Ok(ExitCode::SUCCESS)
}

/// The next line; `None` at the end of the input.
fn line(input: &mut impl BufRead) -> std::io::Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    if input.by_ref().take(LINE).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 == LINE && !bytes.ends_with(b"\n") {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(format!("longer than {LINE} bytes"))));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())))
}

struct Talk<'t, 's, S: SearchSpace> {
    search: &'t mut Search<'s, S>,
    context: &'t Context<'t>,
    budget: Option<usize>,
    everything: &'t mut Option<CandidateEvaluator>,
}

impl<S: SearchSpace> Talk<'_, '_, S> {
    fn answer(&mut self, line: &str) -> Result<Value, String> {
        let Request(name, value) = serde_json::from_str(line)
            .map_err(|e| format!("expected an object of one of ask, tell, evaluate, front: {e}"))?;
        let value = &value;
        match name.as_str() {
            "ask" => self.ask(value),
            "tell" => self.tell(value),
            "evaluate" => self.evaluate(value),
            "front" if *value == Value::Bool(true) => Ok(self.front()),
            "front" => Err("front: expected true".into()),
            other => Err(format!("{other:?} is none of ask, tell, evaluate, front")),
        }
    }

    fn ask(&mut self, value: &Value) -> Result<Value, String> {
        let n = value.as_u64().and_then(|n| usize::try_from(n).ok());
        let n = n.filter(|n| (1..=MOST).contains(n));
        let n = n.ok_or_else(|| format!("ask: expected a number from 1 to {MOST}"))?;
        let left = self.budget.map_or(n, |b| b.saturating_sub(self.search.history().len()));
        let keys = self.search.ask(n.min(left));
        let values = self.context.measure.values(self.search.space(), &keys);
        let from = self.search.history().len();
        for (key, values) in keys.into_iter().zip(values) {
            self.search.add(key, values);
        }
        let columns = &self.search.problem().columns;
        let one = |c: &nneval::search::Candidate| match &c.error {
            None => {
                json!({"arch": c.key, "metrics": metrics(columns, &c.values), "flagged": c.flagged})
            }
            Some(e) => json!({"arch": c.key, "error": e}),
        };
        let new = self.search.history().get(from..).unwrap_or_default();
        Ok(json!({"candidates": new.iter().map(one).collect::<Vec<_>>()}))
    }

    /// Tells one after the other up to the first that is wrong.
    fn tell(&mut self, value: &Value) -> Result<Value, String> {
        let list = value.as_array().ok_or("tell: expected a list")?;
        for (i, entry) in list.iter().enumerate() {
            let told = told(entry).and_then(|(arch, values)| {
                self.search.tell(arch, &values).map_err(|e| e.to_string())
            });
            told.map_err(|e| format!("tell: entry {}: {e}; {i} before it were told", i + 1))?;
        }
        Ok(json!({"told": list.len()}))
    }

    fn front(&self) -> Value {
        let columns = &self.search.problem().columns;
        let winners = self.search.winners(self.context.top);
        let one = |c: &&nneval::search::Candidate| {
            let metrics = metrics(columns, &c.values);
            json!({"arch": c.key, "metrics": metrics, "told": c.told, "flagged": c.flagged})
        };
        json!({"front": winners.iter().map(one).collect::<Vec<_>>()})
    }

    /// All metrics of all evaluators, and all static costs.
    fn evaluate(&mut self, value: &Value) -> Result<Value, String> {
        let texts = || value.as_array()?.iter().map(|v| v.as_str().map(str::to_owned)).collect();
        let keys: Option<Vec<String>> = texts();
        let keys = keys.ok_or("evaluate: expected a list of architectures or paths")?;
        if keys.len() > MOST {
            return Err(format!("evaluate: more than {MOST} at once"));
        }
        let all = match self.everything.take() {
            Some(measure) => measure,
            None => self.context.measure.everything().map_err(|e| e.to_string())?,
        };
        let space = self.search.space();
        let results = all.of_models(&keys, |key| match space.parse(key) {
            Ok(arch) => space.model(&arch),
            Err(_) if key.ends_with(".onnx") => Ok(Model::open(key, &self.context.limits)?),
            Err(e) => Err(e),
        });
        let columns = all.columns();
        let one = |(key, result): (&String, nneval::search::Result<CandidateValues>)| match result {
            Ok(m) => {
                json!({"arch": key, "metrics": metrics(&columns, &m.values), "flagged": m.flagged})
            }
            Err(e) => json!({"arch": key, "error": e.to_string()}),
        };
        let results: Vec<Value> = keys.iter().zip(results).map(one).collect();
        *self.everything = Some(all);
        Ok(json!({"results": results}))
    }
}

/// The one member of an object.
struct Request(String, Value);

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only;
        impl<'de> Visitor<'de> for Only {
            type Value = Request;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object of one member")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Request, A::Error> {
                let first = map.next_entry()?;
                let (name, value) = first.ok_or_else(|| A::Error::custom("it has no member"))?;
                match map.next_key::<String>()? {
                    None => Ok(Request(name, value)),
                    Some(_) => Err(A::Error::custom("it has more than one member")),
                }
            }
        }
        deserializer.deserialize_map(Only)
    }
}

/// An architecture and values by metric.
type Told<'a> = (&'a str, Vec<(String, f64)>);

/// Reads an entry of `tell`.
fn told(entry: &Value) -> Result<Told<'_>, String> {
    let arch = entry.get("arch").and_then(Value::as_str).ok_or("no \"arch\"")?;
    let metrics = entry.get("metrics").and_then(Value::as_object).ok_or("no \"metrics\"")?;
    let number = |(name, v): (&String, &Value)| match v.as_f64() {
        Some(x) => Ok((name.clone(), x)),
        None => Err(format!("{name}: {v} is not a number")),
    };
    Ok((arch, metrics.iter().map(number).collect::<Result<Vec<_>, _>>()?))
}
