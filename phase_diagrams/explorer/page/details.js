// What the page says about one point: verdict, numbers, and how to ask sgdmem the same.

const MORE = { // in plain words, what the root does that leaves the unit disk
  root_at_1: "A root has passed x = 1: the iterate drifts away instead of being pulled in.",
  root_at_minus_1: "A root has passed x = −1: each step overshoots, with changing sign.",
  complex_roots: "Two complex roots have left the unit disk: growing oscillations.",
};
const ASK = " Ask sgdmem.stability, which proves its error bounds.";

function reasonText(found) {
  if (found.reason === "undefined") return "The method does not exist for these parameters.";
  const letters = [[/ - /g, " − "], [/lambda /g, "λ"], [/tau/g, "τ"], [/<=/g, "≤"]];
  const text = letters.reduce((so, [from, to]) => so.replace(from, to), TABLES.reasons[found.reason]);
  if (START.drawn && found.reason === "stable" && START.drawn.rests) {
    return "The mean loss comes to rest above the least one, from every start.";
  }
  if (START.drawn && found.reason === "stable" && !START.drawn.labelled) {
    return "The mean loss tends to 0 from every start if some w fits the labels, of which none are given.";
  }
  const sentence = `${/^τ/.test(text) ? text[0] : text[0].toUpperCase()}${text.slice(1)}.`;
  if (found.stable === null) return sentence + ASK;
  const more = found.reason === "noiseless" && MORE[found.binding];
  return more ? `${sentence} ${more}` : sentence;
}

function verdictWord({ stable, reason }) {
  if (stable !== null) return stable ? "Stable" : "Not stable";
  return reason.startsWith("undecided") ? "Too close to call" : "Undecided";
}

/** A number that may be 0 or infinite, with words for these. */
function worded(value, zero, infinite, otherwise) {
  if (value === 0) return zero;
  return value === Infinity ? infinite : `${otherwise} ${shownNumber(value, 5)}`;
}

function verdictRows(found) {
  if (found.reason === "undefined") return [];
  const known = found.stable !== null; // otherwise infinity stands for what is not known
  const isShown = (value) => known || Number.isFinite(value);
  const rows = [];
  const { noise_sum, output_noise_sum, critical_batch_size, scale, margin, root_margin, where } = found;
  if (isShown(noise_sum)) {
    const name = START.drawn ? "noise radius, limit 1" : "noise sum U′, limit 1";
    const { error } = found;
    const digits = START.drawn ? 4 : known ? 5 : 12;
    const beside = START.drawn && error > 0 ? ` ± ${shownNumber(error, 1)}` : "";
    rows.push([name, shownNumber(noise_sum, digits) + beside]);
  }
  if (output_noise_sum !== noise_sum && !START.drawn) {
    rows.push(["noise sum U, at w", shownNumber(output_noise_sum, 5)]);
  }
  if (critical_batch_size !== null && isShown(critical_batch_size)) {
    const words = ["stable at every one", "stable at none", "stable above"];
    rows.push(["batch size", worded(critical_batch_size, ...words)]);
  }
  const rate = found.effective_learning_rate;
  rows.push(["effective learning rate", rate === null ? "does not exist" : shownNumber(rate, 5)]);
  if (scale !== null && found.reason !== "unphysical_noise") {
    const words = ["no factor helps", "by anything", "by less than"];
    rows.push(["multiply the learning rate", worded(scale, ...words)]);
  }
  const words = ["no small eigenvalue", "every eigenvalue", "λ <"];
  const below = worded(found.critical_eigenvalue, ...words);
  const more = found.critical_eigenvalue === 0 ? "larger ones only" : `${below}, and farther up`;
  rows.push(["without noise, stable for", found.has_gaps ? more : below]);
  if (MODEL) rows.push(...modelRows(found));
  if (Number.isFinite(margin)) rows.push(["margin of the noise", shownNumber(margin, 4)]);
  if (root_margin !== null) rows.push(["margin of the roots", shownNumber(root_margin, 4)]);
  if (where !== null && found.stable === false) {
    rows.push(["it fails at eigenvalue", shownNumber(where, 5)]);
  }
  return rows;
}

/** What a paper says of a point: the crossover, and expressions in all that the page knows. */
function modelRows(found) {
  const rows = [];
  if (Number.isFinite(found.crossover_batch_size)) {
    rows.push(["crossover batch size", shownNumber(found.crossover_batch_size, 5)]);
  }
  for (const [label, names, value] of MODEL.rows) {
    if (names.every((name) => found.known[name] !== undefined)) {
      rows.push([label, shownNumber(value(found.known), 5)]);
    }
  }
  return rows;
}

/** Show a verdict in the elements that `part` finds. */
function showVerdict(part, found) {
  const card = part("verdict");
  card.className = `card ${found.stable === null ? "open" : found.stable ? "good" : "bad"}`;
  card.dataset.stable = String(found.stable);
  card.dataset.reason = found.reason;
  const mark = found.stable === null ? "?" : found.stable ? "✓" : "✕";
  part("verdict-word").textContent = `${mark} ${verdictWord(found)}`;
  part("verdict-reason").textContent = reasonText(found);
  part("verdict-numbers").innerHTML = verdictRows(found)
    .map(([name, text]) => `<dt>${escaped(name)}</dt><dd>${escaped(text)}</dd>`)
    .join("");
}

function announcement(found) {
  const word = START.drawn ? "Noise radius" : "Noise sum";
  const number = Number.isFinite(found.noise_sum) ? ` ${word} ${shownNumber(found.noise_sum)}.` : "";
  return `${verdictWord(found)}. ${reasonText(found)}${number}`;
}

/** Commands that ask sgdmem about a state: [title, text]. */
function codesOf(state) {
  const { call, command, parameters } = FAMILIES[state.family];
  const { spectrum, batch_size, tau1, tau2, zeta } = state;
  const fillIn = (template, write) => parameters.reduce(
    (text, { name }, i) => text.replaceAll(`{${name}}`, write(state.values[i])), template);
  const quoted = (value) => `"${value}"`;
  const isFull = batch_size === Infinity; // batches
  const { listed, nu, scale, count } = spectrum;
  if (MODEL) return codesOfModel(fillIn(call, quoted), command && fillIn(command, String), state);
  if (START.drawn) return codesOfData(fillIn(call, quoted), command && fillIn(command, String), batch_size);
  const size = isFull ? "inf" : batch_size;
  // [Python, command line] of what differs from the library's defaults
  const given = listed ? [] : [
    [quoted(nu), `--power-law ${nu}`],
    ...(scale === 1 ? [] : [[`scale=${quoted(scale)}`, `--scale ${scale}`]]),
    ...(count === Infinity ? [] : [[`count=${count}`, `--count ${count}`]]),
  ];
  const python = [
    "import sgdmem",
    `method = ${fillIn(call, quoted)}`,
    `noise = sgdmem.Noise(tau1=${quoted(tau1)}, tau2=${quoted(tau2)})`,
    ...(listed ? [
      `spectrum = ${START.spectrum.code}`,
      `problem = sgdmem.Problem(spectrum, noise, target=spectrum.eigenvalues ** (${zeta} - 1))`,
    ] : [
      `problem = sgdmem.Problem.power_law(${[...given.map(([text]) => text), `zeta=${quoted(zeta)}`,
        "noise=noise"].join(", ")})`,
    ]),
    `print(sgdmem.stability(method, problem, ${quoted(size)}))`,
    `losses = sgdmem.losses(method, problem, ${quoted(size)}, 10_000)`,
  ].join("\n");
  if (!command) return [["Python", python]];
  const [name] = command.split(" ");
  const options = [
    ...(listed ? ["--spectrum FILE"] : given.map(([, text]) => text)),
    ...(isFull ? [] : [`--batch-size ${batch_size}`]), `--tau1 ${tau1}`, `--tau2 ${tau2}`,
  ];
  const line = ["sgdmem stable", fillIn(command, String), ...options].join(" ");
  return [["Command line", line], ["Python", python], ["Derivation", `sgdmem derive ${name} -o ${name}.html`]];
}

function codesOfModel(call, command, state) {
  const { batch_size } = state, { call: problem, sliders } = inputsOf(state);
  const made = Object.keys(sliders).reduce((text, name) =>
    text.replaceAll(`{${name}}`, sliders[name].whole ? state[name] : `"${state[name]}"`), problem);
  const python = [
    "import sgdmem", "import sgdmem.systems", `problem = ${made}`,
    `print(sgdmem.stability(${call}, problem, "${batch_size === Infinity ? "inf" : batch_size}"))`,
  ].join("\n");
  const derivation = command && ["Derivation", `sgdmem derive ${command.split(" ")[0]} -o derivation.html`];
  return [["Python", python], ...(derivation ? [derivation] : [])];
}

function codesOfData(call, command, batch_size) {
  const { replacement, shuffle, epoch } = START.drawn;
  const size = batch_size === Infinity ? "inf" : batch_size;
  const drawn = [
    [!replacement, "replacement=False", "--without-replacement"],
    [shuffle, "shuffle=True", "--shuffle"], [epoch, "drop_last=False", "--keep-last"],
  ].filter(([given]) => given);
  const python = [
    "import numpy as np", "import sgdmem",
    `problem = sgdmem.Problem.from_data(${["np.load(\"FILE.npy\")", ...drawn.map(([, text]) => text)].join(", ")})`,
    `print(sgdmem.stability(${call}, problem, "${size}"))`,
  ].join("\n");
  if (!command) return [["Python", python]];
  const options = ["--data FILE", ...(size === "inf" ? [] : [`--batch-size ${size}`]),
    ...drawn.map(([, , option]) => option)];
  return [["Command line", ["sgdmem stable", command, ...options].join(" ")], ["Python", python]];
}

function showCodes(place, state) {
  const codes = codesOf(state);
  if (place.children.length !== codes.length) {
    const snippets = codes.map(([title]) => `<div class="snippet"><pre></pre>
      <button type="button" aria-label="Copy: ${title}">Copy</button></div>`);
    place.innerHTML = snippets.join("");
    for (const snippet of place.children) {
      const [text, button] = snippet.children;
      button.addEventListener("click", async () => {
        const done = await copy(text);
        button.textContent = done ? "Copied" : "Select it";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
    }
  }
  codes.forEach(([, text], i) => { place.children[i].firstChild.textContent = text; });
}

async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch { // not allowed: at least select it
    getSelection().selectAllChildren(element);
    return false;
  }
}
