// Drawing samples: in the place of tau1 stands the exact radius over the sum of s, between the
// points of a grid at which the library found it.

const ON_EDGE = 1e-9; // of a cell: rounding of values at the ends of a range
const UNCERTAIN = 0.05; // of a logarithm, where a corner of the cell tells nothing

/** The share of an axis of the grid, along the logarithm of the distance from 1 for momenta. */
function gridShare(axis, value) {
  if (!axis.to_one) return axisShare(axis, value);
  return Math.log((1 - value) / (1 - axis.low)) / Math.log((1 - axis.high) / (1 - axis.low));
}

/** The factor at a state's parameters, and the relative error of interpolation; NaN if unknown. */
function drawnFactor(state) {
  const { axes, logs } = START.drawn.tables[state.family];
  const places = axes.map((axis, i) => gridShare(axis, state.values[i]) * (axis.count - 1));
  if (places.some((place, i) => !(place >= -ON_EDGE && place <= axes[i].count - 1 + ON_EDGE))) {
    return { factor: NaN, error: NaN };
  }
  const [columns] = axes.length > 1 ? [axes[1].count] : [1];
  const at = (i, j) => logs[i * columns + j] ?? null;
  const cells = places.map((place, i) => Math.max(0, Math.min(axes[i].count - 2, Math.floor(place))));
  const [u, v] = [places[0] - cells[0] || 0, axes.length > 1 ? places[1] - cells[1] : 0];
  let total = 0, weight = 0, missing = false;
  for (const [i, a] of [[0, 1 - u], [1, u]]) {
    for (const [j, b] of axes.length > 1 ? [[0, 1 - v], [1, v]] : [[0, 1]]) {
      const value = axes.length ? at((cells[0] || 0) + i, (cells[1] || 0) + j) : logs[0];
      if (value === null) { missing ||= a * b > ON_EDGE; continue; }
      total += a * b * value;
      weight += a * b;
    }
  }
  if (!(weight > 0)) return { factor: NaN, error: NaN };
  let error = missing ? UNCERTAIN : 0;
  axes.forEach((axis, k) => { // second differences around the cell, of which an eighth is usual
    const bends = [];
    let ends = 4;
    for (const i of [0, 1]) {
      for (const j of axes.length > 1 ? [0, 1] : [0]) {
        const place = [(cells[0] || 0) + i, (cells[1] || 0) + j];
        const beside = [-1, 0, 1].map((step) => {
          const moved = [...place];
          moved[k] += step;
          return moved[k] < 0 || moved[k] >= axis.count ? null : at(...moved);
        });
        if (beside.every((value) => value !== null)) {
          bends.push(Math.abs(beside[0] - 2 * beside[1] + beside[2]));
        } else ends = 2; // towards the end of noiseless stability they grow
      }
    }
    error += bends.length ? Math.max(...bends) / ends : axes.length ? UNCERTAIN : 0;
  });
  return { factor: Math.exp(total / weight), error: error + 2e-4 };
}

/** By what the covariance of one sample is multiplied in the mean of a batch. */
function drawnShare(batch_size) {
  const { count, replacement, epoch } = START.drawn;
  if (epoch) return 1; // the radius is that of its batches
  if (replacement || batch_size === Infinity) return 1 / batch_size;
  return count > 1 ? Math.max(0, (count / batch_size - 1) / (count - 1)) : 0;
}

/** The critical batch size of a radius for one sample a batch. */
function drawnCritical(radius) {
  const { count, replacement } = START.drawn;
  return replacement || count === 1 ? radius : (count * radius) / (count - 1 + radius);
}

/** A state with every learning rate multiplied by a factor. */
function withFactor(state, factor) {
  const values = FAMILIES[state.family].parameters.map(({ name }, i) =>
    name.endsWith("learning_rate") ? factor * state.values[i] : state.values[i]);
  return { ...state, values };
}
