// The page: what the parts do together when something is clicked, typed or pressed.

const started = performance.now();
const data = JSON.parse(document.getElementById("data").textContent);
const svg = document.getElementById("graph"), stage = document.getElementById("stage");
const tree = buildTree(data.graph, data.classes, data.repeats);
const picture = new Picture(data.graph, tree, document.getElementById("picture"));
const view = new View(stage, svg, picture);
const details = new Details(document.getElementById("details"), data, function (id) { reveal(id); });
const everyCall = allCalls(tree.root), callOf = new Map();
everyCall.forEach(function (call) { callOf.set(String(call.uid), call); });
let chosen = null, hits = [], hit = -1;

// Unfold from the outside in while there is room to see it at once; modules of one operation last.
function unfoldSome(most) {
  const size = function (call) {
    return call.members.filter(function (member) { return !picture.beside.has(member); }).length;
  };
  if (data.graph.nodes.length <= most) {
    for (const call of everyCall) call.open = true;
    return;
  }
  let shown = size(tree.root);
  const open = function (call, room) {
    if (call.open || !call.parent.open || call.kind !== "call" || (shown + size(call) > room)) return;
    call.open = true;
    shown += size(call);
  };
  for (const call of everyCall) if (call !== tree.root && call.operations > 1) open(call, most);
  const single = everyCall.filter(function (call) { return call.operations === 1 && call.parent.open; });
  if (shown + single.length <= most) for (const call of single) open(call, Infinity);
}

unfoldSome(data.open);
picture.arrangeAll();
const player = new Player(data, picture, function () { if (chosen !== null) showDetails(); });
view.fit();
details.clear();
focusable();
document.documentElement.dataset.ready = (performance.now() - started).toFixed(1);

function elementOf(member) {
  if (typeof member !== "number") return member.view.head;
  return picture.views.get(member).element;
}

function isVisible(member) {
  let call = typeof member === "number" ? tree.home[member] : member.parent;
  for (; call; call = call.parent) if (!call.open) return false;
  return true;
}

function showDetails() {
  if (typeof chosen === "number") details.node(chosen, !player.knows(data.graph.nodes[chosen]));
  else details.call(chosen);
}

function choose(member) {
  svg.querySelectorAll(".chosen, .near, .lit").forEach(function (each) { each.classList.remove("chosen", "near", "lit"); });
  chosen = member;
  if (member === null) return details.clear();
  showDetails();
  light();
}

// Mark the chosen box and the edges that leave it.
function light() {
  if (chosen === null || !isVisible(chosen)) return;
  elementOf(chosen).classList.add("chosen");
  focusable(elementOf(chosen));
  if (typeof chosen !== "number") return;
  svg.querySelectorAll('[data-from="' + chosen + '"]').forEach(function (line) { line.classList.add("lit"); });
  for (const [other] of (details.reads.get(chosen) || []).concat(details.readBy.get(chosen) || [])) {
    if (isVisible(other) && picture.views.has(other)) picture.views.get(other).element.classList.add("near");
  }
}

// One box takes part in the tab order; the arrow keys move it.
function focusable(element) {
  const target = element || svg.querySelector("[tabindex='0']") || svg.querySelector("[role='button']");
  svg.querySelectorAll("[tabindex='0']").forEach(function (each) { each.setAttribute("tabindex", "-1"); });
  if (target) target.setAttribute("tabindex", "0");
}

function changed() {
  player.show();
  mark();
  light();
}

function toggle(call, open) {
  const before = performance.now();
  view.holding(call, function () { picture.toggle(call, open); });
  changed();
  document.documentElement.dataset.fold = (performance.now() - before).toFixed(1);
}

// Open what hides a node, choose it and bring it into sight.
function reveal(member) {
  const closed = [];
  for (let call = typeof member === "number" ? tree.home[member] : member.parent; call; call = call.parent) {
    if (!call.open) closed.unshift(call);
  }
  for (const call of closed) call.open = true;
  if (closed.length) {
    picture.toggle(closed[0], true);
    changed();
  }
  choose(member);
  view.centre(picture.placeOf(member));
}

function foldAll() {
  for (const call of everyCall) if (call !== tree.root) call.open = false;
  picture.arrangeAll();
  changed();
  view.fit();
}

// Unfold every module one level further.
function unfoldMore() {
  const closed = picture.visible().filter(function (member) { return typeof member !== "number" && !member.open; });
  for (const call of closed) call.open = true;
  picture.arrangeAll();
  changed();
  view.fit();
}

// --- search ---

const search = document.getElementById("search"), found = document.getElementById("found");
const words = data.graph.nodes.map(function (node) {
  const place = node.module === undefined ? "" : node.module + " " + (data.classes[node.module] || "");
  return [node.name, node.label, (node.aliases || []).join(" "), node.title, sizeText(node), place, node.kind, node.site]
    .join(" ").toLowerCase();
});

function find() {
  const text = search.value.trim().toLowerCase();
  // A shape is one phrase; other words may stand anywhere.
  const terms = /[(,]/.test(text) ? [text] : text.split(/\s+/).filter(Boolean);
  hits = [];
  hit = -1;
  if (terms.length) {
    words.forEach(function (each, id) {
      if (terms.every(function (term) { return each.includes(term); })) hits.push(id);
    });
  }
  svg.classList.toggle("searching", terms.length > 0);
  found.textContent = terms.length ? hits.length.toLocaleString("en") + " of " + words.length.toLocaleString("en") : "";
  mark();
}

// Mark the hits, and the closed modules that hide one.
function mark() {
  svg.querySelectorAll(".hit").forEach(function (each) { each.classList.remove("hit"); });
  for (const id of hits) {
    let outermost = id;
    for (let call = tree.home[id]; call; call = call.parent) if (!call.open) outermost = call;
    const seen = typeof outermost === "number" ? picture.views.get(outermost) : outermost.view;
    if (seen) (seen.head || seen.element).classList.add("hit");
  }
}

function nextHit(step) {
  if (!hits.length) return;
  hit = (hit + step + hits.length) % hits.length;
  reveal(hits[hit]);
  found.textContent = (hit + 1) + " of " + hits.length;
}

search.addEventListener("input", find);

// --- clicks and keys ---

svg.addEventListener("click", function (event) {
  if (view.moved > 4) return;
  const node = event.target.closest("[data-id]"), head = event.target.closest("[data-call]");
  if (node) {
    choose(Number(node.dataset.id));
    elementOf(chosen).focus({ preventScroll: true });
  } else if (head) {
    const call = callOf.get(head.dataset.call);
    toggle(call, !call.open);
    choose(call);
    head.focus({ preventScroll: true });
  } else choose(null);
});

function walk(step) {
  const all = picture.visible();
  let at = all.indexOf(chosen);
  at = at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step));
  go(all[at]);
}

function go(member) {
  choose(member);
  view.centre(picture.placeOf(member), true);
  elementOf(member).focus({ preventScroll: true });
}

const keys = {
  "+": function () { view.zoom(1.25); },
  "=": function () { view.zoom(1.25); },
  "-": function () { view.zoom(0.8); },
  "0": function () { view.fit(); },
  "/": function () { search.focus(); },
  "p": function () { player.toggle(); },
  ",": function () { player.go(player.step - 1); },
  ".": function () { player.go(player.step + 1); },
  "f": foldAll,
  "u": unfoldMore,
  "ArrowDown": function () { walk(1); },
  "ArrowUp": function () { walk(-1); },
  "ArrowRight": function () {
    if (chosen !== null && typeof chosen !== "number" && !chosen.open) toggle(chosen, true);
    else walk(1);
  },
  "ArrowLeft": function () {
    if (chosen === null) return;
    if (typeof chosen !== "number" && chosen.open) return toggle(chosen, false);
    const around = typeof chosen === "number" ? tree.home[chosen] : chosen.parent;
    if (around !== tree.root) go(around);
  },
};

document.addEventListener("keydown", function (event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target, typing = target === search || target.type === "range";
  if (event.key === "Escape") {
    search.value = "";
    find();
    choose(null);
    search.blur();
  } else if (target === search && event.key === "Enter") {
    nextHit(event.shiftKey ? -1 : 1);
  } else if ((event.key === "Enter" || event.key === " ") && target.closest && target.closest("[role='button']")) {
    event.preventDefault();
    const box = target.closest("[data-call]");
    if (box) {
      const call = callOf.get(box.dataset.call);
      toggle(call, !call.open);
      choose(call);
    } else choose(Number(target.closest("[data-id]").dataset.id));
  } else if (!typing && event.shiftKey && event.key.startsWith("Arrow")) {
    event.preventDefault();
    view.pan({ ArrowRight: 60, ArrowLeft: -60 }[event.key] || 0, { ArrowDown: 60, ArrowUp: -60 }[event.key] || 0);
  } else if (!typing && keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

const clicks = {
  fit: function () { view.fit(); }, out: function () { view.zoom(0.8); }, "in": function () { view.zoom(1.25); },
  fold: foldAll, unfold: unfoldMore, theme: nextTheme,
};
for (const id in clicks) document.getElementById(id).addEventListener("click", clicks[id]);

function nextTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
}
