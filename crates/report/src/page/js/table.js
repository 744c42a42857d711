/** Rows that pass the filters, sorted: positions of candidates. */
function arrange(s, query) {
  const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
  const onFront = new Set(s.front);
  const pass = (i) => {
    if (query.front && !onFront.has(i)) return false;
    if (words.length && !words.every((w) => s.arch[i].toLowerCase().includes(w))) return false;
    if (query.limit === null) return true;
    const v = s.values[query.column][i];
    return v !== null && (query.side === "<=" ? v <= query.limit : v >= query.limit);
  };
  const key = (i) => (query.sort < 0 ? s.arch[i] : s.values[query.sort][i]);
  const compare = (i, j) => {
    const [a, b] = [key(i), key(j)];
    if (a === b) return i - j;
    if (a === null) return 1;
    if (b === null) return -1;
    return (a < b ? -1 : 1) * query.way;
  };
  return s.arch.map((_, i) => i).filter(pass).sort(compare);
}

function tableSection(parts) {
  const { s } = parts;
  const query = { text: "", front: false, column: 0, side: "<=", limit: null, sort: s.sort[0], way: s.sort[1] };
  const onFront = new Set(s.front);
  let [rows, page, at] = [[], 0, 0];
  const body = el("tbody", {});
  const count = el("span", { class: "muted" });
  const back = el("button", { type: "button", onclick: () => turn(page - 1) }, "Previous");
  const next = el("button", { type: "button", onclick: () => turn(page + 1) }, "Next");
  const heads = [...s.columns.map((c, i) => [withUnit(c.name, c.unit), i]), ["architecture", -1]].map(([name, i]) =>
    el("th", { scope: "col", class: i < 0 ? "text" : null, "data-column": i },
      el("button", { type: "button", onclick: () => sortBy(i) }, name)));

  function sortBy(i) {
    query.way = query.sort === i ? -query.way : 1;
    query.sort = i;
    update();
    say(`Sorted by ${i < 0 ? "architecture" : s.columns[i].name}, ${query.way > 0 ? "ascending" : "descending"}`);
  }
  function update() {
    rows = arrange(s, query);
    heads.forEach((h) => {
      const own = Number(h.dataset.column) === query.sort;
      if (own) h.setAttribute("aria-sort", query.way > 0 ? "ascending" : "descending");
      else h.removeAttribute("aria-sort");
    });
    turn(0);
  }
  function turn(to, focus) {
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    page = Math.max(0, Math.min(pages - 1, to));
    const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
    body.replaceChildren(...shown.map(rowOf));
    at = 0;
    count.textContent = `${number(rows.length)} of ${number(s.arch.length)} candidates, page ${page + 1} of ${pages}`;
    back.disabled = page === 0;
    next.disabled = page === pages - 1;
    if (focus) go(focus === "last" ? shown.length - 1 : 0);
  }
  function rowOf(i, k) {
    const cells = s.columns.map((_, c) => {
      const known = s.lo[c] && s.lo[c][i] !== null;
      const ends = known ? el("small", {}, `${number(s.lo[c][i])} to ${number(s.hi[c][i])}`) : null;
      return el("td", {}, number(s.values[c][i], 5), ends);
    });
    const star = onFront.has(i) ? el("span", { class: "star", title: s.label }, "★ ") : null;
    const row = el("tr", { tabindex: k ? "-1" : "0", "aria-selected": i === parts.chosen ? "true" : "false", "data-at": i,
      onclick: () => { go(k, true); parts.choose(i); } },
    cells, el("td", { class: "arch" }, star, s.arch[i]));
    row.addEventListener("focus", () => { at = k; });
    return row;
  }
  function go(k, quietly) {
    const all = body.rows;
    if (!all.length) return;
    all[Math.min(at, all.length - 1)].tabIndex = -1;
    at = Math.max(0, Math.min(all.length - 1, k));
    all[at].tabIndex = 0;
    all[at].focus({ preventScroll: quietly });
  }
  body.addEventListener("keydown", (e) => {
    const last = body.rows.length - 1;
    if (e.key === "ArrowDown" && at === last) turn(page + 1, "first");
    else if (e.key === "ArrowUp" && at === 0 && page) turn(page - 1, "last");
    else if (e.key === "ArrowDown") go(at + 1);
    else if (e.key === "ArrowUp") go(at - 1);
    else if (e.key === "Home") go(0);
    else if (e.key === "End") go(last);
    else if (e.key === "PageDown") turn(page + 1, "first");
    else if (e.key === "PageUp") turn(page - 1, "first");
    else if (e.key === "Enter" || e.key === " ") parts.choose(Number(body.rows[at].dataset.at));
    else return;
    e.preventDefault();
  });
  parts.listeners.push((i) => {
    for (const row of body.rows) row.setAttribute("aria-selected", String(Number(row.dataset.at) === i));
  });
  const text = el("input", { type: "search", id: "filter", placeholder: "words of the architecture",
    oninput: (e) => { query.text = e.target.value; update(); } });
  const front = el("input", { type: "checkbox", id: "only-front", onchange: (e) => { query.front = e.target.checked; update(); } });
  const column = el("select", { "aria-label": "Metric of the condition", onchange: (e) => { query.column = Number(e.target.value); update(); } },
    s.columns.map((c, i) => el("option", { value: i }, withUnit(c.name, c.unit))));
  const side = el("select", { "aria-label": "At most or at least", onchange: (e) => { query.side = e.target.value; update(); } },
    el("option", { value: "<=" }, "≤"), el("option", { value: ">=" }, "≥"));
  const limit = el("input", { type: "number", step: "any", "aria-label": "Limit", placeholder: "any",
    oninput: (e) => { query.limit = e.target.value === "" ? null : Number(e.target.value); update(); } });
  update();
  return el("section", { "aria-labelledby": "h-table", id: "candidates" },
    el("h2", { id: "h-table" }, "Candidates"),
    el("div", { class: "bar" }, el("label", {}, "Filter", text), el("label", {}, front, `only ${s.label}`), el("span", {}, column, side, limit)),
    el("div", { class: "scroll" }, el("table", { id: "table" },
      el("caption", {}, `Candidates; ★ ${s.label}. Headings sort; arrow keys go through the rows, Enter chooses.`),
      el("thead", {}, el("tr", {}, heads)), body)),
    el("div", { class: "bar" }, back, next, count));
}
