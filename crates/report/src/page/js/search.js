const MOST_POINTS = 4000;
const PAGE = 50;

/** Front, table of candidates and the chosen one, which know of each other. */
function searchSections(s) {
  const parts = { s, chosen: s.front.length ? s.front[0] : 0, listeners: [] };
  parts.value = (c, i) => s.values[c][i];
  parts.pairs = (i) => {
    const pairs = s.columns.map((c, k) => {
      const [lo, hi] = [s.lo[k] && s.lo[k][i], s.hi[k] && s.hi[k][i]];
      const known = lo !== null && lo !== undefined;
      return [c.name, number(s.values[k][i], 5) + unitOf(c.unit) + (known ? ` (${number(lo, 5)} to ${number(hi, 5)})` : "")];
    });
    if (s.flagged[i]) pairs.push(["domain", "unlike all networks that the evaluator has seen"]);
    if (s.told[i]) pairs.push(["source", "told, not predicted"]);
    if (s.error[i]) pairs.push(["error", s.error[i]]);
    return pairs;
  };
  parts.choose = (i, quietly) => {
    parts.chosen = i;
    parts.listeners.forEach((f) => f(i));
    if (!quietly) say(`Chosen: ${s.arch[i]}`);
  };
  if (!s.arch.length) return [summarySection(s)];
  const sections = [summarySection(s), frontSection(parts), networkSection(parts), tableSection(parts)];
  parts.choose(parts.chosen, true);
  return sections;
}

function summarySection(s) {
  return el("section", { "aria-labelledby": "h-search" }, el("h2", { id: "h-search" }, "The search"), facts(s.facts));
}

function frontSection(parts) {
  const { s } = parts;
  const axis = (id, at) => el("select", { id }, s.columns.map((c, i) => el("option", { value: i, selected: i === at }, withUnit(c.name, c.unit))));
  const [ax, ay] = [axis("axis-x", s.axes[0]), axis("axis-y", s.axes[1])];
  const place = el("figure", {});
  const onFront = new Set(s.front);
  const zoom = el("input", { type: "checkbox", id: "zoom-front" });
  const rangeOf = (k) => {
    const { goal } = s.columns[k];
    const cut = zoom.checked && isStretched(s.values[k]);
    return cut ? extent(s.values[k], goal > 0 ? 0.05 : 0, goal < 0 ? 0.05 : 0) : extent(s.values[k]);
  };
  zoom.checked = s.axes.some((k) => isStretched(s.values[k]));
  const draw = () => {
    const [x, y] = [Number(ax.value), Number(ay.value)];
    const [rx, ry] = [rangeOf(x), rangeOf(y)];
    const good = (i) => within(s.values[x][i], rx) && within(s.values[y][i], ry);
    const others = s.arch.map((_, i) => i).filter((i) => good(i) && !onFront.has(i));
    const step = Math.max(1, Math.ceil(others.length / MOST_POINTS));
    const some = others.filter((_, k) => k % step === 0);
    const front = s.front.filter(good).sort((a, b) => s.values[x][a] - s.values[x][b]);
    const name = (k) => withUnit(s.columns[k].name, s.columns[k].unit);
    const label = `${name(y)} over ${name(x)}`;
    const { picture, px, py } = plot(
      { range: rx, name: name(x) }, { range: ry, name: name(y) },
      label, `${s.arch.length} candidates, ${s.front.length} chosen ones`);
    const dots = some.map((i) => {
      const dot = svg("circle", { class: "other", cx: px(s.values[x][i]).toFixed(1), cy: py(s.values[y][i]).toFixed(1), r: 2.4 });
      dot.addEventListener("mouseenter", (e) => showTip(s.arch[i], parts.pairs(i), e.clientX, e.clientY));
      dot.addEventListener("mouseleave", hideTip);
      dot.addEventListener("click", () => parts.choose(i));
      return dot;
    });
    picture.append(...dots);
    if (s.two && [x, y].every((k) => s.axes.includes(k))) {
      picture.append(svg("path", { class: "line", d: path(front.map((i) => [s.values[x][i], s.values[y][i]]), px, py) }));
    }
    const points = front.map((i) => svg("circle", { class: "front", cx: px(s.values[x][i]).toFixed(1), cy: py(s.values[y][i]).toFixed(1), r: 5 }));
    const mark = svg("g", { "aria-hidden": "true" });
    picture.append(mark, ...points);
    explore(picture, points, (k) => [s.arch[front[k]], parts.pairs(front[k])], (k) => parts.choose(front[k]));
    parts.mark = (i) => {
      points.forEach((p, k) => p.classList.toggle("chosen", front[k] === i));
      mark.replaceChildren();
      if (!good(i)) return;
      const at = [s.values[x][i], s.values[y][i]];
      const line = (k, lo, hi) => {
        if (!s.lo[k] || s.lo[k][i] === null) return;
        const [from, to] = [s.lo[k][i], s.hi[k][i]].map((v) => (k === x ? px(v) : py(v)));
        mark.append(svg("path", { class: "whisker", d: k === x ? `M${from} ${py(at[1])}H${to}` : `M${px(at[0])} ${from}V${to}` }));
      };
      line(x);
      line(y);
      mark.append(svg("circle", { class: "whisker", cx: px(at[0]), cy: py(at[1]), r: 8 }));
    };
    parts.mark(parts.chosen);
    const sampled = step > 1 ? `, one in ${step} of the others drawn` : "";
    place.replaceChildren(picture, el("figcaption", {},
      `${number(s.arch.length)} candidates (grey${sampled}), ${number(s.front.length)} ${s.label} (blue). ` +
      "Point at one for its string and costs; in the picture arrow keys go along the blue ones, Enter chooses, Escape closes."));
  };
  [ax, ay, zoom].forEach((a) => a.addEventListener("change", draw));
  parts.listeners.push((i) => parts.mark && parts.mark(i));
  draw();
  return el("section", { "aria-labelledby": "h-front", id: "front" },
    el("h2", { id: "h-front" }, s.two ? "Pareto front" : "Candidates and winners"),
    el("div", { class: "bar" }, el("label", {}, "Across", ax), el("label", {}, "Up", ay),
      el("label", {}, zoom, "without the worst 5 % where they stretch an axis")),
    el("div", { class: "two" }, place, chosenPart(parts)));
}

/** The chosen candidate: its string, values and cell. */
function chosenPart(parts) {
  const { s } = parts;
  const body = el("div", { id: "chosen" });
  parts.listeners.push((i) => {
    const file = s.files[String(i)];
    const pairs = [...parts.pairs(i), ...(file ? [["file", file]] : [])];
    body.replaceChildren(el("h3", {}, "Chosen"), el("p", {}, el("code", {}, s.arch[i])), facts(pairs), cellFigure(s.arch[i]) || "");
  });
  return body;
}

/** The network of the chosen candidate. */
function networkSection(parts) {
  const { s } = parts;
  const body = el("div", {});
  parts.listeners.push((i) => {
    const drawing = s.graphs[String(i)];
    body.replaceChildren(drawing ? networkFigure(drawing)
      : el("p", { class: "muted" }, `The page has the graphs of those ${s.label} alone, ${Object.keys(s.graphs).length} of them.`));
  });
  return el("section", { "aria-labelledby": "h-network", id: "network" },
    el("h2", { id: "h-network" }, "Network of the chosen candidate"), body);
}
