// What a reader does with the page of a search, and what must come of it. The
// test adds this script to a copy of the page and reads the outcome.
const outcome = [];
const check = (name, good, detail) => outcome.push(good ? `ok ${name}` : `FAILED ${name}: ${String(detail)}`);
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const type = (input, value) => {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
};
const content = JSON.parse(one("#data").textContent);
const s = content.search;
const bodyRows = () => all("#table tbody tr");
const at = (row) => Number(row.dataset.at);

function sorting() {
  const heads = all("#table th button");
  check("a heading for each column", heads.length === s.columns.length + 1, heads.length);
  for (const way of ["ascending", "descending"]) {
    heads[1].click();
    check(`sorted ${way}`, heads[1].parentElement.getAttribute("aria-sort") === way, heads[1].parentElement.outerHTML);
    const shown = bodyRows().map((r) => s.values[1][at(r)]);
    const sorted = [...s.values[1]].sort((a, b) => (way === "ascending" ? a - b : b - a)).slice(0, shown.length);
    check(`rows are ${way}`, shown.length > 1 && shown.every((v, i) => v === sorted[i]), shown.slice(0, 5));
  }
  heads[heads.length - 1].click();
  const names = bodyRows().map((r) => s.arch[at(r)]);
  check("architectures sort too", names.every((n, i) => i === 0 || names[i - 1] <= n), names[0]);
  check("one column is sorted by", all("#table th[aria-sort]").length === 1);
}

function filtering() {
  const word = s.arch[s.front[0]];
  type(one("#filter"), word);
  check("the filter leaves one", bodyRows().length === 1 && at(bodyRows()[0]) === s.front[0], bodyRows().length);
  type(one("#filter"), "no architecture has this");
  check("the filter leaves none", bodyRows().length === 0);
  type(one("#filter"), "");
  one("#only-front").click();
  check("the winners alone", bodyRows().length === Math.min(50, s.front.length) && bodyRows().every((r) => s.front.includes(at(r))));
  one("#only-front").click();
  const limit = one("input[type=number]");
  const middle = [...s.values[0]].sort((a, b) => a - b)[Math.floor(s.arch.length / 2)];
  type(limit, middle);
  check("a condition", bodyRows().length > 0 && bodyRows().every((r) => s.values[0][at(r)] <= middle));
  type(limit, "");
}

function tooltips() {
  const tip = one("#tip");
  const points = all("#front circle.front, #front circle.chosen");
  check("a point for each of the front", points.length > 1 && points.length <= s.front.length, points.length);
  check("one point is in the tab order", points.filter((p) => p.getAttribute("tabindex") === "0").length === 1);
  points[0].focus();
  check("a tooltip by keyboard", !tip.hidden);
  check("it names the columns", s.columns.every((c) => tip.textContent.includes(c.name)), tip.textContent);
  const first = tip.querySelector("code").textContent;
  check("it has the architecture", s.front.some((i) => s.arch[i] === first), first);
  press("ArrowRight");
  check("arrow keys go on", document.activeElement === points[1] && tip.querySelector("code").textContent !== first);
  press("Enter");
  check("Enter chooses", one("#chosen").textContent.includes(tip.querySelector("code").textContent));
  press("Escape");
  check("Escape closes", tip.hidden);
  const label = points[0].getAttribute("aria-label");
  check("points are named", label.includes(first) && label.includes(s.columns[0].name), label);
  const dot = one("#front circle.other");
  dot.dispatchEvent(new MouseEvent("mouseenter", { clientX: 1270, clientY: 300 }));
  const box = tip.getBoundingClientRect();
  check("a tooltip by mouse", !tip.hidden && box.right <= window.innerWidth && box.left >= 0, box.right);
  dot.dispatchEvent(new MouseEvent("mouseleave"));
  check("it goes with the mouse", tip.hidden);
}

function keysInTable() {
  bodyRows()[0].focus();
  press("ArrowDown");
  check("down a row", document.activeElement === bodyRows()[1]);
  press("End");
  press("ArrowDown");
  check("on to the next page", document.activeElement === bodyRows()[0] && one("#candidates").textContent.includes("page 2"));
  press("PageUp");
  press("Enter");
  const chosen = all("#table tr[aria-selected=true]");
  check("Enter chooses a row", chosen.length === 1 && chosen[0] === document.activeElement);
  check("one row is in the tab order", bodyRows().filter((r) => r.tabIndex === 0).length === 1);
}

function drawing() {
  one("#only-front").click();
  bodyRows()[0].click();
  check("the network is drawn", all("#network rect.box").length > 5 && all("#network path.edge").length > 5);
  check("blocks have names", all("#network svg text").some((t) => t.textContent.includes("times")) || !all("#network rect.frame").length);
  one("#only-front").click();
}

function colours() {
  const paper = () => getComputedStyle(document.body).backgroundColor;
  const seen = {};
  for (let i = 0; i < 3; i++) {
    one("#theme").click();
    seen[document.documentElement.dataset.theme || "auto"] = paper();
  }
  check("light and dark differ", seen.light !== seen.dark && [seen.light, seen.dark].includes(seen.auto), JSON.stringify(seen));
}

function scores() {
  if (!content.scores || !content.scores.has_points) return;
  const select = one("#metric");
  const before = one("section[aria-labelledby=h-scores] svg[role=group]").getAttribute("aria-label");
  select.value = "1";
  select.dispatchEvent(new Event("change"));
  const after = one("section[aria-labelledby=h-scores] svg[role=group]").getAttribute("aria-label");
  check("another metric is drawn", before !== after && after.includes(content.scores.metrics[1].row.metric), after);
  check("rows are points", all("section[aria-labelledby=h-scores] svg circle:is(.dot, .out)").length > 10);
}

function structure() {
  check("one heading", all("h1").length === 1 && document.documentElement.lang === "en");
  check("pictures are named", all("main svg:not([aria-hidden])").every((p) => p.getAttribute("aria-label")));
  check("fields are named", all("main input, main select").every((f) => f.closest("label") || f.getAttribute("aria-label")));
  check("nothing is asked for", performance.getEntriesByType("resource").length === 0);
  check("nothing was put in as markup", all("img, iframe, object").length === 0);
  check("no width is lost", document.documentElement.scrollWidth <= window.innerWidth, document.documentElement.scrollWidth);
}

try {
  [structure, sorting, filtering, tooltips, keysInTable, drawing, colours, scores].forEach((step) => step());
} catch (e) {
  check("no exception", false, e.stack);
}
const pre = document.createElement("pre");
pre.id = "outcome";
pre.textContent = ["BEGIN", ...outcome, ...window.trouble.map((t) => `FAILED script: ${t}`), "END"].join("\n");
document.body.append(pre);
