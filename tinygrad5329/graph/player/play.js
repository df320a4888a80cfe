// The tape player: a step is one operation run, or one gradient rule run.

class Player {
  constructor(data, picture, after) {
    this.graph = data.graph;
    this.picture = picture;
    this.held = data.held;
    this.after = after;
    this.byForward = [];
    this.graph.nodes.forEach((node, id) => { if (node.forward) this.byForward[node.forward] = id; });
    this.count = Math.max(0, this.byForward.length - 1);
    this.steps = 2 * this.count;
    // At the end everything has run: the picture as it is without playing.
    this.step = this.steps;
    this.active = false;
    this.timer = null;
    this.slider = document.getElementById("slider");
    this.button = document.getElementById("play");
    this.words = document.getElementById("step");
    this.slider.max = this.steps;
    this.slider.value = this.steps;
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.button.addEventListener("click", () => this.toggle());
    document.getElementById("previous").addEventListener("click", () => this.go(this.step - 1));
    document.getElementById("next").addEventListener("click", () => this.go(this.step + 1));
    document.getElementById("whole").addEventListener("click", () => this.stop());
    this.chart();
    this.show();
  }

  // The node that runs at the present step; null before the first.
  now() {
    if (!this.active || this.step === 0) return null;
    return this.byForward[this.step <= this.count ? this.step : 2 * this.count + 1 - this.step];
  }

  // Whether the gradient of a node's output is complete.
  knows(node) {
    return !this.active || this.step >= this.count + (node.backward || Infinity);
  }

  go(step) {
    this.active = true;
    this.step = Math.min(this.steps, Math.max(0, step));
    this.slider.value = this.step;
    this.show();
  }

  toggle() {
    if (this.timer !== null) return this.pause();
    if (!this.active || this.step >= this.steps) this.go(0);
    this.button.textContent = "Pause";
    // A long tape plays in about half a minute, and a short one slowly enough to follow.
    const stride = Math.max(1, Math.ceil(this.steps / 600)), wait = Math.min(700, Math.max(50, 30000 / this.steps));
    this.timer = setInterval(() => {
      this.go(this.step + stride);
      if (this.step >= this.steps) this.pause();
    }, wait);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.button.textContent = "Play";
  }

  stop() {
    this.pause();
    this.active = false;
    this.step = this.steps;
    this.slider.value = this.steps;
    this.show();
  }

  // Light every visible box according to the step.
  show() {
    const step = this.step, count = this.count, active = this.active, now = this.now();
    document.getElementById("graph").classList.toggle("playing", active);
    for (const member of this.picture.visible()) {
      if (typeof member === "number") {
        const node = this.graph.nodes[member], view = this.picture.views.get(member);
        const ran = !active || node.forward === undefined || step >= node.forward;
        this.light(view, view.element, ran ? 1 : 0, this.knows(node) && node.backward ? 1 : 0, member === now);
      } else {
        const view = member.view, size = member.last - member.first + 1;
        const forward = active ? clamp((step - member.first + 1) / size) : 1;
        const backward = active ? clamp((step - 2 * count + member.last) / size) : 1;
        const at = step <= count ? step : 2 * count + 1 - step;
        this.light(view, view.head, forward, backward, active && step > 0 && at >= member.first && at <= member.last);
      }
    }
    this.say(now);
    this.mark();
    this.after();
  }

  light(view, target, forward, backward, now) {
    const state = forward + "," + backward + "," + now + "," + this.active;
    if (view.state === state && view.stated === view.bar) return;
    view.state = state;
    view.stated = view.bar;
    target.classList.toggle("waiting", forward === 0);
    target.classList.toggle("now", now);
    target.classList.toggle("known", backward === 1);
    view.bar.classList.toggle("back", backward > 0);
    view.bar.setAttribute("width", (view.width * (!this.active ? 0 : backward > 0 ? backward : view.leaf ? 0 : forward)).toFixed(1));
  }

  say(now) {
    if (!this.active) {
      this.words.textContent = this.count.toLocaleString("en") + " operations; press Play";
      return;
    }
    const forward = this.step <= this.count, number = forward ? this.step : this.step - this.count;
    const name = now === null ? "before the first operation" : (forward ? "" : "gradient of ") + this.graph.nodes[now].name;
    const held = this.held ? ", " + bytesText(this.held[this.step]) + " held" : "";
    this.words.textContent = (forward ? "forward " : "backward ") + number + " of " + this.count + ": " + name + held;
  }

  // Memory that the tape holds after each step.
  chart() {
    const svg = document.getElementById("memory");
    if (!this.held || this.steps === 0) {
      document.getElementById("nomemory").hidden = false;
      svg.setAttribute("hidden", "");
      return;
    }
    const most = Math.max(1, this.held.reduce(function (a, b) { return Math.max(a, b); }, 0));
    const points = Math.min(this.steps, 800);
    let path = "M0 100";
    for (let i = 0; i <= points; i++) {
      const from = Math.floor(i * this.steps / points), to = Math.max(from + 1, Math.floor((i + 1) * this.steps / points));
      let held = 0;
      for (let s = from; s < Math.min(to, this.steps + 1); s++) held = Math.max(held, this.held[s]);
      path += "L" + (1000 * i / points).toFixed(1) + " " + (96 - 92 * held / most).toFixed(1);
    }
    make("path", { "class": "area", d: path + "L1000 100Z" }, svg);
    make("path", { "class": "turn", d: "M500 0V100" }, svg);
    this.marker = make("path", { "class": "marker", d: "M0 0V100" }, svg);
    document.getElementById("peak").textContent = "held for the backward pass, peak " + bytesText(most);
  }

  mark() {
    if (this.marker) {
      this.marker.setAttribute("transform", "translate(" + (1000 * this.step / Math.max(1, this.steps)).toFixed(1) + " 0)");
      this.marker.setAttribute("visibility", this.active ? "visible" : "hidden");
    }
  }
}

function clamp(x) {
  return Math.min(1, Math.max(0, x));
}
