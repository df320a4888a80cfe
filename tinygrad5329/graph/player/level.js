// One level of the layered layout: boxes in layers, without any nesting. See graph/level.py, of which this is
// the same in JavaScript, with everything that a later call of arrange() must find anew made in it.

const GAP_X = 18, GAP_Y = 18, PORT_GAP_Y = 8, SWEEPS = 8, LEAF_WEIGHT = 0.05;

let items = 0;

// A box, a port on the border, or a lane of an edge through a layer.
function newItem(key, leaf) {
  return {
    uid: items++, key: key, leaf: leaf, light: leaf, width: 0, height: 0, axis: 0, layer: 0, x: 0, y: 0,
    tops: null, bottoms: null,
  };
}

function topOf(item, source) {
  return item.tops && item.tops.has(source) ? item.tops.get(source) : item.axis;
}

function bottomOf(item, source) {
  return item.bottoms && item.bottoms.has(source) ? item.bottoms.get(source) : item.axis;
}

class Level {
  constructor() {
    this.items = [];
    this.entries = new Map();
    this.exits = new Map();
    this.links = [];
    this.known = new Set();
    this.left = this.top = 0;
  }

  entry(source, leaf) {
    if (!this.entries.has(source)) this.entries.set(source, newItem(null, leaf));
    return this.entries.get(source);
  }

  exit(source) {
    if (!this.exits.has(source)) this.exits.set(source, newItem(null, false));
    return this.exits.get(source);
  }

  link(above, below, source) {
    const key = above.uid + "," + below.uid + "," + source;
    if (this.known.has(key)) return;
    this.known.add(key);
    this.links.push([above, below, source]);
  }

  // Choose layers, orders and positions; returns [width, height].
  arrange() {
    this.intoLayers();
    this.addLanes();
    this.before = new Map();
    this.after = new Map();
    for (const [above, below, source] of this.hops) {
      add(this.after, above, [below, source]);
      add(this.before, below, [above, source]);
    }
    this.order();
    const width = this.placeX();
    return [width, this.placeY()];
  }

  intoLayers() {
    const first = this.entries.size ? 1 : 0;
    const before = new Map(), after = new Map();
    for (const [above, below] of this.links) {
      add(before, below, above);
      add(after, above, below);
    }
    for (const item of this.items) item.light = item.leaf;
    const boxes = this.items.filter(function (item) { return item.leaf; })
      .concat(this.items.filter(function (item) { return !item.leaf; }));
    for (const item of boxes) {
      item.layer = first;
      for (const above of before.get(item) || []) item.layer = Math.max(item.layer, above.layer + 1);
    }
    const ports = new Set(this.exits.values());
    const fromLeaves = function (item) {
      return (before.get(item) || []).every(function (above) { return above.leaf; });
    };
    for (let i = boxes.length - 1; i >= 0; i--) {
      const item = boxes[i];
      if (!after.has(item) || !fromLeaves(item)) continue;
      let lowest = Infinity;
      for (const below of after.get(item)) if (!ports.has(below)) lowest = Math.min(lowest, below.layer);
      if (lowest < Infinity) item.layer = Math.max(first, lowest - 1);
    }
    const side = new Set(boxes.filter(fromLeaves));
    for (const item of boxes) {
      const above = before.get(item) || [];
      if (above.some(function (each) { return !side.has(each) && !each.light; })) {
        for (const each of above) if (side.has(each)) each.light = true;
      }
    }
    let last = 0;
    for (const item of boxes) last = Math.max(last, item.layer);
    last += 1;
    for (const port of this.exits.values()) port.layer = last;
    this.layers = [];
    for (let i = 0; i < last + (this.exits.size ? 1 : 0); i++) this.layers.push([]);
    for (const item of this.entries.values()) this.layers[item.layer].push(item);
    for (const item of boxes) this.layers[item.layer].push(item);
    for (const item of this.exits.values()) this.layers[item.layer].push(item);
  }

  addLanes() {
    const lanes = new Map();
    const seen = new Set();
    this.hops = [];
    const hop = (above, below, source) => {
      const key = above.uid + "," + below.uid + "," + source;
      if (!seen.has(key)) {
        seen.add(key);
        this.hops.push([above, below, source]);
      }
    };
    for (const [above, below, source] of this.links) {
      let upper = above;
      for (let number = above.layer + 1; number < below.layer; number++) {
        const key = above.uid + "," + source + "," + number;
        let lane = lanes.get(key);
        if (!lane) {
          lane = newItem(null, above.leaf);
          lane.light = above.light;
          lane.layer = number;
          lane.lane = true;
          lanes.set(key, lane);
          this.layers[number].push(lane);
        }
        hop(upper, lane, source);
        upper = lane;
      }
      hop(upper, below, source);
    }
  }

  order() {
    let best = this.layers.map(function (layer) { return layer.slice(); });
    let fewest = this.crossings();
    for (let sweep = 0; fewest && sweep < SWEEPS; sweep++) {
      const near = sweep % 2 ? this.after : this.before;
      const layers = sweep % 2 ? this.layers.slice().reverse() : this.layers;
      for (let n = 1; n < layers.length; n++) {
        const place = new Map();
        layers[n - 1].forEach(function (item, i) { place.set(item, i); });
        layers[n].forEach(function (item, i) {
          let sum = 0, count = 0;
          for (const [other] of near.get(item) || []) {
            if (place.has(other)) {
              sum += place.get(other);
              count += 1;
            }
          }
          item.centre = count ? sum / count : i;
        });
        layers[n].sort(function (a, b) { return a.centre - b.centre; });
      }
      const crossings = this.crossings();
      if (crossings < fewest) {
        best = this.layers.map(function (layer) { return layer.slice(); });
        fewest = crossings;
      }
    }
    this.layers = best;
  }

  // Counted with a Fenwick tree over the places of the lower layer.
  crossings() {
    let total = 0;
    for (let n = 1; n < this.layers.length; n++) {
      const place = new Map(), size = this.layers[n].length, tree = new Int32Array(size + 1);
      this.layers[n].forEach(function (item, i) { place.set(item, i + 1); });
      let passed = 0;
      for (const item of this.layers[n - 1]) {
        const ends = (this.after.get(item) || []).map(function (each) { return place.get(each[0]); });
        for (const end of ends) {
          let left = 0;
          for (let i = end; i > 0; i -= i & -i) left += tree[i];
          total += passed - left;
        }
        for (const end of ends) {
          passed += 1;
          for (let i = end; i <= size; i += i & -i) tree[i] += 1;
        }
      }
    }
    return total;
  }

  placeX() {
    for (const layer of this.layers) settle(layer, layer.map(function () { return 0; }));
    for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
      const down = sweep % 2 === 0, layers = down ? this.layers : this.layers.slice().reverse();
      for (const layer of layers) settle(layer, layer.map((item) => this.wanted(item, down, sweep >= SWEEPS)));
    }
    let left = Infinity, right = 0;
    for (const layer of this.layers) for (const item of layer) left = Math.min(left, item.x);
    for (const layer of this.layers) {
      for (const item of layer) {
        item.x -= left;
        right = Math.max(right, item.x + item.width);
      }
    }
    return right;
  }

  // Where the box would stand straight below, or above, what it is linked to.
  wanted(item, down, both) {
    const read = this.before.get(item) || [], readers = this.after.get(item) || [];
    let above = read.map(function ([other, source]) {
      return [other.x + bottomOf(other, source) - topOf(item, source), other.light];
    });
    let below = readers.map(function ([other, source]) {
      return [other.x + topOf(other, source) - bottomOf(item, source), item.light];
    });
    if (item.key === null && read.length && below.length) {
      const lanes = below.filter(function (each, i) { return readers[i][0].key === null; });
      above = [];
      below = lanes.length ? lanes : below;
    }
    let near = above.concat(below);
    if (above.length && below.length && !both) near = down ? above : below;
    if (!near.length) return item.x;
    let sum = 0, weights = 0;
    for (const [x, light] of near) {
      const weight = light ? LEAF_WEIGHT : 1;
      sum += weight * x;
      weights += weight;
    }
    return sum / weights;
  }

  placeY() {
    let y = 0;
    this.layers.forEach((layer, number) => {
      let height = 0;
      for (const item of layer) if (!item.lane) height = Math.max(height, item.height);
      if (number) {
        const ports = (number === 1 && this.entries.size) || (number === this.layers.length - 1 && this.exits.size);
        y += ports ? PORT_GAP_Y : GAP_Y;
      }
      for (const item of layer) {
        if (item.width === 0) item.height = height;
        item.y = y + (height - item.height) * (item.light ? 1 : 0.5);
      }
      y += height;
    });
    return this.exits.size ? y : y + PORT_GAP_Y;
  }

  // The lines to draw: source, x1, y1, x2, y2, the box that the line ends at or null.
  pieces() {
    const lines = [], lanes = new Set();
    for (const [above, below, source] of this.hops) {
      const x1 = above.x + bottomOf(above, source), y1 = above.y + above.height;
      const x2 = below.x + topOf(below, source);
      lines.push([source, x1, y1, x2, below.y, below.key === null ? null : below]);
      if (below.width === 0 && below.height && !lanes.has(below)) {
        lanes.add(below);
        lines.push([source, x2, below.y, x2, below.y + below.height, null]);
      }
    }
    return lines;
  }
}

function add(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

// The positions nearest to `wanted` (least squares) without overlap: pooled adjacent violators.
function settle(layer, wanted) {
  const starts = [], pools = [];
  let start = 0;
  layer.forEach(function (item, i) {
    starts.push(start);
    start += item.width + GAP_X;
    const weight = item.light ? LEAF_WEIGHT : 1;
    let pool = [weight * (wanted[i] - starts[i]), weight, 1];
    while (pools.length && pools[pools.length - 1][0] / pools[pools.length - 1][1] > pool[0] / pool[1]) {
      const last = pools.pop();
      pool = [last[0] + pool[0], last[1] + pool[1], last[2] + pool[2]];
    }
    pools.push(pool);
  });
  let i = 0;
  for (const [total, weight, count] of pools) {
    for (let n = 0; n < count; n++, i++) layer[i].x = total / weight + starts[i];
  }
}
