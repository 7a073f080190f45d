// Roots of P - lambda Q, and which of them has left the unit disk.

/** Roots of a real polynomial, lowest power first, as pairs [real, imaginary] (Aberth). */
function polynomialRoots(coefficients) {
  const a = [...coefficients];
  while (a.length > 1 && a[a.length - 1] === 0) a.pop();
  const zeros = [];
  while (a.length > 1 && a[0] === 0) { a.shift(); zeros.push([0, 0]); }
  const degree = a.length - 1;
  if (degree < 1) return zeros;
  if (degree === 1) return [...zeros, [-a[0] / a[1], 0]];
  if (degree === 2) return [...zeros, ...quadraticRoots(a)];
  const radius = Math.pow(Math.abs(a[0] / a[degree]), 1 / degree);
  const x = a.slice(1).map((_, i) => {
    const angle = (2 * Math.PI * i) / degree + 0.4;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  for (let sweep = 0; sweep < 200; sweep++) {
    let moved = 0;
    for (let i = 0; i < degree; i++) {
      let [pr, pi, dr, di] = [a[degree], 0, 0, 0];
      const [xr, xi] = x[i];
      for (let k = degree - 1; k >= 0; k--) {
        [dr, di] = [dr * xr - di * xi + pr, dr * xi + di * xr + pi];
        [pr, pi] = [pr * xr - pi * xi + a[k], pr * xi + pi * xr];
      }
      if (pr === 0 && pi === 0) continue;
      // 1 / step = p'/p - sum of 1 / (x_i - x_j)
      const size = pr * pr + pi * pi;
      let sr = (dr * pr + di * pi) / size, si = (di * pr - dr * pi) / size;
      for (let j = 0; j < degree; j++) {
        if (j === i) continue;
        const gr = xr - x[j][0], gi = xi - x[j][1];
        const gap = gr * gr + gi * gi || 1e-300;
        sr -= gr / gap;
        si += gi / gap;
      }
      const length = sr * sr + si * si;
      if (!(length > 0) || !Number.isFinite(length)) continue;
      const step = [sr / length, -si / length];
      x[i] = [xr - step[0], xi - step[1]];
      moved = Math.max(moved, Math.hypot(...step) / (1e-300 + Math.hypot(...x[i])));
    }
    if (moved < 1e-15) break;
  }
  return [...zeros, ...x];
}

function quadraticRoots([c, b, a]) {
  const half = -b / 2, square = half * half - a * c;
  if (square < 0) {
    const imaginary = Math.sqrt(-square) / a;
    return [[half / a, imaginary], [half / a, -imaginary]];
  }
  const far = half + (half >= 0 ? 1 : -1) * Math.sqrt(square);
  return far === 0 ? [[0, 0], [0, 0]] : [[far / a, 0], [c / far, 0]];
}

/** Roots of P - lam Q of an algorithm that is described by `describe`. */
function rootsAt({ P, Q }, lam) {
  return polynomialRoots(P.map((value, i) => value - lam * (i < Q.length ? Q[i] : 0)));
}

/** Which kind of root has the largest modulus of all eigenvalues. */
function worstRoot(described, lam) {
  let largest = -1, kind = "noiseless";
  for (const value of lam) {
    for (const [re, im] of rootsAt(described, value)) {
      const size = Math.hypot(re, im);
      if (size <= largest) continue;
      largest = size;
      kind = Math.abs(im) > 1e-9 * size ? "complex_roots" : re > 0 ? "root_at_1" : "root_at_minus_1";
    }
  }
  return kind;
}

/** Which condition a mode that has just lost its stability has lost, by the pivot that fails. */
function failingPivot(functions, c, lam) {
  const { pivots } = functions.summand(lam, c);
  if (!(pivots[0] > 0)) return "root_at_minus_1";
  return pivots[pivots.length - 1] > 0 ? "complex_roots" : "root_at_1";
}
