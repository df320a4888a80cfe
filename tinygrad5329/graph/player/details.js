// The panel: what is known of the chosen node or module call.

class Details {
  constructor(panel, data, choose) {
    this.panel = panel;
    this.data = data;
    this.graph = data.graph;
    this.choose = choose;
    this.reads = new Map();
    this.readBy = new Map();
    for (const edge of this.graph.edges) {
      add(this.reads, edge.target, [edge.source, edge.slot || ""]);
      add(this.readBy, edge.source, [edge.target, ""]);
    }
  }

  clear() {
    this.panel.textContent = "";
    element("p", this.panel, "Click a box to see its shape, numbers and formulas; click a module to unfold or fold it.", "hint");
  }

  call(call) {
    this.panel.textContent = "";
    const words = callWords(call);
    element("h2", this.panel, words[0]);
    const rows = [];
    if (words[1]) rows.push(["path", words[1]]);
    rows.push(["operations", call.operations.toLocaleString("en")], ["parameters", call.parameters.toLocaleString("en")]);
    if (call.output) rows.push(["gives", sizeText(call.output)]);
    rows.push(["runs as", call.first === call.last ? String(call.first) : call.first + " to " + call.last]);
    table(this.panel, rows);
  }

  node(id, hideGradient) {
    const node = this.graph.nodes[id];
    this.panel.textContent = "";
    const name = node.label ? node.label + " = " + node.name : node.name || "leaf";
    element("h2", this.panel, name);
    this.formulas(node);
    const rows = [["kind", { op: "operation", module: "folded module" }[node.kind] || node.kind]];
    if (node.aliases) rows.push(["also named", node.aliases.join(", ")]);
    if (node.outputs) node.outputs.forEach(function (output, i) { rows.push(["output " + i, shapeText(output[0]) + " " + output[1]]); });
    else rows.push(["shape", shapeText(node.shape)], ["dtype", node.dtype]);
    rows.push(["bytes", bytesText(node.bytes)]);
    if (node.module !== undefined && node.module !== null) {
      const kind = this.data.classes[node.module];
      rows.push(["module", (node.module || "model") + (kind ? " (" + kind + ")" : "")]);
    }
    if (node.parameters) rows.push(["parameters", node.parameters.toLocaleString("en")]);
    if (node.phase) rows.push(["ran in", "a recorded backward pass"]);
    if (node.forward) rows.push(["runs as", "number " + node.forward]);
    if (node.backward) rows.push([node.forward ? "goes back as" : "gradient at", "number " + node.backward]);
    if (node.forward_seconds) rows.push(["forward time", timeText(node.forward_seconds)]);
    if (node.backward_seconds) rows.push(["backward time", timeText(node.backward_seconds)]);
    if (node.forward_bytes) rows.push(["forward allocates", bytesText(node.forward_bytes)]);
    if (node.backward_bytes) rows.push(["backward allocates", bytesText(node.backward_bytes)]);
    if (node.site) rows.push(["line", node.site]);
    if (node.title) rows.push(["grad_fn", node.title]);
    table(this.panel, rows);
    this.numbers("Value", node.value, "value");
    if (node.gradient && hideGradient) {
      element("h3", this.panel, "Gradient");
      element("p", this.panel, "not computed yet at this step", "hint");
    } else this.numbers("Gradient", node.gradient, "gradient");
    this.kept(node);
    this.list("Reads", this.reads.get(id) || []);
    this.list("Read by", this.readBy.get(id) || []);
  }

  formulas(node) {
    const found = node.kind === "op" ? this.data.formulas[node.name] : null;
    if (!found) return;
    const box = element("div", this.panel, "", "formulas");
    if (found[0]) {
      element("div", box, found[0], "formula");
      element("div", box, found[1], "formula gradient");
    }
    if (found[2]) element("div", box, "rule: " + found[2], "hint");
  }

  numbers(title, found, kind) {
    if (!found) return;
    element("h3", this.panel, title);
    if (found.values.length) {
      const shown = found.values.map(numberText).join(", ");
      element("div", this.panel, shown, "values " + kind);
    }
    if (found.count > 1 && found.mean !== null) {
      table(this.panel, [
        ["mean", numberText(found.mean)], ["deviation", numberText(found.deviation)],
        ["smallest", numberText(found.minimum)], ["largest", numberText(found.maximum)],
        ["norm", numberText(found.norm)],
        ["zeros", found.zeros.toLocaleString("en") + " of " + found.count.toLocaleString("en")],
      ]);
    }
    if (found.nans || found.infinities) {
      element("div", this.panel, found.nans + " NaN, " + found.infinities + " infinite", "warning");
    }
    if (found.histogram.length) this.histogram(found, kind);
  }

  histogram(found, kind) {
    const wide = 280, tall = 64, most = Math.max(...found.histogram), step = wide / found.histogram.length;
    const svg = make("svg", { "class": "histogram " + kind, viewBox: "0 0 " + wide + " " + (tall + 14), role: "img",
                              "aria-label": "histogram" }, this.panel);
    found.histogram.forEach(function (count, i) {
      const height = count ? Math.max(1, tall * count / most) : 0;
      const bar = make("rect", { x: i * step + 0.5, y: tall - height, width: step - 1, height: height }, svg);
      make("title", {}, bar, count + " elements");
    });
    make("path", { d: "M0 " + (tall + 0.5) + "H" + wide }, svg);
    make("text", { x: 0, y: tall + 12 }, svg, numberText(found.minimum));
    make("text", { x: wide, y: tall + 12, "text-anchor": "end" }, svg, numberText(found.maximum));
  }

  kept(node) {
    if (!node.saved) return;
    element("h3", this.panel, "Keeps for the backward pass");
    table(this.panel, node.saved.map(function (saved) {
      const free = saved.buffer === undefined || saved.buffer < 0 ? " (of a leaf)" : "";
      return [saved.name, shapeText(saved.shape) + " " + saved.dtype + ", " + bytesText(saved.bytes) + free];
    }));
  }

  list(title, entries) {
    if (!entries.length) return;
    element("h3", this.panel, title);
    const ul = element("ul", this.panel, "");
    for (const [id, slot] of entries.slice(0, 40)) {
      const node = this.graph.nodes[id], name = node.label || node.name || "leaf";
      const button = element("button", element("li", ul, ""), slot ? slot + ": " + name : name);
      button.addEventListener("click", () => this.choose(id));
    }
    if (entries.length > 40) element("li", ul, "and " + (entries.length - 40) + " more");
  }
}

function element(tag, parent, text, look) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (look) made.className = look;
  parent.appendChild(made);
  return made;
}

function table(parent, rows) {
  const made = element("table", parent, "");
  for (const [name, value] of rows) {
    const tr = element("tr", made, "");
    element("th", tr, name);
    element("td", tr, value);
  }
}

function bytesText(n) {
  if (n < 1024) return n + " B";
  const power = Math.min(4, Math.floor(Math.log2(n) / 10));
  return (n / Math.pow(1024, power)).toFixed(1) + " " + ["KiB", "MiB", "GiB", "TiB"][power - 1];
}

function timeText(seconds) {
  if (seconds < 0.001) return (seconds * 1e6).toFixed(1) + " \u00b5s";
  return seconds < 1 ? (seconds * 1000).toFixed(2) + " ms" : seconds.toFixed(2) + " s";
}
