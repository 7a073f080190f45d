// Plots as SVG: scales, ticks and curves.

const MARGIN = { left: 46, right: 12, top: 8, bottom: 34 };

/** Ticks of an axis, with their texts. */
function ticksOf({ low, high, log }, most) {
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    if (last > first) {
      const step = Math.ceil((last - first + 1) / most);
      const powers = [];
      for (let n = Math.ceil(first / step) * step; n <= last; n += step) powers.push(n);
      return powers.map((n) => [10 ** n, Math.abs(n) < 4 ? shownNumber(10 ** n) : `10${superscript(n)}`]);
    }
  }
  const raw = (high - low) / most, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * size).find((value) => value >= raw * 0.999);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) {
    found.push([n * step, shownNumber(n * step)]);
  }
  return found;
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}

/** The frame of a plot: functions from values to places, and the markup of its axes. */
function frame(width, height, x, y, margin = MARGIN) {
  const right = width - margin.right, bottom = height - margin.bottom;
  const toX = (value) => margin.left + axisShare(x, value) * (right - margin.left);
  const toY = (value) => bottom - axisShare(y, value) * (bottom - margin.top);
  const parts = [];
  for (const [value, text] of ticksOf(x, Math.max(2, (right - margin.left) / 60))) {
    const at = toX(value).toFixed(1);
    parts.push(`<line class="grid" x1="${at}" x2="${at}" y1="${margin.top}" y2="${bottom}"/>`,
      `<text class="tick" x="${at}" y="${bottom + 14}" text-anchor="middle">${text}</text>`);
  }
  for (const [value, text] of ticksOf(y, Math.max(2, (bottom - margin.top) / 36))) {
    const at = toY(value).toFixed(1);
    parts.push(`<line class="grid" x1="${margin.left}" x2="${right}" y1="${at}" y2="${at}"/>`,
      `<text class="tick" x="${margin.left - 5}" y="${at}" dy="0.33em" text-anchor="end">${text}</text>`);
  }
  const [across, down] = [right - margin.left, bottom - margin.top];
  parts.push(`<rect class="axis" x="${margin.left}" y="${margin.top}" width="${across}" height="${down}"/>`,
    `<text x="${margin.left + across / 2}" y="${height - 4}" text-anchor="middle">${escaped(x.label)}</text>`);
  return { toX, toY, markup: parts.join(""), right, bottom };
}

/** The path of a curve; values that are not shown interrupt it. */
function path(points, toX, toY) {
  let text = "", drawing = false;
  for (const [x, y] of points) {
    const [a, b] = y === null ? [NaN, NaN] : [toX(x), toY(y)];
    if (!Number.isFinite(a) || !Number.isFinite(b)) { drawing = false; continue; }
    text += `${drawing ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`;
    drawing = true;
  }
  return text;
}

function fill(svg, width, height, markup) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.innerHTML = markup;
}

/** Roots in the unit disk: those of large eigenvalues are strong, those outside are marked. */
function drawRoots(svg, { eigenvalues, roots }) {
  const size = 210, half = size / 2;
  const outermost = Math.max(...roots.flat().map(([re, im]) => Math.hypot(re, im)));
  const reach = Math.min(2, Math.max(1.15, outermost * 1.1));
  const place = (value) => half + (value / reach) * (half - 6);
  const unit = (half - 6) / reach;
  const largest = Math.max(...eigenvalues), smallest = Math.min(...eigenvalues);
  const shade = (lam) => (largest === smallest ? 0 : Math.log(lam / largest) / Math.log(smallest / largest));
  const dots = eigenvalues.flatMap((lam, i) => roots[i].map(([re, im]) => {
    if (Math.hypot(re, im) > reach * 1.02) return "";
    const kind = Math.hypot(re, im) >= 1 ? 'r="3.5" fill="var(--bad)"' : 'r="2.6" fill="var(--accent)"';
    const at = `cx="${place(re).toFixed(1)}" cy="${place(-im).toFixed(1)}"`;
    return `<circle ${at} ${kind} fill-opacity="${(1 - 0.75 * shade(lam)).toFixed(2)}"/>`;
  }));
  const sizes = roots.flat().map(([re, im]) => Math.hypot(re, im));
  const beyond = sizes.filter((value) => value > reach * 1.02).length;
  const words = beyond ? `${beyond} farther out` : "strong: large eigenvalues";
  fill(svg, size, size + 18, `
    <line class="grid" x1="0" x2="${size}" y1="${half}" y2="${half}"/>
    <line class="grid" x1="${half}" x2="${half}" y1="0" y2="${size}"/>
    <circle class="axis" cx="${half}" cy="${half}" r="${unit}"/>
    <text class="tick" x="${half + unit + 4}" y="${half - 4}">1</text>
    <text class="tick" x="${half - unit - 3}" y="${half - 4}" text-anchor="end">−1</text>
    ${dots.join("")}
    <text class="note" x="${half}" y="${size + 13}" text-anchor="middle">${words}</text>`);
  const out = sizes.filter((value) => value >= 1).length;
  const where = out ? `${out} of the roots shown are on or outside the unit circle` : "All roots are inside the unit disk";
  svg.setAttribute("aria-label", `${where}; the largest modulus shown is ${outermost.toFixed(6)}`);
}

/** The summand of a method, and dotted that of another one. */
function drawSummand(svg, { lam, s, largest, smallest }, other) {
  const width = 210, height = 228;
  const known = [...s, ...(other?.s ?? [])].filter((value) => value !== null && value > 0);
  if (!known.length) {
    const middle = `x="${width / 2}" y="${height / 2}" text-anchor="middle"`;
    fill(svg, width, height, `<text class="note" ${middle}>unstable at all of these</text>`);
    return;
  }
  const high = Math.min(Math.max(...known), 1e6) * 2, low = Math.max(Math.min(...known), high * 1e-12);
  const x = { low: lam[0], high: lam[lam.length - 1], log: true, label: "eigenvalue λ" };
  const y = { low, high, log: true };
  const margin = { ...MARGIN, left: 40 };
  const { toX, toY, markup, bottom } = frame(width, height, x, y, margin);
  const left = toX(Math.max(smallest, lam[0])), right = toX(largest);
  const curve = (kind, all) => {
    const points = all.lam.map((value, i) => [value, all.s[i] > high || all.s[i] < low ? null : all.s[i]]);
    return `<path class="${kind}" d="${path(points, toX, toY)}"/>`;
  };
  fill(svg, width, height, `
    <rect class="band" x="${left}" y="${margin.top}" width="${Math.max(right - left, 2)}" height="${bottom - margin.top}"/>
    ${markup}${other ? curve("other", other) : ""}${curve("curve", { lam, s })}
    <text class="note" x="${(left + right) / 2}" y="${margin.top + 12}" text-anchor="middle">spectrum</text>`);
}

/** Losses, with the slope that theory predicts drawn through the last one; dotted, another method's. */
function drawLosses(svg, note, { t, losses, start }, { slope, regime, other }) {
  const width = 430, height = 200;
  const seen = (curve) => curve.t.map((time, i) => [time, curve.losses[i]])
    .filter(([, loss]) => loss > 0 && loss <= 1e3 * start);
  const shown = seen({ t, losses }), beside = other ? seen(other) : [];
  const leaves = losses.some((loss) => !(loss <= 1e3 * start)); // or is no number any more
  const values = [start, ...[...shown, ...beside].map(([, loss]) => loss)].filter((value) => value > 0);
  const high = Math.max(...values) * 2.5, low = Math.max(Math.min(...values) * 0.6, high * 1e-18);
  const longest = Math.max(2, ...[...shown, ...beside].map(([time]) => time));
  const end = leaves ? 10 ** Math.ceil(Math.log10(longest)) : t[t.length - 1];
  const x = { low: 1, high: end, log: true, label: "steps t" };
  const { toX, toY, markup, right } = frame(width, height, x, { low, high, log: true });
  const curve = (points, kind) => {
    const inside = points.map(([time, loss]) => [time, loss >= low ? loss : null]);
    return `<path class="${kind}" d="${path(inside, toX, toY)}"/>`;
  };
  const dotted = other ? `${curve(beside, "other")}<text class="note" x="${MARGIN.left + 8}" y="${height - MARGIN.bottom - 8}"
    >dotted: ${escaped(other.title)}</text>` : "";
  let theory = "";
  const last = shown[shown.length - 1];
  if (slope !== null && !leaves && last && last[1] > low) {
    const above = 1.5; // beside the curve, not on it
    const ends = [Math.max(1, last[0] / 300), last[0]];
    const line = ends.map((time) => [time, above * last[1] * (time / last[0]) ** slope]);
    theory = `<path class="theory" d="${path(line, toX, toY)}"/>
      <text class="note" x="${right - 6}" y="${MARGIN.top + 18}" text-anchor="end">dashed, slope only: t<tspan
      dy="-4" font-size="9">${shownNumber(slope, 3)}</tspan><tspan dy="4">, ${regime}</tspan></text>`;
  }
  fill(svg, width, height, `${markup}${dotted}${curve(shown, "curve")}${theory}`);
  const times = (time) => time.toLocaleString("en");
  const [from, to] = [start, losses[losses.length - 1]].map((loss) => (loss === 0 ? "nearly 0" : shownNumber(loss, 3)));
  note.textContent = leaves
    ? `1000 times its start by step ${times(t[losses.findIndex((loss) => !(loss <= 1e3 * start))])}`
    : `${from} at the start, ${to} after ${times(t[t.length - 1])} steps`;
  svg.setAttribute("aria-label", `Predicted mean loss: ${note.textContent}`);
}
