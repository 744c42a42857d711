const SIZE = { width: 560, height: 420, left: 66, right: 14, top: 12, bottom: 48 };

/** A picture with axes; x and y are {range, name}. Gives the SVG and scales. */
function plot(x, y, label, about) {
  const { width, height, left, right, top, bottom } = SIZE;
  const scale = ([lo, hi], from, to) => (v) => from + ((v - lo) / (hi - lo)) * (to - from);
  const px = scale(x.range, left, width - right);
  const py = scale(y.range, height - bottom, top);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": label });
  picture.append(svg("desc", {}, about));
  const axes = svg("g", { "aria-hidden": "true" });
  for (const [v, text] of ticks(...x.range, 6)) {
    axes.append(svg("path", { class: "grid", d: `M${px(v)} ${top}V${height - bottom}` }));
    axes.append(svg("text", { x: px(v), y: height - bottom + 17, "text-anchor": "middle" }, text));
  }
  for (const [v, text] of ticks(...y.range, 6)) {
    axes.append(svg("path", { class: "grid", d: `M${left} ${py(v)}H${width - right}` }));
    axes.append(svg("text", { x: left - 7, y: py(v) + 4, "text-anchor": "end" }, text));
  }
  axes.append(svg("path", { class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}` }));
  axes.append(svg("text", { class: "name", x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, x.name));
  const middle = (top + height - bottom) / 2;
  axes.append(svg("text", { class: "name", x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, y.name));
  picture.append(axes);
  return { picture, px, py };
}

/** A path through points. */
function path(points, px, py) {
  return points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
}
