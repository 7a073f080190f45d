// The map over two parameters: coarse first, then fine, with the curve where stability ends.

const LEVELS = [[48, 36], [144, 108], [320, 240]];
const TRACES = [[36, 27], [108, 81]]; // cells in which the first levels look for the boundary
const HALVINGS = 30; // of the distance between two of them

/** A state with one quantity changed: a parameter of the algorithm, or one of the problem. */
function withValue(state, name, value) {
  const place = FAMILIES[state.family].parameters.findIndex((parameter) => parameter.name === name);
  if (place >= 0) {
    const values = [...state.values];
    values[place] = value;
    return { ...state, values };
  }
  if (name === "exponent") return { ...state, spectrum: { ...state.spectrum, nu: value } };
  const moved = { ...state, [name]: value };
  return MODEL && (name === "inputs" || name in inputsOf(state).sliders) ? modelled(moved) : moved;
}

/** The problem of a paper's page that a state has chosen. */
function inputsOf({ inputs }) {
  return MODEL.problems[inputs];
}

/** A state with the groups of modes that the sliders of its problem make, and their spectrum. */
function modelled(state) {
  const groups = inputsOf(state).modes(state);
  const [eigenvalues, weights] = ["eigenvalue", "count"].map((name) => groups.map((group) => group[name]));
  const [{ tau1, tau2 }] = groups; // of a single group
  return { ...state, groups, tau1, tau2, spectrum: { listed: true, eigenvalues, weights } };
}

/** The probabilities of so many tokens, by what they are in proportion to. */
function probabilities(count, weight) {
  const all = Array.from({ length: Math.max(1, Math.round(count)) }, (_, k) => weight(k + 1));
  const total = all.reduce((sum, value) => sum + value, 0);
  return all.map((value) => value / total);
}

/** The value at a share from 0 to 1 of an axis. */
function axisValue({ low, high, log }, share) {
  return log ? low * (high / low) ** share : low + (high - low) * share;
}

/** The share of an axis at which a value lies. */
function axisShare({ low, high, log }, value) {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** Functions of two shares of a map: what holds there, with the sums in `found`, and why. */
function pointJudge(state, x, y, found) {
  const kept = new Map();
  const nodesAt = (moved) => {
    const { spectrum } = moved, key = spectrum.listed ? spectrum : spectrum.nu;
    if (!kept.has(key)) {
      if (kept.size > 1000) kept.clear();
      kept.set(key, stateNodes(moved, RULES.map));
    }
    return kept.get(key);
  };
  const move = (s, t) =>
    withValue(withValue(state, x.name, axisValue(x, s)), y.name, axisValue(y, t));
  const judge = (s, t) => {
    const moved = move(s, t);
    const member = memberOf(FAMILIES[moved.family], moved.values);
    return classify(member, nodesAt(moved), moved, found);
  };
  /** Which condition has just been lost beyond an edge. */
  const condition = (s, t) => {
    const code = judge(s, t);
    if (code === CODES.noise_sum) return "noise_sum";
    if (code === CODES.mode_noise) return "mode_noise";
    if (code === CODES.divergent) return "trace_diverges";
    if (code === CODES.unphysical) return null; // the question ends there, not stability
    if (code !== CODES.noiseless) return "undecided_noise_sum";
    const moved = move(s, t);
    const { functions, p } = memberOf(FAMILIES[moved.family], moved.values);
    return failingPivot(functions, functions.coefficients(p), nodesAt(moved).lam[found[0]]);
  };
  /** Whether the noise sum is below 1 where every s is that of small learning rates. */
  const isBelowSmallRates = (s, t) => {
    const moved = move(s, t);
    const member = memberOf(FAMILIES[moved.family], moved.values);
    const rate = member ? member.functions.describe(member.p).effective_learning_rate : NaN;
    return smallRateSum(rate, nodesAt(moved), moved) < 1;
  };
  /** Whether an expression of a paper is below 1; null if it is not about this problem or method. */
  const isBelow = ([, names, value]) => {
    const known = knownOf(move(0, 0), {});
    return names.every((name) => name in known) ? (s, t) => value(knownOf(move(s, t), {})) < 1 : null;
  };
  const words = "noise alone: s(λ) = λ × effective rate / 2";
  const lines = MODEL ? [[words, isBelowSmallRates], ...MODEL.lines.map((line) => [line[0], isBelow(line)])] : [];
  return { judge, condition, lines: lines.filter(([, holds]) => holds) };
}

/** All quantities of a state by their names, and what was found of it; a paper has no others. */
function knownOf(state, found) {
  const parameters = FAMILIES[state.family].parameters.map(({ name }, i) => [name, state.values[i]]);
  const problem = Object.keys(inputsOf(state).sliders).map((name) => [name, state[name]]);
  return { batch_size: state.batch_size, ...Object.fromEntries([...parameters, ...problem]), ...found };
}

/** The noise sum of the largest group if s is half the effective learning rate times lambda. */
function smallRateSum(rate, { lam, weights }, state) {
  const sums = state.groups.map(() => 0), single = sums.length === 1, { batch_size } = state;
  lam.forEach((value, k) => {
    const place = single ? 0 : k, s = (rate * value) / 2;
    const { tau1, tau2 } = state.groups[place], damping = 1 + (tau2 / batch_size) * s;
    sums[place] += damping > 0 ? ((tau1 / batch_size) * weights[k] * s) / damping : Infinity;
  });
  return Math.max(...sums);
}

/** Levels of a map, with codes and noise sums by rows from below, and boundaries; a generator. */
function* mapLevels({ state, x, y }) {
  const found = new Float64Array(3);
  const judges = pointJudge(state, x, y, found), { judge } = judges;
  for (let level = 0; level < LEVELS.length; level++) {
    const [columns, rows] = LEVELS[level];
    const codes = new Uint8Array(columns * rows);
    const sums = new Float32Array(columns * rows);
    const share = (column, row) => [(column + 0.5) / columns, (row + 0.5) / rows];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [s, t] = share(column, row);
        const code = judge(s, t);
        const place = row * columns + column;
        codes[place] = code;
        if (code === CODES.stable) sums[place] = found[0];
      }
      if (row % 4 === 3) yield null;
    }
    yield { level, columns, rows, codes, sums };
    if (level < TRACES.length) yield { boundary: boundaries(...TRACES[level], judges) };
  }
}

/**
 * Where stability ends ("edge"), where it would end without noise but has ended already ("quiet")
 * and the lines of a paper, as curves of one condition each.
 */
function boundaries(across, up, { judge, condition, lines }) {
  const columns = across + 1, rows = up + 1;
  const onGrid = (at) => Uint8Array.from({ length: columns * rows }, (_, place) =>
    at((place % columns) / across, Math.floor(place / columns) / up));
  const codes = onGrid(judge);
  const isStable = (code) => code === CODES.stable;
  const isNoisy = (code) => code === CODES.noise_sum || code === CODES.mode_noise;
  const edges = traceEdges(codes, columns, rows, judge, isStable, condition);
  const quiet = traceEdges(codes, columns, rows, judge, (code) => code !== CODES.noiseless, (s, t, before) =>
    isNoisy(before) ? condition(s, t) : null);
  const line = lines.flatMap(([words, holds]) =>
    traceEdges(onGrid(holds), columns, rows, holds, Boolean, () => words));
  return Object.entries({ edge: edges, quiet, line }).flatMap(([kind, pieces]) =>
    pieces.filter((piece) => piece.condition).map((piece) => ({ ...piece, kind })));
}

/**
 * Curves between points of a grid at which something holds and others: marching squares, with
 * every crossing found by halving. `condition` is asked just beyond it, with the code before it.
 */
function traceEdges(codes, columns, rows, judge, holds, condition) {
  const inside = (column, row) => holds(codes[row * columns + column]);
  const share = ([column, row]) => [column / (columns - 1), row / (rows - 1)];
  const crossings = new Map(); // by edge
  const cross = (from, to) => {
    const key = `${from} ${to}`;
    if (crossings.has(key)) return key;
    const ends = inside(...from) ? [from, to] : [to, from];
    let [good, bad] = ends.map(share);
    let before = codes[ends[0][1] * columns + ends[0][0]];
    for (let i = 0; i < HALVINGS; i++) {
      const middle = [(good[0] + bad[0]) / 2, (good[1] + bad[1]) / 2];
      const code = judge(...middle);
      if (holds(code)) { good = middle; before = code; } else bad = middle;
    }
    crossings.set(key, { place: bad, condition: condition(...bad, before), beside: [] });
    return key;
  };
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const corners = [
        [column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1],
      ];
      const flags = corners.map((corner) => inside(...corner));
      const crossed = [];
      for (let side = 0; side < 4; side++) {
        if (flags[side] === flags[(side + 1) % 4]) continue;
        // an edge has one name, from its lower left end
        const ends = side < 2 ? [side, side + 1] : [(side + 1) % 4, side];
        crossed.push(cross(corners[ends[0]], corners[ends[1]]));
      }
      // on a saddle the corners inside stay apart
      const pairs = crossed.length < 4 ? [[0, 1]] : flags[0] ? [[0, 3], [1, 2]] : [[0, 1], [2, 3]];
      if (crossed.length < 2) continue;
      for (const [one, other] of pairs) {
        crossings.get(crossed[one]).beside.push(crossed[other]);
        crossings.get(crossed[other]).beside.push(crossed[one]);
      }
    }
  }
  return chains(crossings).flatMap(splitByCondition);
}

/** Crossings in the order of the curves that they lie on. */
function chains(crossings) {
  const seen = new Set(), found = [];
  const walk = (start) => {
    const chain = [];
    for (let key = start; key !== undefined; ) {
      seen.add(key);
      chain.push(crossings.get(key));
      key = crossings.get(key).beside.find((next) => !seen.has(next));
    }
    return chain;
  };
  const keys = [...crossings.keys()];
  for (const key of keys) {
    if (!seen.has(key) && crossings.get(key).beside.length < 2) found.push(walk(key));
  }
  for (const key of keys) {
    if (seen.has(key)) continue;
    const chain = walk(key);
    found.push([...chain, chain[0]]); // a closed curve
  }
  return found;
}

/** Pieces of a curve with one condition each; neighbours share a point. */
function splitByCondition(chain) {
  const pieces = [];
  for (const { place, condition } of chain) {
    const last = pieces[pieces.length - 1];
    if (last) last.points.push(place);
    if (!last || last.condition !== condition) pieces.push({ condition, points: [place] });
  }
  return pieces.filter(({ points }) => points.length > 1);
}
