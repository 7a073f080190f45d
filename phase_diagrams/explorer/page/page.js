// The page: controls, two workers (one for the map, one for the point), and what connects them.

const STEPS = 10000; // of the predicted loss
const SHARES = 1000; // positions of a slider
const element = (id) => document.getElementById(id);
const text = new Blob([element("computation").textContent], { type: "text/javascript" });
const source = URL.createObjectURL(text);
const workers = { map: new Worker(source), point: new Worker(source) };
const ids = { map: 0, point: 0 };
let view = viewFromHash(location.hash);
let latest = null; // the verdict shown
let mapKey = ""; // of what the map depends on

const map = new MapView(element("map"), (x, y) => {
  setValues({ [view.x]: rounded(x), [view.y]: rounded(y) });
}, () => announce());
map.onHover = (at) => {
  const values = at ? [view.x, view.y].map((name, i) => `${labelOf(view.state, name)} ${shownNumber(at[i], 3)}`) : [];
  const sum = START.drawn ? "noise radius" : "noise sum";
  const kind = at && (at[2] === CODES.stable ? `${sum} ${shownNumber(at[3], 3)}` : KINDS[at[2]]);
  element("readout").textContent = at ? `${values.join(", ")}: ${kind}` : whereNot();
};

/** What is said where no point of the map is pointed at. */
function whereNot() {
  const isOn = map.x && map.place().every((share) => share >= 0 && share <= 1);
  return isOn || !map.x ? "" : "The chosen point lies outside of this map.";
}

// Work --------------------------------------------------------------------------------------------

function ask(kind, job) {
  ids[kind] += 1;
  workers[kind].postMessage({ kind, id: ids[kind], ...job });
}

workers.map.onmessage = ({ data }) => {
  if (data.id !== ids.map || data.done) return;
  if (data.boundary) {
    map.showBoundary(data.boundary);
    element("legend").innerHTML = map.legend();
    return;
  }
  map.show(data);
  if (data.level === 0) performance.measure("slider to coarse map", "slider");
  if (data.level === LEVELS.length - 1) performance.measure("slider to full map", "slider");
  element("map").dataset.level = data.level;
};

workers.point.onmessage = ({ data }) => {
  if (data.id !== ids.point) return;
  const { state } = view;
  if (data.done) { element("verdict").dataset.done = "true"; return; }
  if (data.part === "verdict") {
    latest = data;
    showVerdict(data);
    performance.measure("slider to verdict", "slider");
    announceSoon();
  } else if (data.part === "roots") drawRoots(element("roots"), data);
  else if (data.part === "summand") drawSummand(element("summand"), data);
  else {
    const isFull = state.batch_size === Infinity;
    const regime = isFull ? "no noise" : lossRegime(state.spectrum.nu, state.zeta);
    const theory = latest.stable ? lossSlope(state) : null;
    drawLosses(element("losses"), element("losses-note"), data, theory, regime);
    performance.measure("slider to losses", "slider");
  }
};

let speaking = 0;
function announceSoon() {
  clearTimeout(speaking);
  speaking = setTimeout(announce, 700);
}
function announce() {
  if (!latest) return;
  element("announcement").textContent = ""; // so that the same words are read again
  setTimeout(() => { element("announcement").textContent = announcement(latest); }, 50);
}

// State -------------------------------------------------------------------------------------------

let scheduled = false, changedSince = false;
function setValues(values) {
  for (const [name, value] of Object.entries(values)) view.state = changed(view.state, name, value);
  refreshSoon();
}

/** Work is asked for once a frame, however many events a slider makes. */
function refreshSoon() {
  if (!changedSince) {
    for (const name of performance.getEntriesByType("measure")) performance.clearMeasures(name.name);
    performance.clearMarks("slider");
    performance.mark("slider");
    changedSince = true;
  }
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(refresh);
}

function refresh() {
  scheduled = changedSince = false;
  const { state, ranges, x, y } = view;
  const axes = [x, y].map((name) => ({ ...ranges[name], label: labelOf(state, name) }));
  // the map does not depend on the target, nor on where the point is
  const rest = axes.reduce((moved, { name }) => changed(moved, name, 1), { ...state, zeta: 1 });
  const key = JSON.stringify([rest, axes], (_, value) => (value === Infinity ? "inf" : value));
  if (key !== mapKey) {
    const problem = JSON.stringify([state.family, axes]);
    map.begin(...axes, problem !== map.problem);
    map.problem = problem;
    mapKey = key;
    ask("map", { state, x: axes[0], y: axes[1] });
  }
  map.setPoint(valueOf(state, x), valueOf(state, y));
  element("readout").textContent = whereNot();
  element("verdict").dataset.done = "false";
  ask("point", { state, steps: STEPS });
  syncControls();
  showCodes(state);
  const [across, up] = [x, y].map((name) => shownNumber(valueOf(state, name)));
  const what = `Map of stability over ${axes[0].label} and ${axes[1].label}`;
  element("map").setAttribute("aria-label", `${what}; the point is at ${across} and ${up}`);
  saveSoon();
}

let saving = 0, ownHash = "";
function saveSoon() {
  clearTimeout(saving);
  saving = setTimeout(() => {
    ownHash = `#${viewToHash(view)}`;
    history.replaceState(null, "", ownHash);
  }, 250);
}
addEventListener("hashchange", () => {
  if (location.hash === ownHash) return;
  view = viewFromHash(location.hash);
  build();
});

// Controls ----------------------------------------------------------------------------------------

const controls = new Map();

/** A label, a number and a slider for a quantity. */
function addControl(place, name) {
  const { label, whole, endless } = { ...PROBLEM[name], ...OTHERS[name], label: labelOf(view.state, name) };
  const box = document.createElement("div");
  box.className = "slider";
  const [id, shown] = [name, label].map(escaped);
  box.innerHTML = `<div class="row">
      <label for="range-${id}">${shown} <span class="onmap"></span></label>
      <input type="text" autocomplete="off" id="value-${id}" aria-label="${shown}, exact value">
    </div>
    <input type="range" id="range-${id}" min="0" max="${SHARES}" step="1">`;
  place.append(box);
  const number = box.querySelector('input[type="text"]'), range = box.querySelector('input[type="range"]');
  const open = name === "batch_size" || endless; // whose last position is infinity
  range.addEventListener("input", () => {
    const share = Number(range.value) / SHARES;
    const value = rounded(axisValue(view.ranges[name], share));
    setValues({ [name]: open && share === 1 ? Infinity : whole ? Math.round(value) : value });
  });
  number.addEventListener("change", () => {
    const value = number.value === "" && open ? Infinity : readNumber(number.value);
    if ((number.value !== "" || open) && acceptable(name, value)) setValues({ [name]: value });
    else syncControls(true);
  });
  controls.set(name, { range, number, onmap: box.querySelector(".onmap"), open });
}

function syncControls(force = false) {
  const { state, ranges, x, y } = view;
  for (const [name, { range, number, onmap, open }] of controls) {
    const value = valueOf(state, name);
    const share = value === Infinity ? 1 : Math.min(1, Math.max(0, axisShare(ranges[name], value)));
    range.value = String(Math.round((Number.isNaN(share) ? 0 : share) * SHARES));
    range.setAttribute("aria-valuetext", value === Infinity ? "infinite" : shownNumber(value));
    if (force || document.activeElement !== number) number.value = value === Infinity ? "" : String(value);
    number.placeholder = open ? "∞" : "";
    onmap.textContent = name === x ? "(across)" : name === y ? "(up)" : "";
  }
}

/** Which quantity is an axis, and its range. */
function addAxis(key, word) {
  const place = element(`axis-${key}`);
  const { ranges, state } = view;
  const name = view[key];
  const options = axisNames(state).map((other) => {
    const chosen = other === name ? " selected" : "";
    return `<option value="${escaped(other)}"${chosen}>${escaped(labelOf(state, other))}</option>`;
  });
  const { low, high, log } = ranges[name];
  place.innerHTML = `<label for="${key}-name">${word}</label>
    <select id="${key}-name">${options.join("")}</select>
    <input type="text" autocomplete="off" id="${key}-low" aria-label="${word}: from" value="${shortNumber(low)}"> to
    <input type="text" autocomplete="off" id="${key}-high" aria-label="${word}: to" value="${high}">
    <label><input type="checkbox" id="${key}-log"${log ? " checked" : ""}> log</label>`;
  const [select] = place.getElementsByTagName("select");
  select.addEventListener("change", () => {
    const other = key === "x" ? "y" : "x";
    if (select.value === view[other]) view[other] = view[key];
    view[key] = select.value;
    if (valueOf(view.state, select.value) === Infinity) view.state = changed(view.state, select.value, 32);
    addAxes();
    refreshSoon();
    element(`${key}-name`).focus();
  });
  const [from, to, logarithmic] = ["low", "high", "log"].map((part) => element(`${key}-${part}`));
  const read = () => {
    const range = { name, low: readNumber(from.value), high: readNumber(to.value), log: logarithmic.checked };
    if (range.log && range.low <= 0 && range.high > 0) range.low = Number((range.high / 1e4).toPrecision(1));
    if (from.value !== "" && to.value !== "" && acceptableRange(range)) view.ranges[name] = range;
    const kept = view.ranges[name];
    [from.value, to.value, logarithmic.checked] = [shortNumber(kept.low), shortNumber(kept.high), kept.log];
    refreshSoon();
  };
  for (const input of [from, to, logarithmic]) input.addEventListener("change", read);
}

function addAxes() {
  addAxis("x", "across");
  addAxis("y", "up");
}

/** Make all controls anew, for another method. */
function build() {
  const { state } = view;
  controls.clear();
  for (const id of ["parameters", "problem"]) element(id).replaceChildren();
  element("method").value = String(state.family);
  element("method-text").textContent = FAMILIES[state.family].summary;
  for (const { name } of FAMILIES[state.family].parameters) addControl(element("parameters"), name);
  const law = state.spectrum.listed ? [] : ["exponent", "count"];
  const noise = START.drawn ? [] : ["zeta", "tau1", "tau2"];
  for (const name of ["batch_size", ...law, ...noise]) addControl(element("problem"), name);
  element("codes").replaceChildren();
  addAxes();
  mapKey = "";
  refreshSoon();
}

if (START.drawn) {
  const { count, replacement } = START.drawn;
  const drawn = replacement ? "with" : "without";
  element("data-note").textContent = `${count} samples, drawn anew for each batch, ${drawn} replacement. `
    + "The noise radius was found from them at the points of a grid and is interpolated between, with an "
    + "estimated error; the batch size moves freely.";
  element("losses-figure").hidden = true;
}
element("method").innerHTML = FAMILIES
  .map(({ title }, i) => `<option value="${i}">${escaped(title)}</option>`)
  .join("");
element("method").addEventListener("change", ({ target }) => {
  const { state } = view;
  view = startingView(Number(target.value));
  for (const name of [...Object.keys(PROBLEM), ...Object.keys(OTHERS)]) {
    if (!(state.spectrum.listed && (name === "exponent" || name === "count"))) {
      view.state = changed(view.state, name, valueOf(state, name)); // the problem stays
    }
  }
  build();
});
for (const ending of ["svg", "png"]) {
  element(`save-${ending}`).addEventListener("click", () => {
    const asked = codesOf(view.state).map(([, text]) => text).join("\n");
    savePicture(mapPicture(map, element("legend"), asked), FAMILIES[view.state.family].name, ending);
  });
}
element("reset").addEventListener("click", () => {
  view = startingView(view.state.family);
  build();
});
build();
