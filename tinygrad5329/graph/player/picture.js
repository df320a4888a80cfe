// The picture: one group of SVG elements a call, made when it is first unfolded and kept.

const SVG = "http://www.w3.org/2000/svg", PADDING = 12, HEAD = 24, LINE = 14, PILL = 19, PILL_GAP = 14;
const FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif";

const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();

function textWidth(text, size, bold) {
  const key = size + (bold ? "b" : "n") + text;
  if (!widths.has(key)) {
    pen.font = (bold ? "bold " : "") + size + "px " + FONT;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}

function make(tag, attributes, parent, text) {
  const element = document.createElementNS(SVG, tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.appendChild(element);
  return element;
}

function move(element, x, y) {
  element.setAttribute("transform", "translate(" + x.toFixed(1) + " " + y.toFixed(1) + ")");
}

function shapeText(shape) {
  return "(" + shape.join(", ") + (shape.length === 1 ? ",)" : ")");
}

function sizeText(node) {
  if (node.outputs) return node.outputs.length + " outputs " + node.dtype;
  return shapeText(node.shape) + " " + node.dtype;
}

function numberText(x, digits) {
  if (typeof x !== "number") return String(x);
  if (x === 0 || (Math.abs(x) >= 0.001 && Math.abs(x) < 100000)) return String(Number(x.toPrecision(digits || 4)));
  return x.toExponential(2);
}

// One line about a value: itself if it is a single number, else its mean and deviation.
function statisticsText(found) {
  if (found.values.length === 1) return numberText(found.values[0]);
  if (found.nans || found.infinities) return found.nans + " NaN, " + found.infinities + " inf";
  // A mean that is nothing next to the deviation is rounding.
  const mean = Math.abs(found.mean) < found.deviation / 1000 ? 0 : found.mean;
  return numberText(mean, 3) + " \u00b1 " + numberText(found.deviation, 3);
}

// Everything that is drawn, and where.
class Picture {
  constructor(graph, tree, root) {
    this.graph = graph;
    this.tree = tree;
    this.root = root;
    this.boxes = new Map();
    this.pills = new Map();
    this.items = new Map();
    this.ends = new Set(graph.outputs.map(function (output) { return output[0]; }));
    this.views = new Map();
    tree.attached.forEach((reader, leaf) => {
      if (graph.nodes[leaf].kind !== "input") add(this.pills, reader, leaf);
    });
    this.beside = new Set();
    this.pills.forEach((leaves) => leaves.forEach((leaf) => this.beside.add(leaf)));
    this.constant = new Set();
    for (const edge of graph.edges) if (edge.differentiable === false) this.constant.add(edge.source);
    for (const edge of graph.edges) if (edge.differentiable !== false) this.constant.delete(edge.source);
    this.times = new Map();
    for (const edge of graph.edges) {
      const key = edge.source + "," + edge.target;
      this.times.set(key, (this.times.get(key) || 0) + 1);
    }
    this.link();
  }

  // Give each call a level, and cut each edge at the borders of the calls that it crosses.
  link() {
    const graph = this.graph, home = this.tree.home, items = this.items;
    for (const call of allCalls(this.tree.root)) {
      call.level_ = new Level();
      for (const member of call.members) {
        if (this.beside.has(member)) continue;
        const leaf = typeof member === "number" && !graph.nodes[member].forward && graph.nodes[member].kind !== "module";
        const item = newItem(member, leaf);
        items.set(member, item);
        call.level_.items.push(item);
      }
    }
    for (const edge of graph.edges) {
      const source = edge.source;
      if (this.beside.has(source)) continue;
      const leaf = items.get(source).leaf;
      let above = items.get(source), below = items.get(edge.target), up = home[source], down = home[edge.target];
      const meeting = meet(up, down);
      for (; up !== meeting; up = up.parent) {
        up.level_.link(above, up.level_.exit(source), source);
        above = items.get(up);
      }
      for (; down !== meeting; down = down.parent) {
        down.level_.link(down.level_.entry(source, leaf), below, source);
        below = items.get(down);
      }
      meeting.level_.link(above, below, source);
    }
  }

  // --- boxes ---

  lines(id) {
    const node = this.graph.nodes[id], home = this.tree.home[id];
    let name = node.label || node.name || "leaf";
    if (node.label) name += " = " + node.name;
    if (node.kind === "parameter" && home.path && name.startsWith(home.path + ".")) name = name.slice(home.path.length + 1);
    if (node.aliases) name = [name].concat(node.aliases).join(" = ");
    if (node.kind === "module") return [node.title || node.name, node.name, node.operations + " operations", sizeText(node)];
    const lines = [name];
    const scalar = !node.shape.length && !node.outputs && node.value;
    if (!scalar) lines.push(sizeText(node));
    if (node.value) lines.push((scalar ? "value " : "") + statisticsText(node.value));
    return lines;
  }

  box(id) {
    if (this.boxes.has(id)) return this.boxes.get(id);
    const node = this.graph.nodes[id], lines = this.lines(id);
    const leaves = this.pills.get(id) || [];
    const gradient = node.gradient ? "grad " + statisticsText(node.gradient) : null;
    const all = gradient ? lines.concat([gradient]) : lines;
    let width = 60;
    all.forEach(function (line, i) { width = Math.max(width, textWidth(line, i ? 10 : 12, !i) + 20); });
    const height = LINE * all.length + 12;
    const pills = leaves.map((leaf) => {
      const words = this.lines(leaf).join(" "), found = this.graph.nodes[leaf].gradient;
      const slope = found ? "  grad " + statisticsText(found) : "";
      return [leaf, words, textWidth(words + slope, 10, false) + 20, slope];
    });
    let left = 0;
    for (const pill of pills) left = Math.max(left, pill[2] + PILL_GAP);
    const stack = pills.length * PILL + Math.max(0, pills.length - 1) * 4;
    const tall = Math.max(height, stack);
    const group = make("g", {});
    const kind = this.ends.has(id) ? "output" : node.kind;
    const phase = node.phase === "backward" ? " second" : "";
    const g = make("g", { "class": "node " + kind + phase, "data-id": id, role: "button", tabindex: -1,
                          "aria-label": all.join(", ") }, group);
    const y = (tall - height) / 2;
    const round = node.kind === "op" || node.kind === "module" ? 2 : 8;
    make("rect", { x: left, y: y, width: width, height: height, rx: round }, g);
    const bar = make("rect", { "class": "bar", x: left + 1, y: y + height - 4, width: width - 2, height: 3 }, g);
    all.forEach(function (line, i) {
      const look = i === 0 ? "name" : line === gradient ? "small gradient" : "small";
      make("text", { x: left + width / 2, y: y + 18 + LINE * i, "class": look }, g, line);
    });
    let at = (tall - stack) / 2;
    for (const [leaf, words, wide, slope] of pills) {
      const x = left - PILL_GAP - wide, data = this.graph.nodes[leaf];
      const line = make("path", { "class": this.constant.has(leaf) ? "edge constant" : "edge", "data-from": leaf,
        d: "M" + (x + wide) + " " + (at + PILL / 2) + "L" + left + " " + Math.min(Math.max(at + PILL / 2, y + 6), y + height - 6) }, group);
      group.insertBefore(line, g);
      const p = make("g", { "class": "node " + data.kind, "data-id": leaf, role: "button", tabindex: -1,
                            "aria-label": words + slope }, group);
      make("rect", { x: x, y: at, width: wide, height: PILL, rx: 9 }, p);
      const pillBar = make("rect", { "class": "bar", x: x + 9, y: at + PILL - 4, width: wide - 18, height: 3 }, p);
      const text = make("text", { x: x + wide / 2, y: at + 13, "class": "small" }, p, words);
      if (slope) make("tspan", { "class": "gradient" }, text, slope);
      this.views.set(leaf, { element: p, bar: pillBar, width: wide - 18, leaf: true });
      at += PILL + 4;
    }
    const box = { element: group, width: left + width, height: tall, axis: left + width / 2 };
    this.views.set(id, { element: g, bar: bar, width: width - 2, leaf: !node.forward });
    this.boxes.set(id, box);
    return box;
  }

  // The elements of a call: its frame when open, its box when closed.
  view(call) {
    if (call.view) return call.view;
    const words = callWords(call);
    const g = make("g", { "class": "call" });
    const head = make("g", { "class": "head", "data-call": call.uid, role: "button", tabindex: -1 }, g);
    const inner = make("g", { "class": "inner" }, g);
    const lines = [words[1], call.operations + (call.operations === 1 ? " operation" : " operations") +
      (call.parameters ? ", " + call.parameters.toLocaleString("en") + " parameters" : "")];
    if (call.output) lines.push(sizeText(call.output));
    const small = lines.filter(Boolean);
    let width = textWidth(words[0], 12, true) + 44;
    for (const line of small) width = Math.max(width, textWidth(line, 10, false) + 24);
    call.view = {
      element: g, head: head, inner: inner, words: words, small: small, boxWidth: width,
      boxHeight: LINE * (small.length + 1) + 12, headWidth: textWidth(words[0] + "  ", 12, true) + textWidth(words[1], 10) + 26,
      edges: make("g", {}, inner), boxes: make("g", {}, inner),
    };
    return call.view;
  }

  drawHead(call, width, height) {
    const view = call.view, head = view.head;
    head.textContent = "";
    head.setAttribute("aria-expanded", call.open);
    head.setAttribute("aria-label", [view.words[0]].concat(view.small).join(", "));
    head.setAttribute("class", "head " + (call.open ? "open" : "node module") + (call.phase ? " second" : ""));
    const marks = call.kind === "repeat" ? [6, 3, 0] : [0];
    const frame = "frame" + (Math.max(call.level, 0) % 3);
    for (const shift of marks) {
      if (shift && call.open) continue;
      make("rect", { "class": call.open ? frame : "", x: shift, y: -shift, width: width, height: height, rx: call.open ? 8 : 6 }, head);
    }
    view.bar = make("rect", { "class": "bar", x: 6, y: height - 4, width: width - 12, height: 3 }, head);
    view.width = width - 12;
    if (call.open) {
      make("rect", { "class": "handle", x: 0, y: 0, width: Math.min(width, view.headWidth + 12), height: HEAD, rx: 8 }, head);
      const text = make("text", { x: 10, y: 16, "class": "title" }, head);
      make("tspan", { "class": "sign" }, text, "\u25be ");
      make("tspan", { "class": "name" }, text, view.words[0] + "  ");
      make("tspan", { "class": "small" }, text, view.words[1]);
    } else {
      make("text", { x: width / 2, y: 18, "class": "name" }, head, "\u25b8 " + view.words[0]);
      view.small.forEach(function (line, i) {
        make("text", { x: width / 2, y: 18 + LINE * (i + 1), "class": "small" }, head, line);
      });
    }
  }

  // --- layout ---

  // Lay out one call, whose open members are laid out already.
  arrange(call) {
    const item = this.items.get(call);
    if (!call.open) {
      const view = this.view(call);
      Object.assign(item, { width: view.boxWidth, height: view.boxHeight, axis: view.boxWidth / 2, tops: null, bottoms: null });
      view.inner.setAttribute("display", "none");
      this.drawHead(call, item.width, item.height);
      return;
    }
    const level = call.level_;
    for (const each of level.items) {
      if (typeof each.key !== "number") continue;
      const box = this.box(each.key);
      Object.assign(each, { width: box.width, height: box.height, axis: box.axis });
    }
    const [width, height] = level.arrange();
    const view = call === this.tree.root ? this.rootView() : this.view(call);
    if (call === this.tree.root) {
      level.left = level.top = PADDING;
      this.width = width + 2 * PADDING;
      this.height = height + 2 * PADDING;
    } else {
      level.left = PADDING;
      level.top = HEAD;
      if (level.entries.size) {
        let first = Infinity;
        for (const port of level.entries.values()) first = Math.min(first, port.x);
        level.left = Math.max(PADDING, PADDING + view.headWidth + 4 - first);
      }
      item.width = Math.max(level.left + width, PADDING + view.headWidth) + PADDING;
      item.height = height + HEAD;
      item.axis = item.width / 2;
      item.tops = new Map();
      item.bottoms = new Map();
      level.entries.forEach(function (port, source) { item.tops.set(source, level.left + port.x); });
      level.exits.forEach(function (port, source) { item.bottoms.set(source, level.left + port.x); });
      view.inner.removeAttribute("display");
      this.drawHead(call, item.width, item.height);
    }
    this.place(call, view);
  }

  rootView() {
    if (!this.tree.root.view) {
      const inner = make("g", {}, this.root);
      this.tree.root.view = { inner: inner, edges: make("g", {}, inner), boxes: make("g", {}, inner) };
    }
    return this.tree.root.view;
  }

  // Put a level's boxes and edges where the layout wants them.
  place(call, view) {
    const level = call.level_;
    move(view.inner, level.left, level.top);
    for (const item of level.items) {
      const element = typeof item.key === "number" ? this.box(item.key).element : this.view(item.key).element;
      move(element, item.x, item.y);
      if (element.parentNode !== view.boxes) view.boxes.appendChild(element);
    }
    const lines = new Map(), tips = [], words = [];
    const draw = function (source, x1, y1, x2, y2) {
      const middle = ((y1 + y2) / 2).toFixed(1);
      const bend = Math.abs(x1 - x2) < 0.05 ? "V" + y2.toFixed(1)
        : "C" + x1.toFixed(1) + " " + middle + " " + x2.toFixed(1) + " " + middle + " " + x2.toFixed(1) + " " + y2.toFixed(1);
      add(lines, source, "M" + x1.toFixed(1) + " " + y1.toFixed(1) + bend);
    };
    for (const [source, x1, y1, x2, y2, target] of level.pieces()) {
      const ends = target !== null && (typeof target.key === "number" || !target.key.open);
      draw(source, x1, y1, x2, ends ? y2 - 6 : y2);
      if (!ends) continue;
      tips.push("M" + x2.toFixed(1) + " " + y2.toFixed(1) + "l-3.5 -7h7z");
      const times = typeof target.key === "number" ? this.times.get(source + "," + target.key) : 1;
      if (times > 1) words.push([x2 - 6, y2 - 2, "\u00d7 " + times]);
    }
    if (call !== this.tree.root) {
      level.entries.forEach(function (port, source) { draw(source, port.x, -level.top, port.x, port.y); });
    }
    view.edges.textContent = "";
    lines.forEach((pieces, source) => {
      make("path", { "class": this.constant.has(source) ? "edge constant" : "edge", "data-from": source, d: pieces.join("") }, view.edges);
    });
    if (tips.length) make("path", { "class": "tip", d: tips.join("") }, view.edges);
    for (const [x, y, text] of words) make("text", { x: x, y: y, "class": "small right" }, view.edges, text);
  }

  // Lay out everything that is open, from the inside out.
  arrangeAll() {
    const open = [this.tree.root];
    for (let i = 0; i < open.length; i++) {
      for (const member of open[i].members) if (typeof member !== "number" && open[i].open) open.push(member);
    }
    for (const call of open.reverse()) this.arrange(call);
  }

  // Fold or unfold one call: only it and what is around it is laid out anew.
  toggle(call, open) {
    call.open = open;
    if (open) for (const member of call.members) if (typeof member !== "number") this.arrangeBelow(member);
    for (let each = call; each; each = each.parent) this.arrange(each);
  }

  arrangeBelow(call) {
    const found = [call];
    for (let i = 0; i < found.length; i++) {
      if (!found[i].open) continue;
      for (const member of found[i].members) if (typeof member !== "number") found.push(member);
    }
    for (const each of found.reverse()) this.arrange(each);
  }

  // Where a member is in the whole picture; a leaf beside its reader is where that is.
  placeOf(member) {
    const known = this.items.has(member) ? member : this.tree.attached.get(member);
    const item = this.items.get(known);
    let x = item.x, y = item.y;
    let call = typeof known === "number" ? this.tree.home[known] : known.parent;
    for (; call; call = call.parent) {
      x += call.level_.left;
      y += call.level_.top;
      if (call === this.tree.root) break;
      x += this.items.get(call).x;
      y += this.items.get(call).y;
    }
    return { x: x, y: y, width: item.width, height: item.height };
  }

  // Hide what lies outside of a part of the picture, so that the browser has less to lay out and paint.
  cull(left, top, right, bottom) {
    const stack = [[this.tree.root, 0, 0]];
    while (stack.length) {
      const [call, x0, y0] = stack.pop();
      for (const item of call.level_.items) {
        const isNode = typeof item.key === "number";
        const x = x0 + call.level_.left + item.x, y = y0 + call.level_.top + item.y;
        const seen = x < right && y < bottom && x + item.width > left && y + item.height > top;
        if (item.seen !== seen) {
          item.seen = seen;
          const element = isNode ? this.box(item.key).element : item.key.view.element;
          if (seen) element.removeAttribute("display");
          else element.setAttribute("display", "none");
        }
        if (seen && !isNode && item.key.open) stack.push([item.key, x, y]);
      }
    }
  }

  // The visible nodes and closed calls, in the order in which they ran.
  visible() {
    const found = [], stack = [this.tree.root];
    while (stack.length) {
      const member = stack.pop();
      if (typeof member === "number") found.push(member);
      else if (!member.open) found.push(member);
      else {
        if (member !== this.tree.root) found.push(member);
        stack.push(...member.members.slice().reverse());
      }
    }
    return found;
  }
}
