// The page: one method or two beside each other on one problem, and what connects them.

class Page {
  constructor() {
    this.sides = [];
    this.ownHash = "";
    this.controls = new Controls(this);
    element("compare").addEventListener("click", () => (this.views.length > 1 ? this.show([this.views[0]]) : this.compare()));
    element("linked").addEventListener("change", ({ target }) => {
      this.linked = target.checked;
      if (this.linked) follow(this.views[1], this.views[0]);
      this.build();
    });
    element("reset").addEventListener("click", () => {
      const views = this.views.map(({ state }) => startingView(state.family));
      if (views.length > 1 && this.linked) follow(views[1], views[0]);
      this.show(views);
    });
    addEventListener("hashchange", () => { if (location.hash !== this.ownHash) this.read(); });
    this.read();
  }

  /** Show what the address says. */
  read() {
    const { views, linked } = viewsFromHash(location.hash);
    this.linked = linked;
    this.show(views);
  }

  /** Put another method beside the first one: another usual one, or the same for other parameters. */
  compare() {
    const [first] = this.views;
    const names = FAMILIES.map(({ name }) => name), shown = names[first.state.family];
    const next = ["nesterov", "heavy-ball", ...names].find((name) => name !== shown && names.includes(name));
    this.linked = next !== undefined;
    const second = viewOf(next === undefined ? first.state.family : names.indexOf(next), first);
    follow(second, first);
    this.show([first, second]);
  }

  /** Show other views, one or two. */
  show(views) {
    this.views = views;
    while (this.sides.length > views.length) this.sides.pop().remove();
    while (this.sides.length < views.length) this.sides.push(new Side(this.sides.length, this));
    this.build();
  }

  /** Make all controls anew, for other methods. */
  build() {
    const isTwo = this.views.length > 1;
    document.querySelector("main").classList.toggle("two", isTwo);
    element("compare").textContent = isTwo ? "Show one method" : "Compare two methods";
    const [first, second] = this.views.map(ownNames);
    element("link").hidden = !isTwo || !first.some((name) => second.includes(name));
    element("linked").checked = this.linked;
    this.controls.build();
    for (const side of this.sides) side.build();
    this.refreshSoon();
  }

  /** Another method for one side; the problem stays, and what both methods have if they are linked. */
  choose(place, family) {
    const views = [...this.views], other = views[1 - place];
    views[place] = viewOf(family, views[place]);
    if (other?.state.family === family) this.linked = false; // the same one, for other parameters
    if (other && this.linked) follow(views[place], other);
    this.show(views);
  }

  /** The views that a change of a quantity of one of them changes. */
  sharing(place, name) {
    const everywhere = name in PROBLEM || name in OTHERS;
    return this.views.filter((view, i) =>
      i === place || everywhere || (this.linked && ownNames(view).includes(name)));
  }

  setValues(place, values) {
    for (const [name, value] of Object.entries(values)) {
      for (const view of this.sharing(place, name)) view.state = changed(view.state, name, value);
    }
    this.refreshSoon();
  }

  /** Another kind of inputs of a paper, with what its sliders have in common with the present one. */
  setInputs(number) {
    for (const view of this.views) {
      view.state = changed(view.state, "inputs", number);
      const names = axisNames(view.state), wanted = START.axes.filter((name) => names.includes(name));
      for (const [key, other] of [["x", "y"], ["y", "x"]]) {
        if (names.includes(view[key])) continue;
        view[key] = [...wanted, ...names].find((name) => name !== view[other]);
      }
    }
    this.build();
  }

  setAxis(place, key, name) {
    const other = key === "x" ? "y" : "x";
    for (const view of this.linked ? this.sharing(place, name) : [this.views[place]]) {
      if (name === view[other]) view[other] = view[key];
      view[key] = name;
      if (valueOf(view.state, name) === Infinity) this.setValues(place, { [name]: 32 });
    }
    this.views.forEach((_, i) => this.controls.addAxes(i));
    this.refreshSoon();
  }

  setRange(place, range) {
    for (const view of this.linked ? this.sharing(place, range.name) : [this.views[place]]) {
      view.ranges[range.name] = range;
    }
    this.views.forEach((_, i) => { if (i !== place) this.controls.addAxes(i); });
    this.refreshSoon();
  }

  /** Work is asked for once a frame, however many events a slider makes. */
  refreshSoon() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    for (const { name } of performance.getEntriesByType("measure")) performance.clearMeasures(name);
    performance.clearMarks("slider");
    performance.mark("slider");
    requestAnimationFrame(() => {
      this.isScheduled = false;
      for (const side of this.sides) side.refresh();
      this.controls.show();
      this.saveSoon();
    });
  }

  /** Keep the views in the address. */
  saveSoon() {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => {
      this.ownHash = `#${viewsToHash(this.views, this.linked)}`;
      history.replaceState(null, "", this.ownHash);
    }, 250);
  }
}

if (START.title) {
  document.title = START.title;
  document.querySelector("h1").textContent = START.title;
  element("subtitle").textContent = `Stability with sliders, after ${START.reference}.`;
}
if (START.drawn) {
  const { count, way, epoch } = START.drawn;
  element("data-note").textContent = `${count} samples, ${way}. `
    + "The noise radius was found from them at the points of a grid and is interpolated between, with an "
    + `estimated error; ${epoch ? `batches are those of ${epoch}` : "the batch size moves freely"}.`;
}
const page = new Page();
