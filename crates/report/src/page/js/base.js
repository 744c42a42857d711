const data = JSON.parse(document.getElementById("data").textContent);
const NS = "http://www.w3.org/2000/svg";

/** An element; children are nodes or text. Text is never read as markup. */
function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((c) => c !== null && c !== undefined));
  return node;
}
const el = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => make(document.createElementNS(NS, tag), attributes, children);

/** Significant digits, without trailing noise. */
function number(v, digits = 4) {
  if (v === null || v === undefined || !Number.isFinite(v)) return "–";
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (Number.isInteger(v) && size < 1e12) return v.toLocaleString("en");
  if (size < 1e-4 || size >= 1e9) return v.toExponential(2);
  return v.toFixed(Math.min(9, Math.max(0, digits - 1 - Math.floor(Math.log10(size)))));
}
const three = (v) => (v === null || v === undefined ? "–" : v.toFixed(3));
const unitOf = (unit) => (unit ? ` ${unit}` : "");
const withUnit = (name, unit) => (unit ? `${name}, ${unit}` : name);

/** Tells a screen reader. */
function say(text) {
  document.getElementById("said").textContent = text;
}

/** Round numbers from lo to hi, about as many as asked for. */
function ticks(lo, hi, about) {
  const raw = (hi - lo) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw) || raw;
  const list = [];
  for (let i = Math.ceil(lo / step - 1e-9); i * step <= hi + step * 1e-9; i++) list.push(i * step);
  const digits = Math.max(0, Math.min(9, -Math.floor(Math.log10(step) + 1e-9)));
  return list.map((v) => [v, Math.abs(v) >= 1e6 ? v.toExponential(1) : v.toFixed(digits)]);
}

/** Range of the values less these shares of them at its ends, with some room. */
function extent(values, below = 0, above = below) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length) return [0, 1];
  const at = (q) => sorted[Math.round(q * (sorted.length - 1))];
  const [lo, hi] = [at(below), at(1 - above)];
  const room = hi > lo ? (hi - lo) * 0.04 : Math.max(1, Math.abs(lo)) * 0.05;
  return [lo - room, hi + room];
}

/** Whether a tenth of the values stretches their range much. */
function isStretched(values) {
  const [a, b] = [extent(values), extent(values, 0.05)];
  return a[1] - a[0] > 2 * (b[1] - b[0]);
}
const within = (v, [lo, hi]) => v !== null && v >= lo && v <= hi;
