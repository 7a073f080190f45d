// The worker: one job at a time, left as soon as another one comes.

/** What the panel beside the map shows of a point, part by part. */
function* pointParts({ state, steps }) {
  const found = verdict(state);
  yield { part: "verdict", ...found, known: MODEL && knownOf(state, found) };
  const member = memberOf(FAMILIES[state.family], state.values);
  if (!member || found.reason === "undefined") return;
  const { functions, p } = member;
  const described = functions.describe(p);
  const [largest, smallest] = spectrumExtent(state.spectrum);
  const shown = shownEigenvalues(state.spectrum, largest, Math.max(smallest, 1e-6 * largest));
  yield { part: "roots", eigenvalues: shown, roots: shown.map((lam) => rootsAt(described, lam)) };
  yield { part: "summand", ...summandCurve(functions, functions.coefficients(p), largest, smallest) };
  if (START.drawn || MODEL?.hidden.includes("losses")) return; // they depend on more than the page holds
  const running = lossSteps(state, steps);
  let step = running.next();
  while (!step.done) {
    yield null;
    step = running.next();
  }
  yield { part: "losses", ...thinned(step.value) };
}

/** The first eigenvalues, and some of the others. */
function shownEigenvalues(spectrum, largest, smallest) {
  const nodes = spectrumNodes(spectrum, RULES.map).lam;
  const first = [...nodes].sort((a, b) => b - a).slice(0, 24);
  const rest = Array.from({ length: 48 }, (_, i) => largest * (smallest / largest) ** (i / 47));
  const below = first[first.length - 1];
  return spectrum.listed ? first : [...first, ...rest.filter((value) => value < below)];
}

/** s at eigenvalues around those of the spectrum; null where the method is unstable by itself. */
function summandCurve(functions, c, largest, smallest) {
  const low = Math.max(smallest * 0.1, largest * 1e-8), high = largest * 100;
  const lam = Array.from({ length: 241 }, (_, i) => low * (high / low) ** (i / 240));
  const s = lam.map((value) => {
    const { s, pivots } = functions.summand(value, c);
    return pivots.every((pivot) => pivot > 0) ? s : null;
  });
  return { lam, s, largest, smallest };
}

/** Losses at about 240 times in even logarithmic steps, the first ones all. */
function thinned(losses) {
  const t = [];
  for (let next = 1; next < losses.length; next = Math.max(next + 1, Math.round(next * 1.03))) t.push(next);
  if (t[t.length - 1] !== losses.length - 1) t.push(losses.length - 1);
  return { t, start: losses[0], losses: t.map((time) => losses[time]) };
}

const JOBS = { map: mapLevels, point: pointParts };
const SLICE = 12; // milliseconds between looks at the post

function serveJobs(port) {
  const channel = new MessageChannel(); // sooner than a timer
  let job = null, running = null;
  channel.port1.onmessage = () => {
    if (!running) return;
    const end = performance.now() + SLICE;
    while (performance.now() < end) {
      const { value, done } = running.next();
      if (done) {
        running = null;
        port.postMessage({ id: job.id, done: true });
        return;
      }
      if (value) port.postMessage({ id: job.id, ...value });
    }
    channel.port2.postMessage(null);
  };
  port.onmessage = ({ data }) => {
    const idle = !running;
    job = data;
    running = JOBS[job.kind](job);
    if (idle) channel.port2.postMessage(null);
  };
}

if (typeof document === "undefined" && typeof importScripts === "function") serveJobs(self);
