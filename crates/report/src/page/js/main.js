const main = document.getElementById("main");
if (data.model) main.append(...modelSections(data.model));
if (data.evaluator) {
  main.append(el("section", { "aria-labelledby": "h-evaluator" },
    el("h2", { id: "h-evaluator" }, "The evaluator"), facts(data.evaluator)));
}
if (data.scores) main.append(scoresSection(data.scores));
if (data.curves) main.append(curvesSection(data.curves));
if (data.search) main.append(...searchSections(data.search));
document.getElementById("made").append(`Made by ${data.program}: `, el("code", {}, data.command));

const theme = document.getElementById("theme");
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const next = { auto: "light", light: "dark", dark: "auto" }[root.dataset.theme || "auto"];
  if (next === "auto") delete root.dataset.theme;
  else root.dataset.theme = next;
  theme.textContent = `Colours: ${next}`;
  theme.setAttribute("aria-label", next === "auto" ? "Colours: as the system" : `Colours: ${next}`);
});
