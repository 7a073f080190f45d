// The exact condition of the library, in plain floats: is it stable, why, and how far from the edge?

const CODES = { stable: 0, noiseless: 1, noise_sum: 2, mode_noise: 3, divergent: 4, undecided: 5 };
const CLOSE = 1e-12; // pivots smaller than this share of their terms are rounding errors

/** The member of FAMILIES that holds for these parameters: a constructor may treat values apart. */
function memberOf(family, values) {
  for (const special of family.special) {
    if (values[special.place] === special.value) {
      if (!special.functions) return null;
      const kept = special.kept.map((place) => values[place]);
      return { functions: special.functions, p: kept };
    }
  }
  return { functions: family.functions, p: family.kept.map((place) => values[place]) };
}

/** What of a state is the noise: tau1 / B and tau2 / B. */
function noiseShares({ batch_size, tau1, tau2 }) {
  return [tau1 / batch_size, tau2 / batch_size];
}

/** One of CODES for a member on nodes, with the sums in `found`: what a map shows of a point. */
function classify(member, nodes, state, found) {
  if (!member) return CODES.undecided;
  const { functions, p } = member;
  const c = functions.coefficients(p);
  return classifyForm(functions, c, nodes, state, found);
}

function classifyForm(functions, c, nodes, state, found) {
  const [share1, share2] = noiseShares(state);
  if (share2 > share1) return CODES.undecided; // the noise of no data
  const failed = functions.sums(c, nodes.lam, nodes.weights, share2, found);
  if (failed === 1) return CODES.noiseless;
  if (nodes.diverges && share1 > 0) return CODES.divergent;
  if (failed === 2) return CODES.mode_noise;
  const sum = share1 * found[0];
  if (sum < 1) return CODES.stable;
  return sum >= 1 ? CODES.noise_sum : CODES.undecided;
}

/** The verdict on a state, with everything that the page says about it. */
function verdict(state) {
  const member = memberOf(FAMILIES[state.family], state.values);
  if (!member) return { stable: null, reason: "undefined" };
  const { functions, p } = member;
  const found = new Float64Array(3), rough = new Float64Array(3);
  const nodes = stateNodes(state, RULES.point);
  const described = functions.describe(p);
  const c = functions.coefficients(p);
  const pull = c[2 * (functions.memory + 1)];
  const rate = described.effective_learning_rate;
  const result = {
    stable: null, reason: "undecided_noiseless", where: null, binding: "undecided_noiseless",
    noise_sum: Infinity, output_noise_sum: Infinity, error: 0,
    effective_learning_rate: Number.isFinite(rate) ? rate : null,
    critical_batch_size: Infinity, critical_eigenvalue: null, has_gaps: false, scale: null,
    margins: {},
  };
  const [share1, share2] = noiseShares(state);
  const decide = (stable, reason, binding = reason) =>
    Object.assign(result, { stable, reason, binding });
  if (!c.every(Number.isFinite)) return decide(null, "undefined");
  result.critical_eigenvalue = criticalEigenvalue(functions, c, nodes.lam);
  if (pull === 0) return decide(false, "no_pull", "root_at_1");
  const failed = functions.sums(c, nodes.lam, nodes.weights, share2, found);
  const closeness = closestPivot(functions, c, nodes.lam);
  // beyond a first gap there may be a second interval of stability, whose ends are not looked for
  const beyond = failed !== 1 && Math.max(...nodes.lam) >= result.critical_eigenvalue;
  result.has_gaps = beyond;
  result.margins = beyond ? {} : { noiseless: noiselessMargin(nodes.lam, result.critical_eigenvalue) };
  result.scale = scaleLimit(functions, c, nodes, state);
  if (share2 > share1) return decide(null, "unphysical_noise");
  if (failed === 1 && closeness.failing < -CLOSE) {
    result.where = nodes.lam[found[0]];
    return decide(false, "noiseless", worstRoot(described, nodes.lam));
  }
  if (traceDiverges(state.spectrum) && share1 > 0) {
    const reason = 2 * state.spectrum.nu > 1 ? "trace_diverges" : "squares_diverge";
    return decide(false, reason);
  }
  if (failed === 1 || closeness.passing < CLOSE) return decide(null, "undecided_noiseless");
  result.critical_batch_size = criticalBatchSize(functions, c, nodes, state);
  if (share1 === 0 && share2 === 0) {
    Object.assign(result, { noise_sum: 0, output_noise_sum: 0 });
    return decide(true, "stable");
  }
  if (Math.abs(found[2]) < CLOSE) return decide(null, "undecided_mode_noise");
  if (failed === 2) return decide(false, "mode_noise");
  result.noise_sum = share1 * found[0];
  result.output_noise_sum = share1 * found[1];
  Object.assign(result.margins, { mode_noise: found[2], noise_sum: 1 - result.noise_sum });
  // rounding, and the difference of a coarser rule, which is much more than the finer one's error
  const coarse = stateNodes(state, RULES.map);
  functions.sums(c, coarse.lam, coarse.weights, share2, rough);
  const rounding = (1e-15 / closeness.passing + 1e-15 / found[2] + 1e-14) * found[0];
  result.error = share1 * (Math.abs(found[0] - rough[0]) + rounding);
  if (result.noise_sum + result.error < 1) return decide(true, "stable");
  if (result.noise_sum - result.error >= 1) return decide(false, "noise_sum");
  return decide(null, "undecided_noise_sum");
}

/** Nodes of a state's spectrum, and whether its eigenvalues have no finite sum. */
function stateNodes(state, rule) {
  return { ...spectrumNodes(state.spectrum, rule), diverges: traceDiverges(state.spectrum) };
}

/** The smallest pivot that is positive, and the most negative one, over the size of its terms. */
function closestPivot(functions, c, lam) {
  const n = functions.memory + 1;
  let passing = Infinity, failing = Infinity;
  for (const value of lam) {
    let size = 0;
    for (let i = 0; i < n; i++) size = Math.max(size, Math.abs(c[i]) + value * Math.abs(c[n + i]));
    const { pivots } = functions.summand(value, c);
    pivots.forEach((pivot, i) => {
      // the last one is lam times the pull, without any subtraction
      const share = i === pivots.length - 1 ? Math.sign(pivot) : pivot / size;
      if (share > 0) passing = Math.min(passing, share);
      else failing = Math.min(failing, Number.isNaN(share) ? -1 : share);
    });
  }
  return { passing, failing };
}

function isSchur(functions, c, lam) {
  return functions.summand(lam, c).pivots.every((pivot) => pivot > 0);
}

/** Where noiseless stability first ends, looking upwards from the smallest eigenvalues. */
function criticalEigenvalue(functions, c, lam) {
  const least = Math.min(...lam) * 1e-3;
  if (!isSchur(functions, c, least)) return 0;
  let low = least;
  const most = Math.max(...lam) * 1e9;
  for (let high = least * 1.05; high < most; high *= 1.05) {
    if (!isSchur(functions, c, high)) {
      return bisect(low, high, (value) => isSchur(functions, c, value));
    }
    low = high;
  }
  return Infinity;
}

function noiselessMargin(lam, critical) {
  return critical > 0 ? 1 - Math.max(...lam) / critical : -Infinity;
}

/** The end of an interval at whose beginning a condition holds and at whose end it does not. */
function bisect(low, high, holds) {
  for (let i = 0; i < 200; i++) {
    const middle = low > 0 && high / low > 2 ? Math.sqrt(low * high) : (low + high) / 2;
    if (middle === low || middle === high) break;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** The factor on every learning rate at which the verdict next changes; from below if unstable. */
function scaleLimit(functions, c, nodes, state) {
  const found = new Float64Array(3);
  const scaled = { ...nodes };
  const holds = (factor) => {
    scaled.lam = nodes.lam.map((value) => value * factor);
    return classifyForm(functions, c, scaled, state, found) === CODES.stable;
  };
  if (holds(1)) {
    let low = 1;
    for (let high = 1.05; high < 1e8; high *= 1.05) {
      if (!holds(high)) return bisect(low, high, holds);
      low = high;
    }
    return Infinity;
  }
  for (let low = 1 / 1.05; low > 1e-8; low /= 1.05) {
    if (holds(low)) return bisect(low, low * 1.05, holds);
  }
  return 0;
}

/** The batch size above which it is stable, 0 if it is at every one; P - lambda Q being Schur. */
function criticalBatchSize(functions, c, { lam, weights, diverges }, { tau1, tau2 }) {
  if (tau1 === 0) return Math.max(0, -tau2 * Math.max(...summandsOf(functions, c, lam)));
  if (diverges) return Infinity;
  const s = summandsOf(functions, c, lam);
  const total = s.reduce((sum, value, k) => sum + weights[k] * value, 0);
  if (tau2 === 0) return tau1 * total;
  const largest = Math.max(...s);
  const least = Math.max(0, -tau2 * largest);
  const isNoisy = (B) =>
    tau1 * s.reduce((sum, value, k) => sum + (weights[k] * value) / (B + tau2 * value), 0) > 1;
  let high = least + tau1 * total + Math.abs(tau2) * largest;
  while (isNoisy(high)) high *= 2;
  const low = Math.max(least * (1 + 1e-14), 1e-14 * high);
  return isNoisy(low) ? bisect(low, high, isNoisy) : least;
}

function summandsOf(functions, c, lam) {
  return Array.from(lam, (value) => functions.summand(value, c).s);
}
