// Spectra as nodes and weights: sums over all eigenvalues in few hundred terms.
//
// A power law is its first eigenvalues, then Gauss-Legendre panels for the integral over their
// number k, with the end corrections of the Euler-Maclaurin sum; an infinite one ends with a
// Gauss-Jacobi panel that reaches to 0. TABLES holds the rules, computed by the library.

const RULES = {
  map: { head: 24, ratio: 4, points: 8, last: 1e-8 },
  point: { head: 128, ratio: 2.5, points: 12, last: 1e-14 },
};

/** Nodes and weights of the measure t^power dt on (0, 1), of total mass 1 (Golub and Welsch). */
function jacobiRule(points, power) {
  const diagonal = new Float64Array(points);
  const beside = new Float64Array(points);
  for (let n = 0; n < points; n++) {
    const sum = 2 * n + power;
    const shift = n === 0 ? power / (power + 2) : (power * power) / (sum * (sum + 2));
    diagonal[n] = (1 + shift) / 2;
    const m = n + 1;
    const next = 2 * m + power;
    const product = (4 * m * m * (m + power) * (m + power)) / (next * next * (next * next - 1));
    beside[n] = Math.sqrt(product) / 2;
  }
  return eigenRule(diagonal, beside);
}

/** Eigenvalues of a symmetric tridiagonal matrix, and squares of first components (implicit QL). */
function eigenRule(d, e) {
  const n = d.length;
  const first = new Float64Array(n);
  first[0] = 1;
  e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; sweep < 60; sweep++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]) > 1e-17 * (Math.abs(d[m]) + Math.abs(d[m + 1]))) m++;
      if (m === l) break;
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
      let s = 1, c = 1, p = 0;
      for (let i = m - 1; i >= l; i--) {
        const f = s * e[i], b = c * e[i];
        r = Math.hypot(f, g);
        e[i + 1] = r;
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        const old = first[i + 1];
        first[i + 1] = s * first[i] + c * old;
        first[i] = c * first[i] - s * old;
      }
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return { nodes: d, weights: first.map((x) => x * x) };
}

/** Whether a spectrum is an infinite power law whose eigenvalues have no finite sum. */
function traceDiverges(spectrum) {
  return !spectrum.listed && spectrum.count === Infinity && spectrum.nu <= 1;
}

/**
 * Nodes `lam` and `weights` that stand for a spectrum in sums of smooth functions that vanish at 0.
 * `end` is where the last panel, down to 0, begins (0: there is none), and `listed` how many nodes
 * come before its own.
 */
function spectrumNodes(spectrum, rule) {
  if (spectrum.listed) {
    const lam = Float64Array.from(spectrum.eigenvalues);
    const ones = spectrum.weights || Array(lam.length).fill(1);
    return { lam, weights: Float64Array.from(ones), end: 0, listed: lam.length };
  }
  const { nu, scale, count } = spectrum;
  const lam = [], weights = [];
  const add = (value, weight) => { lam.push(value); weights.push(weight); };
  const head = Math.min(count, count <= rule.head + 8 ? count : rule.head);
  for (let k = 1; k <= head; k++) add(scale * k ** -nu, 1);
  let end = 0, listed = head;
  if (count > head) {
    const correct = (at, sign) => TABLES.end_offsets.forEach((offset, i) => {
      add(scale * (at + 0.5 + offset) ** -nu, sign * TABLES.end_weights[i]);
    });
    correct(head, 1);
    if (count < Infinity) correct(count, -1);
    const top = scale * (head + 0.5) ** -nu;
    const bottom = count < Infinity ? scale * (count + 0.5) ** -nu : top * rule.last;
    const pieces = Math.max(1, Math.ceil(Math.log(top / bottom) / Math.log(rule.ratio)));
    const { nodes, weights: shares } = TABLES.legendre[rule.points];
    for (let i = 0; i < pieces; i++) {
      const upper = top * (bottom / top) ** (i / pieces);
      const lower = top * (bottom / top) ** ((i + 1) / pieces);
      nodes.forEach((x, j) => {
        const value = (upper + lower) / 2 + ((upper - lower) / 2) * x;
        const places = (scale / value) ** (1 / nu) / nu / value; // dk over dlam
        add(value, ((upper - lower) / 2) * shares[j] * places);
      });
    }
    listed = lam.length;
    if (count === Infinity) {
      end = bottom;
      const mass = nu > 1 ? (end * (scale / end) ** (1 / nu)) / (nu - 1) : 0;
      const last = jacobiRule(rule.points, nu > 1 ? -1 / nu : 0);
      last.nodes.forEach((t, j) => add(end * t, (mass * last.weights[j]) / (end * t)));
    }
  }
  return { lam: Float64Array.from(lam), weights: Float64Array.from(weights), end, listed };
}

/** The largest eigenvalue and the smallest one that is worth showing. */
function spectrumExtent(spectrum) {
  if (spectrum.listed) {
    return [Math.max(...spectrum.eigenvalues), Math.min(...spectrum.eigenvalues)];
  }
  const last = spectrum.count < Infinity ? spectrum.count ** -spectrum.nu : 0;
  return [spectrum.scale, spectrum.scale * last];
}
