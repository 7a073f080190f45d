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
  return { ...state, [name]: value };
}

/** The value at a share from 0 to 1 of an axis. */
function axisValue({ low, high, log }, share) {
  return log ? low * (high / low) ** share : low + (high - low) * share;
}

/** The share of an axis at which a value lies. */
function axisShare({ low, high, log }, value) {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** A function of two shares that classifies points of a map, and keeps the sums in `found`. */
function pointJudge(state, x, y, found) {
  const kept = new Map();
  const nodesAt = (moved) => {
    const { nu } = moved.spectrum;
    if (!kept.has(nu)) {
      if (kept.size > 1000) kept.clear();
      kept.set(nu, stateNodes(moved, RULES.map));
    }
    return kept.get(nu);
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
  return { judge, condition };
}

/** Levels of a map, with codes and noise sums by rows from below, and boundaries; a generator. */
function* mapLevels({ state, x, y }) {
  const found = new Float64Array(3);
  const { judge, condition } = pointJudge(state, x, y, found);
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
        if (code === CODES.stable) sums[place] = noiseSumAt(state, x, y, s, t, found);
      }
      if (row % 4 === 3) yield null;
    }
    yield { level, columns, rows, codes, sums };
    if (level < TRACES.length) yield { boundary: boundaries(...TRACES[level], judge, condition) };
  }
}

/** The noise sum of a point just judged; an axis may move what stands in front of the sum. */
function noiseSumAt(state, x, y, s, t, found) {
  if (START.drawn) {
    const moved = withValue(withValue(state, x.name, axisValue(x, s)), y.name, axisValue(y, t));
    return noiseShares(moved)[0] * found[0];
  }
  let { tau1, batch_size } = state;
  for (const [axis, at] of [[x, s], [y, t]]) {
    if (axis.name === "batch_size") batch_size = axisValue(axis, at);
    if (axis.name === "tau1") tau1 = axisValue(axis, at);
  }
  return (tau1 / batch_size) * found[0];
}

/**
 * Where stability ends, and where it would end without noise but has ended already (`inner`
 * false and true), as curves of one condition each.
 */
function boundaries(across, up, judge, condition) {
  const columns = across + 1, rows = up + 1;
  const codes = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      codes[row * columns + column] = judge(column / across, row / up);
    }
  }
  const isStable = (code) => code === CODES.stable;
  const isNoisy = (code) => code === CODES.noise_sum || code === CODES.mode_noise;
  const edges = traceEdges(codes, columns, rows, judge, isStable, condition);
  const quiet = traceEdges(codes, columns, rows, judge, (code) => code !== CODES.noiseless, (s, t, before) =>
    isNoisy(before) ? condition(s, t) : null);
  return [
    ...edges.filter((piece) => piece.condition).map((piece) => ({ ...piece, inner: false })),
    ...quiet.filter((piece) => piece.condition).map((piece) => ({ ...piece, inner: true })),
  ];
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
