// One method of the page: its map and all that is said of its point, by two workers of its own.

const STEPS = 10000; // of the predicted loss
const SUFFIXES = ["", "-2"]; // of the ids of the first and of the second method's elements
const PLOTS = ["roots", "summand", "losses"];
const isHidden = (name) => Boolean(MODEL?.hidden.includes(name)); // of another method than is meant
const element = (id) => document.getElementById(id);
const computation = URL.createObjectURL(
  new Blob([element("computation").textContent], { type: "text/javascript" }));

class Side {
  /** `page` has `views` and `sides`, and says what is to be done when a person does something. */
  constructor(place, page) {
    this.place = place;
    this.page = page;
    this.ids = { map: 0, point: 0 };
    this.found = {}; // what is known of the point, by its parts
    this.mapKey = ""; // of what the map depends on
    this.parts = ["panel", "detail"].map((name) => this.fromTemplate(name));
    this.workers = { map: new Worker(computation), point: new Worker(computation) };
    for (const [kind, worker] of Object.entries(this.workers)) {
      worker.onmessage = ({ data }) => { if (data.id === this.ids[kind]) this.take(kind, data); };
    }
    this.map = new MapView(this.part("map"),
      (x, y) => page.setValues(this.place, { [this.view.x]: rounded(x), [this.view.y]: rounded(y) }),
      () => this.announce());
    this.map.onHover = (at) => { this.part("readout").textContent = at ? this.saidAt(at) : this.whereNot(); };
    const options = FAMILIES.map(({ title }, i) => `<option value="${i}">${escaped(title)}</option>`);
    this.part("method").innerHTML = options.join("");
    this.part("method").addEventListener("change", ({ target }) => page.choose(this.place, Number(target.value)));
    this.part("derive").addEventListener("click", () => showDerivation(FAMILIES[this.view.state.family].name));
    this.part("derive").hidden = !hasDerivations();
    this.part("losses-figure").hidden = Boolean(START.drawn) || isHidden("losses");
    this.part("roots-figure").hidden = isHidden("roots");
    for (const ending of ["svg", "png"]) {
      this.part(`save-${ending}`).addEventListener("click", () => {
        const { state } = this.view;
        const asked = codesOf(state).map(([, text]) => text).join("\n");
        savePicture(mapPicture(this.map, this.part("legend"), asked), FAMILIES[state.family].name, ending);
      });
    }
  }

  get view() { return this.page.views[this.place]; }

  get title() { return FAMILIES[this.view.state.family].title; }

  /** The other method of the page, if there is one. */
  get other() { return this.page.sides[1 - this.place]; }

  part(name) { return element(name + SUFFIXES[this.place]); }

  /** Add a copy of a template to the page, its ids and what refers to them with this side's suffix. */
  fromTemplate(name) {
    const copy = element(`${name}-template`).content.cloneNode(true);
    for (const attribute of ["id", "for", "aria-labelledby"]) {
      for (const one of copy.querySelectorAll(`[${attribute}]`)) {
        one.setAttribute(attribute, one.getAttribute(attribute) + SUFFIXES[this.place]);
      }
    }
    const root = copy.firstElementChild;
    element(`${name}s`).append(copy);
    return root;
  }

  remove() {
    for (const worker of Object.values(this.workers)) worker.terminate();
    for (const part of this.parts) part.remove();
  }

  /** Begin with another method. */
  build() {
    const { family } = this.view.state;
    this.part("method").value = String(family);
    this.part("detail-title").textContent = this.title;
    this.part("method-text").textContent = FAMILIES[family].summary;
    this.part("codes").replaceChildren();
    this.mapKey = "";
  }

  /** Ask the workers for all that a change of the view changes. */
  refresh() {
    const { state, ranges, x, y } = this.view;
    const axes = [x, y].map((name) => ({ ...ranges[name], label: labelOf(state, name) }));
    // the map does not depend on the target, nor on where the point is
    const rest = axes.reduce((moved, { name }) => changed(moved, name, 1), { ...state, zeta: 1 });
    const key = JSON.stringify([rest, axes], (_, value) => (value === Infinity ? "inf" : value));
    if (key !== this.mapKey) {
      const problem = JSON.stringify([state.family, axes]);
      this.map.begin(...axes, problem !== this.map.problem);
      this.map.problem = problem;
      this.mapKey = key;
      this.part("map").dataset.level = "none"; // what is seen is of other values until the worker answers
      this.ask("map", { state, x: axes[0], y: axes[1] });
    }
    this.map.setPoint(valueOf(state, x), valueOf(state, y));
    this.part("readout").textContent = this.whereNot();
    this.part("verdict").dataset.done = "false";
    this.ask("point", { state, steps: STEPS });
    showCodes(this.part("codes"), state);
    const [across, up] = [x, y].map((name) => shownNumber(valueOf(state, name)));
    const what = `Map of stability of ${this.title} over ${axes[0].label} and ${axes[1].label}`;
    this.part("map").setAttribute("aria-label", `${what}; the point is at ${across} and ${up}`);
  }

  ask(kind, job) {
    this.ids[kind] += 1;
    this.workers[kind].postMessage({ kind, id: this.ids[kind], ...job });
  }

  /** Show what a worker has found. */
  take(kind, data) {
    if (kind === "map") this.takeMap(data);
    else if (data.done) this.part("verdict").dataset.done = "true";
    else {
      this.found[data.part] = data;
      if (data.part === "roots") drawRoots(this.part("roots"), data);
      else if (data.part === "verdict") {
        this.found = { verdict: data }; // the rest is of another point
        if (data.reason === "undefined") for (const name of PLOTS) this.part(name).replaceChildren();
        showVerdict((name) => this.part(name), data);
        performance.measure("slider to verdict", "slider");
        this.announceSoon();
      } else for (const side of this.page.sides) side.draw(data.part);
      if (data.part === "losses") performance.measure("slider to losses", "slider");
    }
  }

  takeMap(data) {
    if (data.done) return;
    if (data.boundary) {
      this.map.showBoundary(data.boundary);
      for (const side of this.page.sides) side.showEdges();
      return;
    }
    this.map.show(data);
    if (data.level === 0) performance.measure("slider to coarse map", "slider");
    if (data.level === LEVELS.length - 1) performance.measure("slider to full map", "slider");
    this.part("map").dataset.level = data.level;
  }

  /** Draw the edges on the map, that of the other method too where the maps have the same axes. */
  showEdges() {
    const { other, map } = this, axes = ({ x, y }) => JSON.stringify([x, y]);
    const isAlike = other && other.map.x && axes(other.map) === axes(map);
    map.other = isAlike ? { boundary: other.map.boundary, title: other.title } : null;
    map.drawBoundary();
    this.part("legend").innerHTML = map.legend();
  }

  /** Draw curves of the point, beside those of the other method. */
  draw(name) {
    const found = this.found[name], beside = this.other?.found[name];
    if (!found) return;
    const other = beside && { ...beside, title: this.other.title };
    if (name === "summand") drawSummand(this.part("summand"), found, other);
    else {
      const { state } = this.view;
      const isFull = state.batch_size === Infinity;
      const regime = isFull ? "no noise" : lossRegime(state.spectrum.nu, state.zeta);
      const slope = this.found.verdict.stable ? lossSlope(state) : null;
      drawLosses(this.part("losses"), this.part("losses-note"), found, { slope, regime, other });
    }
  }

  saidAt([across, up, code, value]) {
    const { state, x, y } = this.view;
    const values = [[x, across], [y, up]].map(([name, at]) => `${labelOf(state, name)} ${shownNumber(at, 3)}`);
    const sum = START.drawn ? "noise radius" : "noise sum";
    return `${values.join(", ")}: ${code === CODES.stable ? `${sum} ${shownNumber(value, 3)}` : KINDS[code]}`;
  }

  /** What is said where no point of the map is pointed at. */
  whereNot() {
    const isOn = this.map.x && this.map.place().every((share) => share >= 0 && share <= 1);
    return isOn || !this.map.x ? "" : "The chosen point lies outside of this map.";
  }

  announceSoon() {
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => this.announce(), 700);
  }

  announce() {
    const { verdict } = this.found, place = element("announcement");
    if (!verdict) return;
    const name = this.other ? `${this.title}: ` : "";
    place.textContent = ""; // so that the same words are read again
    setTimeout(() => { place.textContent = name + announcement(verdict); }, 50);
  }
}
