"""The page of ``to_html``: its style and its script, with marks where the graph goes."""

from __future__ import annotations

__all__ = ["PAGE"]

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>@TITLE@</title>
<style>
:root { --back: #ffffff; --text: #17202e; --faint: #566175; --panel: #f6f8fb; --line: #c3cbd8;
  --mark: #d9480f }
@media (prefers-color-scheme: dark) {
  :root { --back: #10141b; --text: #eef2f8; --faint: #a9b4c6; --panel: #171d27; --line: #3b4657;
    --mark: #ffa94d }
}
* { box-sizing: border-box }
html, body { margin: 0; height: 100%; background: var(--back); color: var(--text);
  font: 14px/1.45 Helvetica, Arial, "Liberation Sans", sans-serif }
body { display: flex; flex-direction: column }
header { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; padding: 8px 14px;
  border-bottom: 1px solid var(--line); background: var(--panel) }
h1 { font-size: 16px; margin: 0 }
.summary, .found, footer { color: var(--faint) }
.space { flex: 1 }
input, button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line);
  border-radius: 6px; padding: 4px 10px }
input { width: 17em; max-width: 50vw }
button { cursor: pointer }
main { position: relative; flex: 1; min-height: 0; overflow: hidden }
main > svg { width: 100%; height: 100%; display: block; cursor: grab; touch-action: none; user-select: none }
main > svg.drag { cursor: grabbing }
.node { cursor: pointer }
.node:focus { outline: none }
.tg .node.near rect, .tg .node:focus-visible rect { stroke-width: 2.4 }
.tg .node.chosen rect { stroke: var(--mark); stroke-width: 3 }
.tg .edge.lit { stroke: var(--mark); stroke-width: 2.4 }
.searching .node:not(.hit) { opacity: .18 }
.searching .edge, .searching .tip { opacity: .25 }
aside { position: absolute; right: 12px; top: 12px; width: 320px; max-width: calc(100% - 24px);
  max-height: calc(100% - 24px); overflow: auto; padding: 12px 16px; background: var(--panel);
  border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 4px 16px rgba(0, 0, 0, .15) }
aside h2 { margin: 0 1.5em 6px 0; font-size: 15px; overflow-wrap: anywhere }
aside table { border-collapse: collapse; width: 100% }
aside th { text-align: left; font-weight: normal; color: var(--faint); padding: 1px 12px 1px 0;
  vertical-align: top; white-space: nowrap }
aside td { overflow-wrap: anywhere }
aside h3 { margin: 10px 0 2px; font-size: 13px; color: var(--faint); font-weight: normal }
aside ul { margin: 0; padding: 0; list-style: none }
aside li button { padding: 1px 8px; margin: 1px 0; text-align: left }
#close { position: absolute; right: 8px; top: 8px; border: none; background: none; font-size: 16px }
[hidden] { display: none }
footer { padding: 4px 14px; font-size: 12px; border-top: 1px solid var(--line) }
@media print { header .space, header input, header button, aside, footer { display: none } }
</style>
</head>
<body>
<header>
  <h1>@TITLE@</h1><span class="summary">@SUMMARY@</span><span class="space"></span>
  <span class="found" id="found" aria-live="polite"></span>
  <input id="search" type="search"
    placeholder="Search name, op, shape" aria-label="Search the graph">
  <button id="fit" title="Fit the graph to the window (0)">Fit</button>
  <button id="out" title="Zoom out (-)" aria-label="Zoom out">&minus;</button>
  <button id="in" title="Zoom in (+)" aria-label="Zoom in">+</button>
</header>
<main id="view">
@SVG@
<aside id="panel" hidden><button id="close" title="Close (Esc)" aria-label="Close">&times;</button>
<div id="details"></div></aside>
</main>
<footer>Drag to pan, wheel or + and - to zoom, 0 to fit, / to search, Enter for the next match, click a node
for details.</footer>
<script id="data" type="application/json">@DATA@</script>
<script>
"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const view = document.getElementById("view"), svg = view.querySelector("svg");
  const panel = document.getElementById("panel"), details = document.getElementById("details");
  const search = document.getElementById("search"), found = document.getElementById("found");
  const whole = svg.viewBox.baseVal, size = { w: whole.width, h: whole.height };
  const nodes = new Map(), edges = new Map();
  svg.querySelectorAll(".node").forEach(function (g) {
    const id = Number(g.dataset.id);
    nodes.set(id, g);
    g.setAttribute("tabindex", "0");
    g.setAttribute("role", "button");
    g.setAttribute("aria-label", data[id].name);
  });
  svg.querySelectorAll("[data-from]").forEach(function (line) {
    const id = Number(line.dataset.from);
    if (!edges.has(id)) edges.set(id, []);
    edges.get(id).push(line);
  });
  const words = data.map(function (d) {
    return (d.name + " " + d.rows.map(function (r) { return r[1]; }).join(" ")).toLowerCase();
  });
  svg.querySelector(".tg-back").setAttribute("visibility", "hidden");
  svg.removeAttribute("width");
  svg.removeAttribute("height");

  // The part of the picture that is shown: its upper left corner, and screen pixels per unit.
  let x = 0, y = 0, scale = 1;
  function show() {
    svg.setAttribute("viewBox", [x, y, view.clientWidth / scale, view.clientHeight / scale].join(" "));
  }
  function fit() {
    const all = Math.min(view.clientWidth / size.w, view.clientHeight / size.h);
    // A tall graph would shrink to a thread: fill the width instead and start at the top.
    scale = Math.min(1.5, all > 0.5 ? all : Math.max(all, Math.min(view.clientWidth / size.w, 0.9)));
    x = size.w / 2 - view.clientWidth / scale / 2;
    if (scale < 0.3) {
      // Too large to see at once: begin readable, at the first node.
      const first = nodes.values().next().value.querySelector("rect");
      scale = 0.7;
      x = Number(first.getAttribute("x")) - view.clientWidth / scale / 2;
    }
    y = size.h * scale <= view.clientHeight ? size.h / 2 - view.clientHeight / scale / 2 : 0;
    show();
  }
  function zoom(factor, px, py) {
    const next = Math.min(8, Math.max(0.01, scale * factor));
    x += px / scale - px / next;
    y += py / scale - py / next;
    scale = next;
    show();
  }
  function zoomMiddle(factor) { zoom(factor, view.clientWidth / 2, view.clientHeight / 2); }
  function centre(id) {
    const box = nodes.get(id).getBoundingClientRect(), frame = view.getBoundingClientRect();
    x += (box.left + box.width / 2 - frame.left - frame.width / 2) / scale;
    y += (box.top + box.height / 2 - frame.top - frame.height / 2) / scale;
    show();
  }
  svg.addEventListener("wheel", function (event) {
    event.preventDefault();
    const frame = view.getBoundingClientRect(), unit = event.deltaMode ? 30 : 1;
    zoom(Math.exp(-event.deltaY * unit * 0.0015), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });
  const fingers = new Map();
  let moved = 0;
  svg.addEventListener("pointerdown", function (event) {
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = 0;
  });
  window.addEventListener("pointermove", function (event) {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const dx = event.clientX - last.x, dy = event.clientY - last.y;
    moved += Math.abs(dx) + Math.abs(dy);
    if (moved > 4) svg.classList.add("drag");
    if (fingers.size === 1) {
      x -= dx / scale;
      y -= dy / scale;
    } else {
      let other;
      fingers.forEach(function (f, id) { if (id !== event.pointerId) other = f; });
      const before = Math.hypot(last.x - other.x, last.y - other.y);
      const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      const frame = view.getBoundingClientRect();
      if (before > 0) zoom(after / before, other.x - frame.left, other.y - frame.top);
    }
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    show();
  });
  function lift(event) {
    fingers.delete(event.pointerId);
    svg.classList.remove("drag");
  }
  window.addEventListener("pointerup", lift);
  window.addEventListener("pointercancel", lift);

  let chosen = null;
  function unlight() {
    svg.querySelectorAll(".chosen, .near, .lit").forEach(function (e) {
      e.classList.remove("chosen", "near", "lit");
    });
  }
  function element(tag, text, parent) {
    const e = document.createElement(tag);
    if (text !== null) e.textContent = text;
    parent.appendChild(e);
    return e;
  }
  function list(title, entries) {
    if (!entries.length) return;
    element("h3", title, details);
    const ul = element("ul", null, details);
    entries.slice(0, 50).forEach(function (entry) {
      const label = entry[1] ? entry[1] + ": " + data[entry[0]].name : data[entry[0]].name;
      element("button", label, element("li", null, ul)).addEventListener("click", function () {
        choose(entry[0]);
        centre(entry[0]);
      });
    });
    if (entries.length > 50) element("li", "and " + (entries.length - 50) + " more", ul);
  }
  function choose(id) {
    unlight();
    chosen = id;
    panel.hidden = id === null;
    if (id === null) return;
    const d = data[id];
    nodes.get(id).classList.add("chosen");
    (edges.get(id) || []).forEach(function (line) { line.classList.add("lit"); });
    d.readBy.concat(d.reads.map(function (r) { return r[0]; })).forEach(function (other) {
      nodes.get(other).classList.add("near");
    });
    details.textContent = "";
    element("h2", d.name, details);
    const table = element("table", null, details);
    d.rows.forEach(function (row) {
      const tr = element("tr", null, table);
      element("th", row[0], tr);
      element("td", row[1], tr);
    });
    list("reads", d.reads);
    list("read by", d.readBy.map(function (other) { return [other, ""]; }));
  }
  svg.addEventListener("click", function (event) {
    if (moved > 4) return;
    const g = event.target.closest(".node");
    choose(g ? Number(g.dataset.id) : null);
  });

  let hits = [], hit = -1;
  function find() {
    const text = search.value.trim().toLowerCase();
    // A shape is one phrase; other words may stand anywhere.
    const terms = /[(,]/.test(text) ? [text] : text.split(/\\s+/).filter(Boolean);
    svg.querySelectorAll(".hit").forEach(function (g) { g.classList.remove("hit"); });
    svg.classList.toggle("searching", terms.length > 0);
    hits = [];
    hit = -1;
    if (terms.length) nodes.forEach(function (g, id) {
      if (terms.every(function (term) { return words[id].includes(term); })) {
        hits.push(id);
        g.classList.add("hit");
      }
    });
    hits.sort(function (a, b) { return a - b; });
    found.textContent = terms.length ? hits.length + " of " + data.length : "";
  }
  search.addEventListener("input", find);
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      search.value = "";
      find();
      choose(null);
      search.blur();
    } else if (event.target === search) {
      if (event.key === "Enter" && hits.length) {
        hit = (hit + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
        choose(hits[hit]);
        centre(hits[hit]);
      }
    } else if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "+" || event.key === "=") zoomMiddle(1.25);
    else if (event.key === "-") zoomMiddle(0.8);
    else if (event.key === "0") fit();
    else if (event.key.startsWith("Arrow")) {
      const step = 60 / scale;
      x += event.key === "ArrowRight" ? step : event.key === "ArrowLeft" ? -step : 0;
      y += event.key === "ArrowDown" ? step : event.key === "ArrowUp" ? -step : 0;
      show();
    } else if ((event.key === "Enter" || event.key === " ") && event.target.closest(".node")) {
      event.preventDefault();
      choose(Number(event.target.closest(".node").dataset.id));
    }
  });
  document.getElementById("fit").addEventListener("click", fit);
  document.getElementById("in").addEventListener("click", function () { zoomMiddle(1.25); });
  document.getElementById("out").addEventListener("click", function () { zoomMiddle(0.8); });
  document.getElementById("close").addEventListener("click", function () { choose(null); });
  window.addEventListener("resize", show);
  fit();
})();
</script>
</body>
</html>
"""
