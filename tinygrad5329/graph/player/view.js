// Panning and zooming: which part of the picture is shown.

class View {
  constructor(frame, svg, picture) {
    this.frame = frame;
    this.svg = svg;
    this.picture = picture;
    this.x = this.y = 0;
    this.scale = 1;
    this.moved = 0;
    this.fingers = new Map();
    svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    svg.addEventListener("pointerdown", (event) => {
      this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      this.moved = 0;
    });
    window.addEventListener("pointermove", (event) => this.drag(event));
    const lift = (event) => {
      this.fingers.delete(event.pointerId);
      svg.classList.remove("drag");
    };
    window.addEventListener("pointerup", lift);
    window.addEventListener("pointercancel", lift);
    // Asked for once: reading it after a change would make the browser lay out the picture at once.
    const measure = () => {
      this.wide = frame.clientWidth;
      this.tall = frame.clientHeight;
    };
    measure();
    new ResizeObserver(() => {
      measure();
      this.show();
    }).observe(frame);
  }

  show() {
    const width = this.wide / this.scale, height = this.tall / this.scale;
    this.svg.setAttribute("viewBox", [this.x, this.y, width, height].join(" "));
    // From far away words are too small to read, and slow to draw.
    this.svg.classList.toggle("far", this.scale < 0.22);
    const margin = 0.3 * Math.max(width, height);
    this.picture.cull(this.x - margin, this.y - margin, this.x + width + margin, this.y + height + margin);
  }

  fit() {
    const wide = this.wide, tall = this.tall;
    const w = this.picture.width, h = this.picture.height, all = Math.min(wide / w, tall / h);
    // A tall graph would shrink to a thread: stay readable, and start at the top.
    this.scale = Math.min(1.5, all > 0.55 ? all : Math.max(all, Math.min(wide / w, 0.9), 0.3));
    this.x = w / 2 - wide / this.scale / 2;
    this.y = h * this.scale <= tall ? h / 2 - tall / this.scale / 2 : 0;
    this.show();
  }

  zoom(factor, px, py) {
    if (px === undefined) {
      px = this.wide / 2;
      py = this.tall / 2;
    }
    const next = Math.min(8, Math.max(0.01, this.scale * factor));
    this.x += px / this.scale - px / next;
    this.y += py / this.scale - py / next;
    this.scale = next;
    this.show();
  }

  pan(dx, dy) {
    this.x += dx / this.scale;
    this.y += dy / this.scale;
    this.show();
  }

  wheel(event) {
    event.preventDefault();
    const frame = this.frame.getBoundingClientRect(), unit = event.deltaMode ? 30 : 1;
    this.zoom(Math.exp(-event.deltaY * unit * 0.0015), event.clientX - frame.left, event.clientY - frame.top);
  }

  drag(event) {
    const last = this.fingers.get(event.pointerId);
    if (!last) return;
    const dx = event.clientX - last.x, dy = event.clientY - last.y;
    this.moved += Math.abs(dx) + Math.abs(dy);
    if (this.moved > 4) this.svg.classList.add("drag");
    if (this.fingers.size === 1) {
      this.pan(-dx, -dy);
    } else {
      let other = null;
      this.fingers.forEach(function (finger, id) { if (id !== event.pointerId) other = finger; });
      const before = Math.hypot(last.x - other.x, last.y - other.y);
      const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      const frame = this.frame.getBoundingClientRect();
      if (before > 0) this.zoom(after / before, other.x - frame.left, other.y - frame.top);
    }
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  // Bring a place of the picture into the middle; with `lazily` only if it is out of sight.
  centre(at, lazily) {
    const wide = this.wide / this.scale, tall = this.tall / this.scale;
    const inside = at.x >= this.x && at.y >= this.y && at.x + at.width <= this.x + wide && at.y + at.height <= this.y + tall;
    if (lazily && inside) return;
    this.x = at.x + at.width / 2 - wide / 2;
    // Of something taller than the window, such as an open module, the beginning.
    this.y = at.height > tall ? at.y - 20 / this.scale : at.y + at.height / 2 - tall / 2;
    this.show();
  }

  // Keep a call where it was on the screen while `change` lays out the picture anew.
  holding(call, change) {
    const before = this.picture.placeOf(call);
    change();
    const after = this.picture.placeOf(call);
    this.x += after.x + after.width / 2 - before.x - before.width / 2;
    this.y += after.y - before.y;
    this.show();
  }
}
