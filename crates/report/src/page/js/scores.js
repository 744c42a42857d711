/** τ with its interval, and the baselines' τ as ticks, on a line from 0 to 1. */
function tauBar(own, baselines) {
  const x = (v) => 4 + Math.max(0, Math.min(1, v)) * 92;
  const bar = svg("svg", { class: "tau", viewBox: "0 0 100 16", width: 100, height: 16, "aria-hidden": "true" });
  bar.append(svg("path", { class: "grid", d: "M4 8H96" }));
  for (const b of baselines) {
    if (b !== null) bar.append(svg("path", { class: "base", d: `M${x(Math.abs(b))} 3V13` }));
  }
  if (own.tau_lo !== null) bar.append(svg("path", { class: "line", d: `M${x(own.tau_lo)} 8H${x(own.tau_hi)}` }));
  if (own.tau !== null) bar.append(svg("circle", { class: "front", cx: x(own.tau), cy: 8, r: 3.6 }));
  return bar;
}

const span = (lo, hi, show) => (lo === null || hi === null ? null : el("small", {}, `${show(lo)} to ${show(hi)}`));
const share = (v) => (v === null ? "–" : `${(100 * v).toFixed(1)} %`);

/** How well metrics are predicted: a table, and a picture of the chosen one. */
function scoresSection(scores) {
  const names = scores.baselines;
  const select = el("select", { id: "metric" }, scores.metrics.map((m, i) => el("option", { value: i }, m.row.metric)));
  const row = (m, i) => {
    const r = m.row;
    const own = el("button", { type: "button", onclick: () => choose(i, true) }, r.metric);
    return el("tr", {},
      el("th", { scope: "row", class: "text" }, scores.has_points ? own : r.metric),
      el("td", { class: "text" }, r.unit || "–"),
      el("td", {}, number(r.n)),
      el("td", {}, three(r.tau), span(r.tau_lo, r.tau_hi, three)),
      el("td", {}, tauBar(r, m.baselines.map((b) => b.tau))),
      m.baselines.map((b) => el("td", {}, three(b.tau), span(b.lo, b.hi, three))),
      el("td", {}, three(r.rho)),
      el("td", {}, number(r.mae)),
      el("td", {}, share(r.median_rel_err)),
      el("td", {}, share(r.coverage)));
  };
  const heads = ["unit", "rows", "τ", "0 to 1", ...names.map((n) => `τ of ${n}`), "ρ", "MAE", "median error", "inside interval"];
  const about = scores.about + (names.length ? " Ticks in the column “0 to 1”: the baselines, without sign." : "");
  const table = el("table", {},
    el("caption", {}, about),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "text" }, "metric"),
      heads.map((h, i) => el("th", { scope: "col", class: i ? null : "text" }, h)))),
    el("tbody", {}, scores.metrics.map(row)));
  const section = el("section", { "aria-labelledby": "h-scores" },
    el("h2", { id: "h-scores" }, "How well it predicts"),
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table of metrics" }, table));
  if (!scores.has_points) return section;
  const zoom = el("input", { type: "checkbox", id: "zoom" });
  const place = el("div", { class: "two" });
  const choose = (i, move) => {
    select.value = i;
    const m = scores.metrics[i];
    if (move !== null) zoom.checked = isStretched(m.reported);
    const cut = zoom.checked ? 0.05 : 0;
    place.replaceChildren(scatterFigure(scores, m, cut), residualFigure(m, cut));
    if (move) {
      select.focus();
      say(`Pictures of ${m.row.metric}`);
    }
  };
  select.addEventListener("change", () => choose(Number(select.value)));
  zoom.addEventListener("change", () => choose(Number(select.value), null));
  section.append(el("div", { class: "bar" },
    el("label", {}, "Metric", select),
    el("label", {}, zoom, "only the middle 90 % of the rows")), place);
  choose(0);
  return section;
}

const outside = (m, i) => m.lo[i] !== null && (m.reported[i] < m.lo[i] || m.reported[i] > m.hi[i]);
const known = (m) => m.reported.map((_, i) => i).filter((i) => m.reported[i] !== null);

function figure(picture, caption) {
  return el("figure", {}, picture, el("figcaption", {}, caption));
}

/** Predicted against reported. */
function scatterFigure(scores, m, cut) {
  const r = m.row;
  const rows = known(m);
  const [a, b] = [rows.map((i) => m.reported[i]), rows.map((i) => m.predicted[i])];
  const [ea, eb] = [extent(a, cut), extent(b, cut)];
  const range = [Math.min(ea[0], eb[0]), Math.max(ea[1], eb[1])];
  const inside = (v) => within(v, range);
  const title = `${r.metric}: predicted against reported`;
  const about = `τ ${three(r.tau)}, ρ ${three(r.rho)}, mean absolute error ${number(r.mae)}${unitOf(r.unit)}, ${r.n} rows`;
  const { picture, px, py } = plot(
    { range, name: withUnit("reported", r.unit) }, { range, name: withUnit("predicted", r.unit) }, title, about);
  const clamp = (v) => Math.max(range[0], Math.min(range[1], v));
  const sorted = rows.filter((i) => m.lo[i] !== null && inside(m.predicted[i])).sort((i, j) => m.predicted[i] - m.predicted[j]);
  const ends = [...sorted.map((i) => [clamp(m.lo[i]), m.predicted[i]]), ...sorted.reverse().map((i) => [clamp(m.hi[i]), m.predicted[i]])];
  if (ends.length) picture.append(svg("path", { class: "band", d: `${path(ends, px, py)}Z` }));
  picture.append(svg("path", { class: "same", d: path([[range[0], range[0]], [range[1], range[1]]], px, py) }));
  const drawn = rows.filter((i) => inside(m.reported[i]) && inside(m.predicted[i])).sort((i, j) => m.reported[i] - m.reported[j]);
  const points = drawn.map((i) => svg("circle", {
    class: outside(m, i) ? "out" : "dot", cx: px(m.reported[i]).toFixed(1), cy: py(m.predicted[i]).toFixed(1), r: 2.6 }));
  picture.append(...points);
  explore(picture, points, (k) => {
    const i = drawn[k];
    const value = (v) => number(v, 5) + unitOf(r.unit);
    const pairs = [["reported", value(m.reported[i])], ["predicted", value(m.predicted[i])]];
    if (m.lo[i] !== null) pairs.push(["interval", `${number(m.lo[i], 5)} to ${value(m.hi[i])}`]);
    return [scores.keys[i], pairs];
  });
  const level = m.level ? ` Band: ${(100 * m.level).toFixed(0)} % interval; orange: reported values outside of it.` : "";
  return figure(picture, `Predicted against reported: ${about}.${level} Line: equal values.`);
}

/** Reported less predicted. */
function residualFigure(m, cut) {
  const r = m.row;
  const rows = known(m);
  const residual = (i) => m.reported[i] - m.predicted[i];
  const x = extent(rows.map((i) => m.predicted[i]), cut);
  const y = extent(rows.map(residual), cut / 2);
  const { picture, px, py } = plot({ range: x, name: withUnit("predicted", r.unit) },
    { range: y, name: withUnit("reported − predicted", r.unit) }, `${r.metric}: residuals`, `${r.n} rows`);
  const seen = rows.filter((i) => within(m.predicted[i], x)).sort((i, j) => m.predicted[i] - m.predicted[j]);
  const clamp = (v) => Math.max(y[0], Math.min(y[1], v));
  const banded = seen.filter((i) => m.lo[i] !== null);
  const ends = [...banded.map((i) => [m.predicted[i], clamp(m.lo[i] - m.predicted[i])]),
    ...banded.reverse().map((i) => [m.predicted[i], clamp(m.hi[i] - m.predicted[i])])];
  if (ends.length) picture.append(svg("path", { class: "band", d: `${path(ends, px, py)}Z` }));
  if (y[0] < 0 && y[1] > 0) picture.append(svg("path", { class: "same", d: path([[x[0], 0], [x[1], 0]], px, py) }));
  for (const i of seen) {
    if (!within(residual(i), y)) continue;
    picture.append(svg("circle", { class: outside(m, i) ? "out" : "dot", cx: px(m.predicted[i]).toFixed(1), cy: py(residual(i)).toFixed(1), r: 2.6 }));
  }
  return figure(picture, "Residuals: reported less predicted values, over the predictions.");
}

/** Loss and mean validation τ by epoch. */
function curvesSection(curves) {
  const figures = [["training loss", curves.loss, "line"], ["validation τ, mean of the metrics", curves.tau, "line2"]].map(([name, values, style]) => {
    const points = curves.epochs.map((e, i) => [e, values[i]]).filter((p) => p[1] !== null);
    const last = points.length ? number(points[points.length - 1][1]) : "–";
    const { picture, px, py } = plot({ range: extent(curves.epochs), name: "epoch" },
      { range: extent(points.map((p) => p[1])), name }, name, `last: ${last}`);
    picture.append(svg("path", { class: style, d: path(points, px, py) }));
    for (const [a, b] of points) picture.append(svg("circle", { class: style === "line" ? "dot" : "out", cx: px(a), cy: py(b), r: 2.5 }));
    return figure(picture, `${name}; last: ${last}`);
  });
  return el("section", { "aria-labelledby": "h-curves" },
    el("h2", { id: "h-curves" }, "Learning curves"), el("div", { class: "two" }, figures));
}
