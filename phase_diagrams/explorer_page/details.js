// What the page says about one point: verdict, numbers, and how to ask sgdmem the same.

const MORE = { // in plain words, what the root does that leaves the unit disk
  root_at_1: "A root has passed x = 1: the iterate drifts away instead of being pulled in.",
  root_at_minus_1: "A root has passed x = −1: each step overshoots, with changing sign.",
  complex_roots: "Two complex roots have left the unit disk: growing oscillations.",
};
const ASK = " Ask sgdmem.stability, which proves its error bounds.";

function reasonText(found) {
  if (found.reason === "undefined") return "The method does not exist for these parameters.";
  const text = TABLES.reasons[found.reason].replace(/ - /g, " − ").replace(/lambda /g, "λ").replace(/tau/g, "τ");
  const sentence = `${/^τ/.test(text) ? text[0] : text[0].toUpperCase()}${text.slice(1)}.`;
  if (found.stable === null) return sentence + ASK;
  return found.reason === "noiseless" && MORE[found.binding] ? `${sentence} ${MORE[found.binding]}` : sentence;
}

function verdictWord({ stable, reason }) {
  if (stable !== null) return stable ? "Stable" : "Not stable";
  return reason.startsWith("undecided") ? "Too close to call" : "Undecided";
}

function verdictRows(found, state) {
  if (found.reason === "undefined") return [];
  const rows = [];
  const known = found.stable !== null; // otherwise infinity stands for what is not known
  if (known || Number.isFinite(found.noise_sum)) rows.push(["noise sum U′, limit 1", shownNumber(found.noise_sum, known ? 5 : 12)]);
  if (found.output_noise_sum !== found.noise_sum) rows.push(["noise sum U, at w", shownNumber(found.output_noise_sum, 5)]);
  const critical = found.critical_batch_size;
  if (known || Number.isFinite(critical)) rows.push(["batch size", critical === Infinity ? "stable at none" : critical === 0 ? "stable at every one" : `stable above ${shownNumber(critical, 5)}`]);
  const rate = found.effective_learning_rate;
  rows.push(["effective learning rate", rate === null ? "does not exist" : shownNumber(rate, 5)]);
  if (found.scale !== null && found.reason !== "unphysical_noise") {
    const words = found.scale === Infinity ? "by anything" : found.scale === 0 ? "no factor helps" : `by less than ${shownNumber(found.scale, 5)}`;
    rows.push(["multiply the learning rate", words]);
  }
  const end = found.critical_eigenvalue;
  rows.push(["without noise, stable for", end === 0 ? "no small eigenvalue" : end === Infinity ? "every eigenvalue" : `λ < ${shownNumber(end, 5)}`]);
  const margins = Object.values(found.margins || {});
  if (margins.length === 3) rows.push(["smallest margin", shownNumber(Math.min(...margins), 4)]);
  if (found.where !== null && found.stable === false) rows.push(["it fails at eigenvalue", shownNumber(found.where, 5)]);
  return rows;
}

function showVerdict(found, state) {
  const card = document.getElementById("verdict");
  card.className = `card ${found.stable === null ? "open" : found.stable ? "good" : "bad"}`;
  card.dataset.stable = String(found.stable);
  card.dataset.reason = found.reason;
  const mark = found.stable === null ? "?" : found.stable ? "✓" : "✕";
  document.getElementById("verdict-word").textContent = `${mark} ${verdictWord(found)}`;
  document.getElementById("verdict-reason").textContent = reasonText(found);
  document.getElementById("verdict-numbers").innerHTML = verdictRows(found, state)
    .map(([name, text]) => `<dt>${escaped(name)}</dt><dd>${escaped(text)}</dd>`)
    .join("");
}

function announcement(found) {
  const number = Number.isFinite(found.noise_sum) ? ` Noise sum ${shownNumber(found.noise_sum)}.` : "";
  return `${verdictWord(found)}. ${reasonText(found)}${number}`;
}

/** Commands that ask sgdmem about a state: [title, text]. */
function codesOf(state) {
  const { call, command, parameters } = FAMILIES[state.family];
  const { spectrum, batch_size, tau1, tau2, zeta } = state;
  const fillIn = (template, write) => parameters.reduce(
    (text, { name }, i) => text.replaceAll(`{${name}}`, write(state.values[i])), template);
  const quoted = (value) => (Number.isFinite(value) ? `"${value}"` : "math.inf");
  const endless = !spectrum.listed && spectrum.count === Infinity;
  const law = spectrum.listed ? null : [`"${spectrum.nu}"`, ...(spectrum.scale === 1 ? [] : [`scale="${spectrum.scale}"`]), ...(endless ? [] : [`count=${spectrum.count}`])];
  const noise = [...(batch_size === Infinity ? [] : [`batch_size=${quoted(batch_size)}`]), `tau1=${quoted(tau1)}`, `tau2=${quoted(tau2)}`];
  const target = spectrum.listed ? `spectrum.eigenvalues ** (${zeta} - 1)` : `sgdmem.power_law_target("${zeta}")`;
  const python = [
    "import sgdmem",
    `method = ${fillIn(call, quoted)}`,
    `spectrum = ${law ? `sgdmem.Spectrum.power_law(${law.join(", ")})` : START.spectrum.code}`,
    `print(sgdmem.stability(method, spectrum, ${noise.join(", ")}))`,
    `losses = sgdmem.losses(method, spectrum, ${target}, 10_000, ${noise.join(", ")})`,
  ].join("\n");
  const codes = [["Python", python]];
  if (command) {
    const where = law
      ? `--power-law ${spectrum.nu}${spectrum.scale === 1 ? "" : ` --scale ${spectrum.scale}`}${endless ? "" : ` --count ${spectrum.count}`}`
      : "--spectrum FILE";
    const size = batch_size === Infinity ? "" : ` --batch-size ${batch_size}`;
    codes.unshift(["Command line", `sgdmem stable ${fillIn(command, String)} ${where}${size} --tau1 ${tau1} --tau2 ${tau2}`]);
  }
  return codes;
}

function showCodes(state) {
  const place = document.getElementById("codes");
  const codes = codesOf(state);
  if (place.children.length !== codes.length) {
    place.innerHTML = codes.map(([title]) => `<div class="snippet"><pre></pre><button type="button" aria-label="Copy: ${title}">Copy</button></div>`).join("");
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
