"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const sliders = data.controls.map((control, i) => {
  const label = document.createElement("label");
  label.className = "slider";
  const name = document.createElement("b");
  name.textContent = control.label;
  const input = document.createElement("input");
  Object.assign(input, {type: "range", min: 0, max: control.texts.length - 1, step: 1, id: "s" + i});
  input.value = control.start;
  const output = document.createElement("output");
  output.htmlFor = input.id;
  label.append(name, input, output);
  at("sliders").append(label);
  input.addEventListener("input", () => { told(i); ask(); });
  return {input, output, label, control};
});
function told(i) {
  const {input, output, label, control} = sliders[i];
  output.textContent = control.texts[input.value];
  input.setAttribute("aria-valuetext", output.textContent);
  label.classList.toggle("moved", Number(input.value) !== control.start);
}
const state = () => ({positions: sliders.map((s) => Number(s.input.value)), hire: at("hire").checked});
async function post(what) {
  const response = await fetch(what, {
    method: "POST",
    headers: {"Content-Type": "application/json", "X-Token": data.token},
    body: JSON.stringify(state()),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}
let busy = false, waiting = false;
// One question at a time; of those asked meanwhile only the last is put.
async function ask() {
  if (busy) { waiting = true; return; }
  busy = true;
  at("drawing").classList.add("stale");
  try {
    show(await post("view"));
  } catch (error) {
    at("sentence").textContent = error.message;
  }
  busy = false;
  if (waiting) { waiting = false; ask(); }
}
function row(kind, texts, classes) {
  const line = document.createElement("tr");
  texts.forEach((text, i) => {
    const cell = document.createElement(i === 0 || kind === "th" ? "th" : "td");
    if (i > 0 && classes) cell.className = "p" + (i - 1);
    cell.scope = kind === "th" ? "col" : "row";
    cell.textContent = text;
    line.append(cell);
  });
  return line;
}
function show(view) {
  at("sentence").textContent = view.sentence;
  at("drawing").innerHTML = view.drawing;
  at("drawing").classList.remove("stale");
  at("head").replaceChildren(row("th", view.head, true));
  at("rows").replaceChildren(...view.rows.map((texts) => row("td", texts)));
  at("basis").textContent = view.basis;
  at("changed").replaceChildren(...view.changed.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  document.body.dataset.views = Number(document.body.dataset.views || 0) + 1;
}
at("hire").addEventListener("change", ask);
at("reset").addEventListener("click", () => {
  sliders.forEach((s, i) => { s.input.value = s.control.start; told(i); });
  ask();
});
at("save").addEventListener("click", async () => {
  try {
    at("saved").textContent = "Saved " + (await post("save")).path;
  } catch (error) {
    at("saved").textContent = error.message;
  }
});
sliders.forEach((_, i) => told(i));
show(data.view);
