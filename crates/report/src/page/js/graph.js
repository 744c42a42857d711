/** A drawing that Rust laid out. */
function networkFigure(drawing) {
  const [width, height] = drawing.size;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": "Graph of the network" });
  for (const b of drawing.blocks) {
    const [x, y, w, h] = b.at;
    picture.append(svg("rect", { class: "frame", x, y, width: w, height: h, rx: 8 }));
    picture.append(svg("text", { x: x + 10, y: y - 4 }, b.label));
  }
  for (const points of drawing.edges) {
    const d = points.map(([x, y], i) => {
      if (!i) return `M${x} ${y}`;
      const [ox, oy] = points[i - 1];
      return `C${ox} ${(oy + y) / 2} ${x} ${(oy + y) / 2} ${x} ${y}`;
    }).join("");
    picture.append(svg("path", { class: "edge", d }));
  }
  for (const n of drawing.nodes) {
    const [x, y, w, h] = n.at;
    const box = svg("g", {}, svg("title", {}, n.title), svg("rect", { class: "box", x, y, width: w, height: h, rx: 5 }));
    n.lines.forEach((line, i) => box.append(svg("text", { class: "mono", x: x + w / 2, y: y + 20 + 15 * i, "text-anchor": "middle" }, line)));
    picture.append(box);
  }
  const more = drawing.left_out ? ` ${drawing.left_out} more nodes are left out.` : "";
  return figure(el("div", { class: "drawing", tabindex: "0", role: "group", "aria-label": "Drawing, scrolls" }, picture),
    `The network: a box is a chain of operations, a frame a block that repeats.${more}`);
}

const CELL = /^\|(\w+)~0\|\+\|(\w+)~0\|(\w+)~1\|\+\|(\w+)~0\|(\w+)~1\|(\w+)~2\|$/;

/** The cell of a NATS-Bench topology; null for other architectures. */
function cellFigure(arch) {
  const found = CELL.exec(arch);
  if (!found) return null;
  const ends = [[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3]];
  const x = (n) => 40 + n * 150;
  const picture = svg("svg", { viewBox: "0 0 530 250", width: 530, height: 250, role: "img", "aria-label": `Cell ${arch}` });
  const lift = { "0-2": -150, "0-3": 170, "1-3": -150 };
  ends.forEach(([a, b], i) => {
    const op = found[i + 1];
    const rise = lift[`${a}-${b}`] || 0;
    const [from, to, middle] = [x(a), x(b), (x(a) + x(b)) / 2];
    const kind = op === "none" ? "edge off" : op.startsWith("nor_conv") ? "edge on" : "edge";
    picture.append(svg("path", { class: kind, d: `M${from} 118Q${middle} ${118 + rise} ${to} 118` }));
    const y = 118 + rise / 2 + (rise > 0 ? 16 : -7);
    picture.append(svg("text", { x: middle, y, "text-anchor": "middle", class: op === "none" ? null : "name" }, op));
  });
  for (const n of [0, 1, 2, 3]) {
    picture.append(svg("circle", { class: "box", cx: x(n), cy: 118, r: 14 }));
    picture.append(svg("text", { class: "name", x: x(n), y: 122, "text-anchor": "middle" }, ["in", "1", "2", "out"][n]));
  }
  return figure(picture, "The cell: each edge an operation, each node the sum of what comes in.");
}
