// What the page shows, as one object, and the same as a link.

/** Quantities of the problem that are not parameters of a method. */
const PROBLEM = {
  batch_size: { label: "batch size B", low: 1, high: 1e5, log: true, ...MODEL?.batch_size },
  ...(MODEL ? Object.assign({}, ...MODEL.problems.map(({ sliders }) => sliders)) : {
    tau1: { label: "noise τ1", low: 0, high: 4, log: false },
    tau2: { label: "noise τ2", low: -2, high: 1, log: false },
    exponent: { label: "spectrum ν", low: 0.4, high: 4, log: false },
  }),
};
const OTHERS = MODEL ? { inputs: { label: "inputs", low: 0, high: MODEL.problems.length - 1 } } : {
  count: { label: "eigenvalues N", low: 1, high: 1e7, log: true, whole: true, endless: true },
  zeta: { label: "target ζ", low: 0.1, high: 4, log: false },
};

/** A fresh view of a method. */
function startingView(family) {
  const { parameters } = FAMILIES[family];
  const { spectrum, batch_size, tau1, tau2, zeta } = START;
  const ranges = Object.fromEntries(
    [...parameters.map((p) => [p.name, p]), ...Object.entries({ ...PROBLEM, ...OTHERS })].map(
      ([name, { low, high, log }]) => [name, { name, low, high, log }],
    ),
  );
  let state = { family, values: parameters.map((p) => p.value), batch_size, tau1, tau2, zeta };
  state.spectrum = spectrum.listed ? spectrum : { ...spectrum, count: spectrum.count ?? Infinity };
  state.batch_size = batch_size ?? Infinity;
  if (MODEL) {
    for (const [name, { value }] of Object.entries(PROBLEM)) if (value !== undefined) state[name] = value;
    state = modelled({ ...state, inputs: 0 });
  }
  const names = axisNames(state);
  const rate = parameters.find((p) => p.name.endsWith("learning_rate"));
  const wanted = (START.axes ?? []).filter((name) => names.includes(name));
  const x = wanted[0] ?? (rate ? rate.name : names[0]);
  return { state, ranges, x, y: wanted[1] ?? names.find((name) => name !== x) };
}

/** The quantities that may be axes. */
function axisNames({ family, spectrum, inputs }) {
  const parameters = FAMILIES[family].parameters.map(({ name }) => name);
  const problem = MODEL ? ["batch_size", ...Object.keys(MODEL.problems[inputs].sliders)]
    : START.drawn ? (START.drawn.epoch ? [] : ["batch_size"])
      : Object.keys(PROBLEM).filter((name) => name !== "exponent" || !spectrum.listed);
  return [...parameters, ...problem];
}

/** The value of any quantity of a state. */
function valueOf({ family, values, spectrum, ...rest }, name) {
  const place = FAMILIES[family].parameters.findIndex((parameter) => parameter.name === name);
  if (place >= 0) return values[place];
  if (name === "exponent") return spectrum.nu;
  return name === "count" ? spectrum.count : rest[name];
}

/** A state with any quantity changed. */
function changed(state, name, value) {
  if (name !== "count") return withValue(state, name, value);
  return { ...state, spectrum: { ...state.spectrum, count: value } };
}

function labelOf(state, name) {
  const parameter = FAMILIES[state.family].parameters.find((p) => p.name === name);
  return (parameter || PROBLEM[name] || OTHERS[name]).label;
}

/** A number as short as four digits allow. */
function rounded(value) {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : value;
}

/** The number that a text says, also as a fraction; NaN if it says none. */
function readNumber(text) {
  const [, top, bottom] = /^\s*([^/]+?)\s*(?:\/\s*([^/]+?)\s*)?$/.exec(text) ?? [];
  return bottom === undefined ? Number(top) : Number(top) / Number(bottom);
}

function shortNumber(value) { // for a narrow field, which would cut off the digits of 0.00000994
  return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : value;
}

function shownNumber(value, digits = 4) {
  if (value === null || Number.isNaN(value)) return "none";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const isFar = size !== 0 && (size < 1e-3 || size >= 1e6);
  const text = isFar ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
  const [mantissa, exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/0+$/, "").replace(/\.$/, "") : mantissa;
  const whole = exponent ? `${short}·10${superscript(Number(exponent))}` : short;
  return whole.replace("-", "−");
}

function superscript(number) {
  return [...String(number)].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]).join("");
}

/** The parameters of a view's method, by name. */
function ownNames({ state }) {
  return FAMILIES[state.family].parameters.map(({ name }) => name);
}

/** The quantities that are the same for all views. */
function sharedNames({ listed }) {
  if (START.drawn?.epoch) return []; // whose batch size is fixed
  return [...Object.keys(PROBLEM), ...Object.keys(OTHERS)].filter((name) =>
    !listed || (name !== "exponent" && name !== "count"));
}

/** A view of a method, with the problem of another view. */
function viewOf(family, { state }) {
  const view = startingView(family);
  for (const name of sharedNames(state.spectrum)) {
    view.state = changed(view.state, name, valueOf(state, name));
  }
  return view;
}

/** Let a view have the axes, ranges and values of another one, as far as it knows them. */
function follow(view, leader) {
  const known = axisNames(view.state);
  for (const name of axisNames(leader.state)) {
    if (!known.includes(name)) continue;
    view.ranges[name] = leader.ranges[name];
    view.state = changed(view.state, name, valueOf(leader.state, name));
  }
  const [x, y] = [leader.x, leader.y].map((name) => (known.includes(name) ? name : null));
  const other = (name) => known.find((one) => one !== name);
  view.x = x ?? (view.x === y ? other(y) : view.x);
  view.y = y ?? (view.y === view.x ? other(view.x) : view.y);
}

/** One or two views as the part of an address after #. */
function viewsToHash(views, linked) {
  const parts = {};
  const write = (value) => (value === Infinity ? "inf" : String(value));
  views.forEach((view, place) => {
    const { state, ranges, x, y } = view, prefix = PREFIXES[place];
    const law = state.spectrum.listed ? [] : ["count"];
    parts[`${prefix}method`] = FAMILIES[state.family].name;
    const rest = MODEL ? ["inputs"] : ["zeta", ...law];
    for (const name of place ? ownNames(view) : [...rest, ...axisNames(state)]) {
      parts[prefix + name] = write(valueOf(state, name));
    }
    for (const [key, name] of [["x", x], ["y", y]]) {
      const { low, high, log } = ranges[name];
      parts[`${prefix}axis_${key}`] = [name, low, high, ...(log ? ["log"] : [])].join(":");
    }
  });
  if (views.length > 1 && !linked) parts[`${PREFIXES[1]}linked`] = "no";
  return new URLSearchParams(parts).toString();
}
const PREFIXES = ["", "2."]; // of the entries of an address

/** The views of a link; what cannot be read stays as it is at the start. */
function viewsFromHash(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const named = (prefix) => FAMILIES.findIndex(({ name }) => name === parts.get(`${prefix}method`));
  const [one, two] = PREFIXES.map(named);
  const usual = Math.max(0, FAMILIES.findIndex(({ name }) => name === START.method));
  const views = [startingView(one < 0 ? usual : one)];
  const [{ state }] = views;
  if (one >= 0) {
    const names = [...axisNames(state), ...sharedNames(state.spectrum)];
    readView(views[0], parts, "", MODEL ? ["inputs", ...names] : names);
  }
  const beside = one < 0 ? FAMILIES.findIndex(({ name }) => name === MODEL?.beside) : -1;
  if (two >= 0 || beside >= 0) {
    views.push(viewOf(two >= 0 ? two : beside, views[0]));
    if (two >= 0) readView(views[1], parts, PREFIXES[1], ownNames(views[1]));
    else follow(views[1], views[0]);
  }
  return { views, linked: parts.get(`${PREFIXES[1]}linked`) !== "no" };
}

/** Change a view by the entries of an address that can be read. */
function readView(view, parts, prefix, names) {
  for (const name of names) {
    const text = parts.get(prefix + name);
    const value = text === "inf" ? Infinity : Number(text);
    if (text && acceptable(name, value)) view.state = changed(view.state, name, value);
  }
  for (const key of ["x", "y"]) {
    const [name, low, high, log] = (parts.get(`${prefix}axis_${key}`) || "").split(":");
    const range = { name, low: Number(low), high: Number(high), log: log === "log" };
    if (!axisNames(view.state).includes(name) || !acceptableRange(range)) continue;
    view[key] = name;
    view.ranges[name] = range;
  }
  if (view.x === view.y) view.y = axisNames(view.state).find((name) => name !== view.x);
}

/** Whether a quantity may have a value. */
function acceptable(name, value) {
  if (Number.isNaN(value)) return false;
  if (name === "count") return value >= 1 && (value === Infinity || Number.isInteger(value));
  if (name === "batch_size") return value > 0 && (!START.drawn || value === Infinity ||
    START.drawn.replacement || value <= START.drawn.count);
  if (!Number.isFinite(value) || Math.abs(value) > 1e12) return false;
  if (MODEL && name === "inputs") return Number.isInteger(value) && value >= 0 && value < MODEL.problems.length;
  if (MODEL && PROBLEM[name]) {
    const { least, most, whole } = PROBLEM[name];
    return value >= least && value <= most && (!whole || Number.isInteger(value));
  }
  if (name === "exponent" || name === "zeta") return value >= 0.05 && value <= 20;
  return name !== "tau1" || value >= 0;
}

function acceptableRange({ name, low, high, log }) {
  const both = acceptable(name, low) && acceptable(name, high) && Number.isFinite(high);
  return both && low < high && (!log || low > 0);
}
