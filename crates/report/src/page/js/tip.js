const tip = document.getElementById("tip");

/** Shows a tooltip beside a point of the window: a heading and pairs. */
function showTip(heading, pairs, x, y) {
  tip.replaceChildren(el("code", {}, heading));
  if (pairs.length) tip.append(facts(pairs));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.min(Math.max(6, x + 14), window.innerWidth - box.width - 6);
  const below = y + 16 + box.height < window.innerHeight;
  tip.style.left = `${Math.max(6, left)}px`;
  tip.style.top = `${below ? y + 16 : Math.max(6, y - box.height - 12)}px`;
}
function hideTip() {
  tip.hidden = true;
}
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") hideTip();
});
window.addEventListener("scroll", hideTip, { passive: true });

/** A list of names and values, long values folded. */
function facts(pairs) {
  const shown = (value) => (value.length < 200 ? value
    : el("details", {}, el("summary", {}, `${value.slice(0, 90)}…`), el("code", {}, value)));
  return el("dl", { class: "facts" }, pairs.map(([name, value]) => [el("dt", {}, name), el("dd", {}, shown(value))]));
}

/**
 * Tooltips of points by mouse and keyboard: one of the points is in the tab
 * order, arrow keys go to its neighbours, Home and End to the ends, Enter
 * chooses, Escape closes the tooltip.
 */
function explore(picture, points, describe, choose) {
  let at = 0;
  const show = (i, x, y) => {
    const [heading, pairs] = describe(i);
    showTip(heading, pairs, x, y);
  };
  const go = (to) => {
    if (!points.length) return;
    points[at].setAttribute("tabindex", "-1");
    at = Math.max(0, Math.min(points.length - 1, to));
    points[at].setAttribute("tabindex", "0");
    points[at].focus();
  };
  points.forEach((point, i) => {
    const [heading, pairs] = describe(i);
    make(point, { tabindex: i ? "-1" : "0", role: choose ? "button" : "img" }, []);
    point.setAttribute("aria-label", [heading, ...pairs.map((p) => p.join(" "))].join(", "));
    point.addEventListener("mouseenter", (e) => show(i, e.clientX, e.clientY));
    point.addEventListener("mouseleave", hideTip);
    point.addEventListener("blur", hideTip);
    point.addEventListener("focus", () => {
      const box = point.getBoundingClientRect();
      at = i;
      show(i, box.right, box.bottom);
    });
    if (choose) point.addEventListener("click", () => choose(i));
  });
  const keys = { ArrowRight: () => at + 1, ArrowUp: () => at + 1, ArrowLeft: () => at - 1, ArrowDown: () => at - 1 };
  picture.addEventListener("keydown", (e) => {
    const to = keys[e.key] || { Home: () => 0, End: () => points.length - 1 }[e.key];
    if (to) go(to());
    else if (choose && (e.key === "Enter" || e.key === " ")) choose(at);
    else return;
    e.preventDefault();
  });
}
