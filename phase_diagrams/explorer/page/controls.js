// Sliders for the parameters of one or two methods and for the problem; the axes of the maps.

const SHARES = 1000; // positions of a slider

class Controls {
  constructor(page) {
    this.page = page;
    this.all = [];
  }

  /** Make all sliders and axes anew, for other methods. */
  build() {
    const { views, linked } = this.page;
    this.all = [];
    for (const id of ["parameters", "problem"]) element(id).replaceChildren();
    const [first, second] = views.map(ownNames);
    const both = second && linked ? first.filter((name) => second.includes(name)) : [];
    const groups = [[[0, 1], both, "Both methods"], ...views.map((view, place) =>
      [[place], ownNames(view).filter((name) => !both.includes(name)), FAMILIES[view.state.family].title])];
    for (const [places, names, title] of groups) {
      if (!names.length) continue;
      const group = document.createElement("div");
      group.className = "group";
      if (second) group.innerHTML = `<h3>${escaped(title)}</h3>`;
      element("parameters").append(group);
      for (const name of names) this.add(group, name, places);
    }
    const law = MODEL ? Object.keys(inputsOf(views[0].state).sliders)
      : views[0].state.spectrum.listed ? [] : ["exponent", "count"];
    const noise = MODEL || START.drawn ? [] : ["zeta", "tau1", "tau2"];
    if (MODEL) this.addInputs();
    const size = START.drawn?.epoch ? [] : ["batch_size"];
    for (const name of [...size, ...law, ...noise]) this.add(element("problem"), name, [0]);
    views.forEach((_, place) => this.addAxes(place));
  }

  /** What the inputs are, in a sentence, and a menu where a paper has several kinds. */
  addInputs() {
    const { state } = this.page.views[0];
    element("data-note").textContent = inputsOf(state).said;
    if (MODEL.problems.length < 2) return;
    const menu = document.createElement("select");
    menu.id = "inputs";
    menu.setAttribute("aria-label", "inputs");
    menu.innerHTML = MODEL.problems.map(({ title }, i) =>
      `<option value="${i}"${i === state.inputs ? " selected" : ""}>${escaped(title)}</option>`).join("");
    menu.addEventListener("change", ({ target }) => {
      this.page.setInputs(Number(target.value));
      element("inputs").focus();
    });
    element("problem").append(menu);
  }

  /** A label, a number and a slider for a quantity of some views. */
  add(box, name, places) {
    const view = this.page.views[places[0]], suffix = SUFFIXES[places[0]];
    const { label, whole, endless } = { ...PROBLEM[name], ...OTHERS[name], label: labelOf(view.state, name) };
    const [id, shown] = [name + suffix, label].map(escaped);
    const slider = document.createElement("div");
    slider.className = "slider";
    slider.innerHTML = `<div class="row">
        <label for="range-${id}">${shown} <span class="onmap"></span></label>
        <input type="text" autocomplete="off" id="value-${id}" aria-label="${shown}, exact value">
      </div>
      <input type="range" id="range-${id}" min="0" max="${SHARES}" step="1">`;
    box.append(slider);
    const number = slider.querySelector('input[type="text"]'), range = slider.querySelector('input[type="range"]');
    const open = name === "batch_size" || endless; // whose last position is infinity
    const set = (value) => this.page.setValues(places[0], { [name]: value });
    range.addEventListener("input", () => {
      const share = Number(range.value) / SHARES;
      const value = rounded(axisValue(this.page.views[places[0]].ranges[name], share));
      set(open && share === 1 ? Infinity : whole ? Math.round(value) : value);
    });
    number.addEventListener("change", () => {
      const value = number.value === "" && open ? Infinity : readNumber(number.value);
      if ((number.value !== "" || open) && acceptable(name, value)) set(value);
      else this.show(true);
    });
    this.all.push({ name, place: places[0], range, number, onmap: slider.querySelector(".onmap"), open });
  }

  /** Show the values of the views, but not in a field that is being written in. */
  show(force = false) {
    for (const { name, place, range, number, onmap, open } of this.all) {
      const { state, ranges, x, y } = this.page.views[place];
      const value = valueOf(state, name);
      const share = value === Infinity ? 1 : Math.min(1, Math.max(0, axisShare(ranges[name], value)));
      range.value = String(Math.round((Number.isNaN(share) ? 0 : share) * SHARES));
      range.setAttribute("aria-valuetext", value === Infinity ? "infinite" : shownNumber(value));
      if (force || document.activeElement !== number) number.value = value === Infinity ? "" : String(value);
      number.placeholder = open ? "∞" : "";
      onmap.textContent = name === x ? "(across)" : name === y ? "(up)" : "";
    }
  }

  addAxes(place) {
    this.addAxis(place, "x", "across");
    this.addAxis(place, "y", "up");
  }

  /** Which quantity is an axis of a map, and its range. */
  addAxis(place, key, word) {
    const view = this.page.views[place], name = view[key];
    const id = (part) => `${key}-${part}${SUFFIXES[place]}`;
    const options = axisNames(view.state).map((other) => {
      const chosen = other === name ? " selected" : "";
      return `<option value="${escaped(other)}"${chosen}>${escaped(labelOf(view.state, other))}</option>`;
    });
    const { low, high, log } = view.ranges[name];
    element(`axis-${key}${SUFFIXES[place]}`).innerHTML = `<label for="${id("name")}">${word}</label>
      <select id="${id("name")}">${options.join("")}</select>
      <input type="text" autocomplete="off" id="${id("low")}" aria-label="${word}: from" value="${shortNumber(low)}"> to
      <input type="text" autocomplete="off" id="${id("high")}" aria-label="${word}: to" value="${shortNumber(high)}">
      <label><input type="checkbox" id="${id("log")}"${log ? " checked" : ""}> log</label>`;
    element(id("name")).addEventListener("change", ({ target }) => {
      this.page.setAxis(place, key, target.value);
      element(id("name")).focus();
    });
    const inputs = ["low", "high", "log"].map((part) => element(id(part)));
    const [from, to, logarithmic] = inputs;
    const read = () => {
      const range = { name, low: readNumber(from.value), high: readNumber(to.value), log: logarithmic.checked };
      if (range.log && range.low <= 0 && range.high > 0) range.low = Number((range.high / 1e4).toPrecision(1));
      if (from.value !== "" && to.value !== "" && acceptableRange(range)) this.page.setRange(place, range);
      const kept = view.ranges[name];
      [from.value, to.value, logarithmic.checked] = [shortNumber(kept.low), shortNumber(kept.high), kept.log];
    };
    for (const input of inputs) input.addEventListener("change", read);
  }
}
