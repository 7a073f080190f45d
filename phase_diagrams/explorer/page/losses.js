// The exact mean loss: second moments of every mode, step by step.

const LOSS_RULE = { head: 256, ratio: 2, points: 12, last: 1e-9 };

/**
 * Modes of the second moments for a target whose energy below lambda is lambda^zeta: eigenvalues,
 * masses (weights times eigenvalues), squares c_k^2 at the start, and drives by the noise.
 */
function lossModes(state) {
  const { spectrum, zeta } = state;
  const [share] = noiseShares(state);
  const nodes = spectrumNodes(spectrum, LOSS_RULE);
  const lam = nodes.lam.subarray(0, nodes.listed);
  const masses = lam.map((value, k) => nodes.weights[k] * value);
  const drives = lam.map((value) => share * value);
  if (spectrum.listed) return { lam, masses, drives, squares: lam.map((v) => v ** (zeta - 1)) };
  const { nu, scale } = spectrum;
  const squares = lam.map((value) => {
    const place = (scale / value) ** (1 / nu);
    return (nu * zeta * scale ** zeta * place ** (-nu * zeta - 1)) / value;
  });
  const modes = { lam, masses, drives, squares };
  if (nodes.end === 0) return modes;
  // the signal weighs eigenvalues by the energy, the noise by their squares: on the panel that
  // reaches down to 0 each has nodes of its own
  const { end } = nodes;
  const energy = lastPanel(zeta - 1, end, end ** zeta);
  const power = 1 - 1 / nu;
  const noisy = share > 0 && power > -1;
  const noise = noisy ? lastPanel(power, end, (end * end * (scale / end) ** (1 / nu)) / (2 * nu - 1)) : [];
  const join = (array, first, second) => Float64Array.from([...array, ...first, ...second]);
  const nothing = [energy, noise].map((panel) => panel.map(() => 0));
  return {
    lam: join(lam, energy.map(([value]) => value), noise.map(([value]) => value)),
    masses: join(masses, energy.map(([, mass]) => mass), noise.map(([, mass]) => mass)),
    drives: join(drives, nothing[0], noise.map(() => share)),
    squares: join(squares, energy.map(() => 1), nothing[1]),
  };
}

/** Nodes and masses of the measure lambda^power dlambda on (0, end], of a given mass. */
function lastPanel(power, end, mass) {
  const { nodes, weights } = jacobiRule(LOSS_RULE.points, power);
  return Array.from(nodes, (t, i) => [end * t, mass * weights[i]]);
}

/** Mean losses L_0 ... L_steps, as a generator that yields now and then so that it can be left. */
function* lossSteps(state, steps) {
  if (!(state.groups?.length > 1)) return yield* alikeLossSteps(state, steps);
  const total = new Float64Array(steps + 1);
  for (const { eigenvalue, count, tau1, tau2 } of state.groups) {
    const spectrum = { listed: true, eigenvalues: [eigenvalue], weights: [count] };
    const losses = yield* alikeLossSteps({ ...state, spectrum, tau1, tau2 }, steps);
    if (!losses) return null;
    losses.forEach((loss, t) => { total[t] += loss; });
  }
  return total;
}

/** The same of modes that all feed one another. */
function* alikeLossSteps(state, steps, pause = 500) {
  const member = memberOf(FAMILIES[state.family], state.values);
  if (!member) return null;
  const { functions, p } = member;
  const { entries } = functions.describe(p);
  const { lam, masses, drives, squares } = lossModes(state);
  const size = functions.memory + 1;
  const moments = Array.from({ length: (size * (size + 1)) / 2 }, () => new Float64Array(lam.length));
  moments[0].set(squares);
  const [, damping] = noiseShares(state);
  const losses = new Float64Array(steps + 1);
  const infinite = !state.spectrum.listed && state.spectrum.count === Infinity;
  // with an infinite sum of squared eigenvalues the loss is infinite as soon as noise reaches w
  const explodes = infinite && state.spectrum.nu <= 0.5 && noiseShares(state)[0] > 0;
  // at the start u = 0, so that both sums are the same
  let at_w = 0;
  masses.forEach((mass, k) => { at_w += mass * squares[k]; });
  let at_y = at_w;
  for (let t = 0; t <= steps; t++) {
    losses[t] = at_w / 2;
    if (!Number.isFinite(at_w) || !Number.isFinite(at_y) || (explodes && t > 0)) {
      losses.fill(Infinity, t);
      break;
    }
    if (t === steps) break;
    [at_w, at_y] = functions.advance(entries, lam, drives, damping, masses, moments, at_y);
    if (t % 64 === 63) flush(moments);
    if (t % pause === pause - 1) yield;
  }
  return losses;
}

/** Numbers below the normal range are slow, and no loss depends on them. */
function flush(moments) {
  for (const moment of moments) {
    for (let k = 0; k < moment.length; k++) {
      if (moment[k] < 1e-290 && moment[k] > -1e-290) moment[k] = 0;
    }
  }
}

/** The regime of the loss on an infinite power law, as `loss_regime` of the library. */
function lossRegime(nu, zeta) {
  if (nu <= 0.5) return "immediate divergence";
  if (nu <= 1) return "eventual divergence";
  const gap = zeta - (2 - 1 / nu);
  if (Math.abs(gap) <= 1e-12) return "border";
  return gap < 0 ? "signal-dominated" : "noise-dominated";
}

/** The power of t that the loss of a stable method falls with; null where theory has none. */
function lossSlope({ spectrum, zeta, tau1, batch_size }) {
  if (spectrum.listed || spectrum.count < Infinity) return null;
  if (tau1 / batch_size === 0) return -zeta;
  return spectrum.nu > 1 ? -Math.min(zeta, 2 - 1 / spectrum.nu) : null;
}
