// What the library's rule (`decide`, written from it) needs to know, in plain floats; and limits.

const CODES = { stable: 0, noiseless: 1, noise_sum: 2, mode_noise: 3, divergent: 4, undecided: 5, unphysical: 6 };
const CODE_OF = { // what a map shows of a reason
  stable: CODES.stable, noiseless: CODES.noiseless, no_pull: CODES.noiseless,
  noise_sum: CODES.noise_sum, mode_noise: CODES.mode_noise,
  trace_diverges: CODES.divergent, squares_diverge: CODES.divergent,
};
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
function noiseShares(state) {
  const { batch_size, tau1, tau2 } = state;
  if (START.drawn) {
    const share = drawnShare(batch_size);
    return [share === 0 ? 0 : share * drawnFactor(state).factor, 0];
  }
  return [tau1 / batch_size, tau2 / batch_size];
}

/**
 * The noise sums at the gradient's point and at w into `found`, with the smallest 1 + share s; the
 * largest of groups that do not feed one another. Returns 0, 1 or 2 as `sums` of a method does.
 */
function noiseSums(functions, c, nodes, state, found) {
  const groups = state.groups?.length > 1 ? state.groups : [state];
  const worst = [0, 0, Infinity];
  let failing = null;
  for (const [i, group] of groups.entries()) {
    const [share1, share2] = group === state ? noiseShares(state)
      : [group.tau1 / state.batch_size, group.tau2 / state.batch_size];
    const { lam, weights } = group === state ? nodes
      : { lam: nodes.lam.subarray(i, i + 1), weights: nodes.weights.subarray(i, i + 1) };
    const failed = functions.sums(c, lam, weights, share2, found);
    if (failed) {
      if (!failing || failed < failing.failed) failing = { failed, number: found[0] + i };
    } else {
      worst[0] = Math.max(worst[0], share1 * found[0]);
      worst[1] = Math.max(worst[1], share1 * found[1]);
      worst[2] = Math.min(worst[2], found[2]);
    }
  }
  found.set(failing ? [failing.number, 0, worst[2]] : worst);
  return failing ? failing.failed : 0;
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
  if (share2 > share1) return CODES.unphysical;
  const failed = noiseSums(functions, c, nodes, state, found);
  const [sum] = found;
  if (Number.isNaN(share1) && failed === 0) return CODES.undecided; // outside of the grid
  const trace = nodes.diverges && share1 > 0 ? 1 : 0;
  const reason = decide(1, failed === 1 ? -1 : 1, trace, 1, failed === 2 ? -1 : 1, sum, sum);
  return CODE_OF[reason] ?? CODES.undecided;
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
    critical_batch_size: START.drawn?.epoch ? null : Infinity, critical_eigenvalue: null, has_gaps: false, scale: null,
    margin: -Infinity, root_margin: null,
  };
  const [share1, share2] = noiseShares(state);
  const say = (reason, binding = reason) =>
    Object.assign(result, { stable: TABLES.stable[reason] ?? null, reason, binding });
  if (!c.every(Number.isFinite)) return say("undefined");
  result.critical_eigenvalue = criticalEigenvalue(functions, c, nodes.lam);
  if (pull === 0) return say("no_pull", "root_at_1");
  const failed = noiseSums(functions, c, nodes, state, found);
  const closeness = closestPivot(functions, c, nodes.lam);
  // beyond a first gap there may be a second interval of stability, whose ends are not looked for
  const beyond = failed !== 1 && Math.max(...nodes.lam) >= result.critical_eigenvalue;
  result.has_gaps = beyond;
  if (!beyond) result.root_margin = noiselessMargin(nodes.lam, result.critical_eigenvalue);
  if (MODEL) {
    result.crossover_batch_size = crossoverBatchSize(functions, c, nodes, state, result.critical_eigenvalue);
  }
  result.scale = scaleLimit(functions, c, nodes, state);
  if (share2 > share1) return say("unphysical_noise");
  const doubtful = failed === 1 ? !(closeness.failing < -CLOSE) : closeness.passing < CLOSE;
  const schur = doubtful ? 0 : failed === 1 ? -1 : 1;
  const trace = !traceDiverges(state.spectrum) || !(share1 > 0) ? 0 : 2 * state.spectrum.nu > 1 ? 1 : 2;
  const noise = share1 === 0 && share2 === 0 ? 0 : 1;
  const damped = Math.abs(found[2]) < CLOSE ? 0 : failed === 2 ? -1 : 1;
  let low = 0, high = Infinity;
  if (schur === 1 && trace === 0) {
    if (!START.drawn?.epoch) result.critical_batch_size = criticalBatchSize(functions, c, nodes, state);
    if (noise === 0 || damped === 1) {
      Object.assign(result, { noise_sum: found[0], output_noise_sum: found[1] });
      result.margin = Math.min(1 - result.noise_sum, found[2]);
      // rounding, and the difference of a coarser rule, which is much more than the finer one's error
      const coarse = stateNodes(state, RULES.map);
      noiseSums(functions, c, coarse, state, rough);
      const rounding = (1e-15 / closeness.passing + 1e-15 / found[2] + 1e-14) * found[0];
      const between = START.drawn && share1 !== 0 ? drawnFactor(state).error * found[0] : 0;
      result.error = Math.abs(found[0] - rough[0]) + rounding + between;
      [low, high] = [result.noise_sum - result.error, result.noise_sum + result.error];
      if (Number.isNaN(share1)) {
        Object.assign(result, { noise_sum: Infinity, margin: -Infinity });
        [low, high] = [0, Infinity];
      }
    }
  }
  const reason = decide(1, schur, trace, noise, damped, low, high);
  if (reason !== "noiseless") return say(reason);
  result.where = nodes.lam[found[0]];
  return say(reason, worstRoot(described, nodes.lam));
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
    if (START.drawn) {
      const moved = withFactor(state, factor);
      return classify(memberOf(FAMILIES[state.family], moved.values), nodes, moved, found) === CODES.stable;
    }
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

/** The batch size at which noise halves the edge of full batches, as `StochasticEdge` has it. */
function crossoverBatchSize(functions, c, nodes, state, critical) {
  if (!(critical > 0 && critical < Infinity)) return NaN;
  const half = critical / 2 / Math.max(...nodes.lam);
  return criticalBatchSize(functions, c, { ...nodes, lam: nodes.lam.map((x) => x * half) }, state);
}

/** The batch size above which it is stable, 0 if it is at every one; P - lambda Q being Schur. */
function criticalBatchSize(functions, c, nodes, state) {
  if (state.groups?.length > 1) {
    return Math.max(...state.groups.map((group, i) => {
      const one = { lam: nodes.lam.subarray(i, i + 1), weights: nodes.weights.subarray(i, i + 1) };
      return criticalBatchSize(functions, c, one, group);
    }));
  }
  const { lam, weights, diverges } = nodes, { tau1, tau2 } = state;
  if (START.drawn) {
    const sum = summandsOf(functions, c, lam).reduce((total, value, k) => total + weights[k] * value, 0);
    const { factor } = drawnFactor(state);
    return Number.isNaN(factor) ? Infinity : drawnCritical(factor * sum);
  }
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
