// The map as it is drawn: colours on a canvas, axes, the boundary and the point above it.

const COLOURS = ["", "#b0b0b8", "#d55e00", "#cc79a7", "#e69f00", "#000000", "#ece2f0"]; // by CODES
const KINDS = [
  "stable", "diverges without noise", "diverges by mini-batch noise", "one mode's noise feeds on itself",
  "eigenvalues have an infinite sum", "undecided", "no data have such noise: τ2 > τ1",
];
const LEAST = 0.001; // noise sum, below which one colour is for all
const STROKES = { // as in the pictures of stability_boundary
  noise_sum: "", mode_noise: "6 2 2 2", root_at_1: "2 2", root_at_minus_1: "8 3",
  complex_roots: "8 3 2 3", trace_diverges: "", undecided_noise_sum: "1 3",
};

class MapView {
  constructor(element, onMove, onEnter) {
    this.element = element;
    this.canvas = element.querySelector("canvas");
    this.svg = element.querySelector("svg");
    this.margin = { left: 56, right: 10, top: 8, bottom: 42 };
    this.level = null;
    this.boundary = [];
    this.other = null; // the boundary of another method with the same axes, and its title
    this.onMove = onMove;
    new ResizeObserver(() => this.layout()).observe(element);
    const at = (event) => {
      const box = element.getBoundingClientRect();
      return this.inside(event.clientX - box.left, event.clientY - box.top);
    };
    // a finger may be about to scroll: only a tap, which is a click, chooses a point
    element.addEventListener("click", (event) => this.move(at(event)));
    element.addEventListener("pointerdown", (event) => {
      if (event.button || event.pointerType === "touch") return;
      element.setPointerCapture(event.pointerId);
      this.move(at(event));
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) this.move(at(event));
      this.hover(at(event));
    });
    element.addEventListener("pointerleave", () => this.hover(null));
    element.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 0.05 : 0.01;
      const moves = {
        ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step],
      };
      if (event.key === "Enter") onEnter();
      else if (moves[event.key]) {
        const [s, t] = this.place().map((share) => Math.min(1, Math.max(0, share)));
        const [a, b] = moves[event.key];
        this.move([Math.min(1, Math.max(0, s + a)), Math.min(1, Math.max(0, t + b))]);
      } else return;
      event.preventDefault();
    });
  }

  /** Shares of the axes at a place of the element. */
  inside(left, top) {
    const { margin, width, height } = this;
    const s = (left - margin.left) / (width - margin.left - margin.right);
    const t = 1 - (top - margin.top) / (height - margin.top - margin.bottom);
    return [Math.min(1, Math.max(0, s)), Math.min(1, Math.max(0, t))];
  }

  move([s, t]) {
    this.point = [axisValue(this.x, s), axisValue(this.y, t)]; // several keys may come in a frame
    this.onMove(...this.point);
  }

  /** Shares of the axes at which the point lies. */
  place() {
    return [axisShare(this.x, this.point[0]), axisShare(this.y, this.point[1])];
  }

  hover(place) {
    if (!place || !this.level) { this.onHover(null); return; }
    const { columns, rows, codes, sums } = this.level;
    const column = Math.min(columns - 1, Math.floor(place[0] * columns));
    const row = Math.min(rows - 1, Math.floor(place[1] * rows));
    const at = row * columns + column;
    this.onHover([axisValue(this.x, place[0]), axisValue(this.y, place[1]), codes[at], sums[at]]);
  }

  /** Begin anew with other axes or another problem; the old colours stay until new ones come. */
  begin(x, y, fresh) {
    this.x = x;
    this.y = y;
    if (fresh) { this.level = null; this.boundary = []; }
    this.draw();
  }

  setPoint(x, y) {
    this.point = [x, y];
    this.drawPoint();
  }

  showBoundary(boundary) {
    this.boundary = boundary;
    this.drawBoundary();
  }

  /** Show a level of a map. */
  show(level) {
    this.level = level;
    const { columns, rows, codes, sums } = level;
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const code = codes[row * columns + column];
        const sum = sums[row * columns + column];
        pixels[(rows - 1 - row) * columns + column] = code === CODES.stable ? PALETTE[shadeOf(sum)] : FLAT[code];
      }
    }
    const drawn = document.createElement("canvas");
    drawn.width = columns;
    drawn.height = rows;
    drawn.getContext("2d").putImageData(image, 0, 0);
    this.drawn = drawn;
    this.paint();
  }

  layout() {
    this.width = this.element.clientWidth;
    this.height = this.element.clientHeight;
    const { margin } = this;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const across = this.width - margin.left - margin.right;
    const down = this.height - margin.top - margin.bottom;
    Object.assign(this.canvas.style, {
      left: `${margin.left}px`, top: `${margin.top}px`, width: `${across}px`, height: `${down}px`,
    });
    this.canvas.width = Math.round(across * ratio);
    this.canvas.height = Math.round(down * ratio);
    this.paint();
    this.draw();
  }

  paint() {
    if (!this.drawn || !this.canvas.width) return;
    const context = this.canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.drawn, 0, 0, this.canvas.width, this.canvas.height);
  }

  draw() {
    if (!this.x || !this.width) return;
    const { toX, toY, markup } = frame(this.width, this.height, this.x, this.y, this.margin);
    this.toX = toX;
    this.toY = toY;
    const middle = (this.margin.top + this.height - this.margin.bottom) / 2;
    const visible = markup.replace(/<line class="grid"[^>]*>/g, "");
    this.svg.innerHTML = `${visible}
      <text transform="translate(13 ${middle}) rotate(-90)" text-anchor="middle">${escaped(this.y.label)}</text>
      <g class="boundary"></g><g class="point"></g>`;
    this.drawBoundary();
    this.drawPoint();
  }

  drawBoundary() {
    const group = this.svg.querySelector(".boundary");
    if (!group) return;
    const draw = (kind, { condition, points }) => {
      const places = points.map(([s, t]) => [axisValue(this.x, s), axisValue(this.y, t)]);
      const strokes = kind === "edge" ? `stroke-dasharray="${STROKES[condition]}"` : "";
      return `<path class="${kind}" ${strokes} d="${path(places, this.toX, this.toY)}"/>`;
    };
    const of = (wanted, pieces = this.boundary) => pieces.filter(({ kind }) => kind === wanted);
    const edges = of("edge");
    group.innerHTML = [
      ...of("edge", this.other?.boundary ?? []).map((piece) => draw("other", piece)),
      ...of("quiet").map((piece) => draw("quiet", piece)),
      ...of("line").map((piece) => draw("lining", piece)),
      ...of("line").map((piece) => draw(lineClass(piece.condition), piece)),
      ...edges.map((piece) => draw("casing", piece)),
      ...edges.map((piece) => draw("edge", piece)),
    ].join("");
  }

  drawPoint() {
    const group = this.svg.querySelector(".point");
    if (!group || !this.point) return;
    const [s, t] = this.place();
    if (!(s >= -1e-9 && s <= 1 + 1e-9 && t >= -1e-9 && t <= 1 + 1e-9)) { group.innerHTML = ""; return; }
    const at = `cx="${this.toX(this.point[0]).toFixed(1)}" cy="${this.toY(this.point[1]).toFixed(1)}"`;
    group.innerHTML = `<circle ${at} r="8" fill="none" stroke="#fff" stroke-width="5"/>
      <circle ${at} r="8" fill="none" stroke="#000" stroke-width="2"/>
      <circle ${at} r="2" fill="#000" stroke="#fff" stroke-width="0.8"/>`;
  }

  /** The legend of what the map shows at present. */
  legend() {
    const codes = new Set(this.level ? this.level.codes : []);
    const conditions = (wanted) =>
      new Set(this.boundary.filter(({ kind }) => kind === wanted).map(({ condition }) => condition));
    const parts = [];
    if (codes.has(CODES.stable)) {
      const shades = TABLES.palette.filter((_, i) => i % 7 === 0).join();
      const bar = `<i class="bar" style="background:linear-gradient(90deg,${shades})"></i>`;
      parts.push(`stable, ${START.drawn ? "noise radius" : "noise sum"} ≤ ${LEAST} ${bar} 1`);
    }
    for (let code = 1; code < KINDS.length; code++) {
      if (codes.has(code)) parts.push(`<i style="background:${COLOURS[code]}"></i>${KINDS[code]}`);
    }
    const line = (kind) => `<svg aria-hidden="true"><line ${kind} x1="0" x2="38" y1="6" y2="6"/></svg>`;
    for (const condition of conditions("edge")) {
      const strokes = `stroke-dasharray="${STROKES[condition]}"`;
      const isRadius = START.drawn && condition === "noise_sum";
      parts.push(`${line(strokes)}edge: ${isRadius ? "the noise radius" : TABLES.labels[condition]}`);
    }
    if (this.other?.boundary.some(({ kind }) => kind === "edge")) {
      parts.push(`${line('class="other"')}edge of ${escaped(this.other.title)}`);
    }
    for (const condition of conditions("quiet")) {
      parts.push(`${line('class="quiet"')}without noise: ${TABLES.labels[condition]}`);
    }
    for (const words of conditions("line")) {
      parts.push(`${line(`class="${lineClass(words)}"`)}${escaped(words)}`);
    }
    return parts.map((part) => `<span>${part}</span>`).join("");
  }
}

/** The look of a line of a paper: those of its own differ from that of noise alone. */
function lineClass(words) {
  return MODEL.lines.some(([own]) => own === words) ? "line own" : "line";
}

/** The place in the palette of a noise sum, by its logarithm as in the pictures of maps. */
function shadeOf(sum) {
  const share = 1 - Math.log10(sum) / Math.log10(LEAST);
  return Math.max(0, Math.min(PALETTE.length - 1, Math.floor(share * PALETTE.length)));
}

function packed(colour) {
  const value = parseInt(colour.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}
const PALETTE = TABLES.palette.map(packed);
const FLAT = COLOURS.map((colour) => (colour ? packed(colour) : 0));
