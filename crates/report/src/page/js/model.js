/** Facts, predictions, costs by block and graph of a model. */
function modelSections(model) {
  const section = (id, title, ...children) =>
    el("section", { "aria-labelledby": id }, el("h2", { id }, title), ...children);
  const sections = [section("h-model", "The model", facts(model.facts))];
  sections.push(section("h-predictions", "Predictions", ...predictionParts(model)));
  if (model.blocks.length) sections.push(section("h-blocks", "Costs by block", blockTable(model)));
  if (model.graph) sections.push(section("h-graph", "The graph", networkFigure(model.graph)));
  return sections;
}

function predictionParts(model) {
  const parts = [];
  if (model.predictions.length) {
    const row = (p) => el("tr", {}, el("td", { class: "text" }, p.metric), el("td", {}, p.value),
      el("td", {}, p.interval), el("td", {}, p.error), el("td", { class: "text" }, p.evaluator));
    parts.push(el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { class: "text" }, "metric"), el("th", {}, "value"), el("th", {}, "interval"),
        el("th", {}, "on networks kept back"), el("th", { class: "text" }, "evaluator"))),
      el("tbody", {}, model.predictions.map(row)))));
  }
  if (model.unanswered) parts.push(el("p", { class: "muted" }, model.unanswered));
  return parts;
}

function blockTable(model) {
  const widest = Math.max(...model.blocks.map((b) => b.share || 0), 1e-9);
  const row = (b) => el("tr", {}, el("td", {}, String(b.place)), el("td", {}, `${b.count} ×`),
    el("td", { class: "text" }, b.scope), el("td", { class: "text", title: b.operators }, short(b.operators, 60)),
    el("td", { class: "text" }, b.output), el("td", {}, number(b.macs)),
    el("td", {}, b.share ? `${(100 * b.share).toFixed(1)} %` : ""),
    el("td", { class: "share" }, el("i", { style: `width: ${(100 * (b.share || 0) / widest).toFixed(2)}%` })));
  const heads = ["block", "times", "names", "operators", "output", "MACs", "share", ""];
  const left = ["names", "operators", "output"];
  const more = model.left_out ? ` ${model.left_out} more blocks are left out.` : "";
  return el("div", { class: "scroll" }, el("table", {},
    el("caption", {}, `In the order of the file; a block that repeats stands once, MACs are of all repetitions.${more}`),
    el("thead", {}, el("tr", {}, heads.map((h) => el("th", { class: left.includes(h) ? "text" : null }, h)))),
    el("tbody", {}, model.blocks.map(row))));
}

const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
