"""Parts of proofs about power laws: what is exactly enough is accepted, and the least less is not.

Numerators and denominators are solved for here, through summands at points of their own.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

from sgdmem.symbolic.certificates.law_modes import (
    PowerLawModes,
    Summand,
    read_power_law,
    value,
)
from sgdmem.symbolic.certificates.law_modes import eigenvalue as _eigenvalue
from sgdmem.symbolic.certificates.law_modes import fraction as _fraction
from sgdmem.symbolic.certificates.law_modes import law_summand as _summand
from sgdmem.symbolic.certificates.modes import Mode, Step
from sgdmem.symbolic.certificates.power_laws import (
    _bound,
    _require_bound,
    _require_end,
    _sum,
    check_boundary,
    check_open,
    check_stable,
    check_unstable,
)
from sgdmem.symbolic.errors import ProofError

ZERO, ONE, TINY = Fraction(0), Fraction(1), Fraction(1, 10**12)
SGD = Mode([ONE, -ONE], [ZERO, -ONE])  # of the rate 1: s = lambda / (2 - lambda)
MEMORY = Step(
    [[ONE, Fraction(-1, 8)], [ZERO, Fraction(1, 4)]], [Fraction(-1, 2), ONE], [ONE, Fraction(1, 5)]
).mode(ZERO)
DECAYS = Mode(MEMORY.P, MEMORY.Q, Fraction(1, 9))
# (x + 1) (x^2 + 4/5 x + 4/5) at 1, and (x - 1) (x^2 - x / 5 + 2/5) at 0: at 1/2 a root is outside,
# and from 1/3 down all are inside
LEAVES = Mode(
    [ONE, Fraction(-6, 5), Fraction(3, 5), Fraction(-2, 5)],
    [ZERO, Fraction(-3), -ONE, Fraction(-6, 5)],
)


def law(
    mode: Mode = SGD,
    count: int | None = None,
    exponent: Any = 2,
    feed: Any = 1,
    damping: Any = 0,
    scale: Any = 1,
) -> PowerLawModes:
    feed, damping = Fraction(feed), Fraction(damping)
    return PowerLawModes(mode, Fraction(scale), Fraction(exponent), count, feed, damping)


def fraction(mode: Mode, off: int | None = None, points: Any = None) -> Any:
    """Return n and d as a witness, d(0) = 1; of another summand at one of the points."""
    degree = mode.memory + 1 + (not mode.is_free)
    size = 2 * degree
    points = points or [Fraction(i, 3 * size) for i in range(1, size + 1)]
    lines, right = [], []
    for i, lam in enumerate(points):
        s = mode.summand(lam)
        assert s is not None
        s *= 1 + Fraction(i == off, 10**6)
        lines += [
            [s * lam**k for k in range(1, degree + 1)] + [-(lam**k) for k in range(1, degree + 1)]
        ]
        right.append(-s)
    A, b = ([fmpq(x.numerator, x.denominator) for x in row] for row in (chain(*lines), right))
    found = [str(x) for x in fmpq_mat(size, size, A).solve(fmpq_mat(size, 1, b)).entries()]
    return {"numerator": found[degree:], "denominator": ["1", *found[:degree]]}


def refused(because: str, check: Any, *arguments: Any) -> None:
    with pytest.raises(ProofError, match=because):
        check(*arguments)


def pieces(*entries: tuple[int | None, list[Any]], bits: int = 64) -> Any:
    found = [{"last": last, "polynomial": [str(x) for x in some]} for last, some in entries]
    return {"bits": bits, "pieces": found}


@pytest.mark.parametrize("mode", [SGD, MEMORY, DECAYS])
def test_a_summand_is_compared_at_as_many_points_as_its_degrees_need(mode: Mode) -> None:
    for count in (None, 3):
        modes = law(mode, count)
        size = 2 * (mode.memory + 1 + (not mode.is_free))
        least = modes.least
        points = [least + (1 - least) * Fraction(i, size) for i in range(1, size + 1)]
        witness = fraction(mode, None, points)
        _fraction(modes, witness, 1)
        turned = {name: [str(-Fraction(x)) for x in witness[name]] for name in witness}
        refused("s is finite at every eigenvalue", _fraction, modes, turned, 1)
        for off in range(size):
            forged = fraction(mode, off, points)
            refused("are those of s", _fraction, modes, forged, 1)
        summand = _summand(law(mode, count, damping="-1/9", feed=0), witness)
        for lam in (Fraction(1, 5), Fraction(5, 7)):
            s = mode.summand(lam)
            assert s is not None
            found = value(summand.numerator, lam) / value(summand.denominator, lam)
            assert found == s / (1 - s / 9)


def test_a_summand_at_the_edge_is_finite() -> None:
    """Of SGD all are finite below lambda = 2."""
    for count in (None, 2, 3):
        for scale, because in ((2 - Fraction(1, 10**9), ""), (2, "strictly Schur at lambda = 2")):
            modes = law(count=count, scale=scale)
            if because:
                refused(because, _fraction, modes, fraction(SGD), 1)
            else:
                _fraction(modes, fraction(SGD), 1)


def test_an_instability_between_two_points_is_seen() -> None:
    """Of the six points none is between 0.45 and 0.6, and the summand at 0.7 is finite, not d."""
    points = [Fraction(k, 30) for k in range(1, 7)]
    n_and_d = fraction(LEAVES, None, points)
    d = [Fraction(x) for x in n_and_d["denominator"]]
    assert value(d, Fraction(1, 3)) > 0 > value(d, Fraction(1, 2))
    _fraction(law(LEAVES, scale=Fraction(1, 3)), n_and_d, 1)
    refused("not proved", _fraction, law(LEAVES, scale=Fraction(1, 2)), n_and_d, 1)


def test_a_root_on_the_circle_of_the_first_mode_alone() -> None:
    circle = {"on_circle": ["1", "1"]}
    witness = fraction(LEAVES) | circle
    for count, because in ((1, ""), (2, "not proved"), (3, "not proved"), (None, "not proved")):
        if because:
            refused(because, check_boundary, law(LEAVES, count, 1), witness)
        else:
            check_boundary(law(LEAVES, count, 1), witness)
    edge = law(count=9, scale=2)
    check_boundary(edge, fraction(SGD) | circle)
    refused(
        "a root lies on the unit circle", check_boundary, edge, fraction(SGD) | {"on_circle": ["1"]}
    )
    refused(
        "divides P - lambda Q at the first eigenvalue, 2",
        check_boundary,
        edge,
        fraction(SGD) | {"on_circle": ["1", "-1"]},
    )
    refused("a root lies", check_boundary, law(count=9), fraction(SGD) | {"on_circle": ["1"]})


@pytest.mark.parametrize("decay", [ZERO, Fraction(1, 5)])
def test_what_moves_at_0_must_be_stable(decay: Fraction) -> None:
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(30):
        size = int(rng.integers(1, 3))
        v, r, *D = (
            [Fraction(int(x), 4) for x in rng.integers(-4, 5, size)] for _ in range(2 + size)
        )
        free = [[ONE, *v], *([ZERO, *line] for line in D)]
        mode = Step(free, [Fraction(-1, 2), *r], [ONE, *v]).mode(decay)
        if decay:
            moving = np.array(free, float) + float(decay) * np.outer(
                np.array([Fraction(-1, 2), *r], float), np.array([ONE, *v], float)
            )
        else:
            moving = np.array(D, float)
        radius = abs(np.linalg.eigvals(moving)).max()
        if abs(radius - 1) > 1e-9:
            seen.add(bool(radius < 1))
            if radius < 1:
                _require_end(law(mode))
            else:
                refused("strictly stable at 0", _require_end, law(mode))
                _require_end(law(mode, 9))
    assert seen == {True, False}
    still = Mode([ONE, ZERO, -ONE], [ZERO, ZERO, ZERO])  # D = -1, hidden from gradients
    witness = {"numerator": ["0", "0"], "denominator": ["1", "0", "0"]}
    for check in (check_open, check_stable):
        refused("not proved", check, law(still), witness)


def test_noise_of_a_mode_that_its_own_feeds() -> None:
    """s is 1 at the first eigenvalue of k^-1, 1/3 at the second and 1/5 at the third."""
    for k, s in ((1, ONE), (2, Fraction(1, 3)), (3, Fraction(1, 5))):
        witness = {"by": "mode_noise", "index": k} | fraction(SGD)
        for count in (None, 3):
            for change, right in ((Fraction(0), k == 1), (TINY, True), (-TINY, False)):
                modes = law(SGD, count, 1, 0, -1 / s - change)
                if right:
                    check_unstable(modes, witness)
                else:
                    refused("not proved", check_unstable, modes, witness)
    half = Mode([ONE, -ONE], [ZERO, Fraction(-1, 2)])  # s = 1/3 at 1
    for damping, right in ((-3, True), (Fraction(-29, 10), False)):
        modes, witness = law(half, 9, 1, 0, damping), {"by": "mode_noise", "index": 1}
        if right:
            check_unstable(modes, witness)
        else:
            refused("not proved", check_unstable, modes, witness)
    outside = law(SGD, 9, 1, 0, -9, 3)
    refused("not proved", check_unstable, outside, {"by": "mode_noise", "index": 1})
    refused(
        "index must be an integer from 1 to 3",
        check_unstable,
        law(count=3, damping=-9),
        {"by": "mode_noise", "index": 4},
    )
    for damping in (-1, -2):
        refused("is positive everywhere", _summand, law(damping=damping), fraction(SGD))


def test_modes_that_are_not_schur() -> None:
    """Of LEAVES that of eigenvalue number 2 alone."""
    for k, right in ((1, True), (2, True), (3, False)):
        for count in (None, 3):
            modes, witness = law(LEAVES, count, 1), {"by": "noiseless", "index": k}
            if right:
                check_unstable(modes, witness)
            else:
                refused("not strictly Schur at the", check_unstable, modes, witness)
    for k in (0, 4):
        witness = {"by": "noiseless", "index": k}
        refused("index must be an integer from 1 to 3", check_unstable, law(LEAVES, 3, 1), witness)
    refused("the second eigenvalue", check_unstable, law(scale=3), {"by": "noiseless", "index": 2})


def test_traces_that_are_infinite() -> None:
    silent = Mode([ONE, -ONE, ZERO], [ZERO, ONE, -ONE])  # Q(1) = 0
    for mode, exponent, count, feed, because in (
        (SGD, 1, None, 1, ""),
        (SGD, 1 + TINY, None, 1, "no finite sum"),
        (DECAYS, Fraction(1, 2), None, 1, ""),
        (DECAYS, Fraction(1, 2) + TINY, None, 1, "P.1. is 0"),
        (silent, 1, None, 1, "P.1. is 0"),
        (silent, Fraction(1, 2), None, 1, ""),
        (SGD, 1, None, 0, "there is noise"),
        (SGD, 1, 9, 1, "there is noise"),
    ):
        modes = law(mode, count, exponent, feed)
        if because:
            refused(because, check_unstable, modes, {"by": "trace"})
        else:
            check_unstable(modes, {"by": "trace"})


def test_bounds_hold_on_the_whole_of_an_eigenvalue() -> None:
    """Its bounds are two numbers: what holds between them only is no bound."""
    summand = Summand([ZERO, ONE], [Fraction(2), -ONE])
    modes = law(exponent=Fraction(1, 2), count=9)
    for k, bits in ((2, 64), (7, 64), (2, 200)):
        low, high = _eigenvalue(modes, k, bits)
        s = [lam / (2 - lam) for lam in (low, (low + high) / 2, high)]
        tiny = (s[2] - s[0]) / 99
        for bound, above, right in (
            (s[2] + tiny, True, True), (s[2], True, False), (s[1], True, False),
            (s[0] - tiny, False, True), (s[0], False, False), (s[1], False, False),
        ):  # fmt: skip
            arguments = (modes, summand, [bound], k, k, above, bits)
            if right:
                _require_bound(*arguments)
            else:
                refused("the polynomial of indices from", _require_bound, *arguments)


def test_bounds_without_end_are_compared_beyond_what_vanishes() -> None:
    none, half = Summand([ZERO, ZERO], [ONE, ZERO]), Fraction(1, 2)
    for summand, bound, above, right in (
        (none, [ZERO], True, False),  # no bound is equal
        (none, [ZERO, ONE], True, True),
        (none, [ZERO, ZERO, ONE], True, True),
        (none, [ZERO, ZERO, -ONE], False, True),
        (none, [ZERO, ZERO, -ONE], True, False),
        (Summand([ZERO, ONE], [Fraction(2), -ONE]), [ZERO, half], False, True),
        (Summand([ZERO, ONE], [Fraction(2), -ONE]), [ZERO, half], True, False),
        (Summand([ZERO, ONE], [Fraction(2), -ONE]), [ZERO, half, half], True, False),  # at 1
        (Summand([ZERO, ONE], [Fraction(2), -ONE]), [ZERO, half, half + TINY], True, True),
        (Summand([ZERO, ZERO, ONE], [ONE, ZERO, ZERO]), [ZERO, ZERO, ONE + TINY], True, True),
        (Summand([ZERO, ZERO, ONE], [ONE, ZERO, ZERO]), [ZERO, ZERO, ONE], True, False),
    ):
        arguments = (law(), summand, bound, 1, None, above)
        if right:
            _require_bound(*arguments)
        else:
            refused("the polynomial of indices from", _require_bound, *arguments)
    sgd = Summand([ZERO, ONE], [Fraction(2), -ONE])
    refused("begins with lambda", _require_bound, law(), sgd, [ONE], 1, None, True)
    refused("has no end", _require_bound, law(count=9), sgd, [ZERO, ONE], 1, None, True)


def test_pieces_follow_each_other_to_the_end() -> None:
    """The bound 1 of every summand, or 1 and lambda."""
    summand = Summand([ZERO, ONE], [Fraction(2), -ONE])
    more = Fraction(9, 8)
    finite, endless = law(count=9), law()
    for modes, some, above, expected in (
        (finite, [(4, [more]), (9, [1])], True, 4 * more + 5),
        (finite, [(1, [more]), (9, [1])], True, more + 8),
        (finite, [(1, [more])], True, "the pieces reach the last"),
        (finite, [(8, [more])], True, "the pieces reach the last"),
        (finite, [(2, [Fraction(1, 8)])], False, Fraction(1, 4)),
        (finite, [], False, 0),
        (finite, [(10, [more])], True, "last must be an integer from 1 to 9"),
        (finite, [(4, [more]), (4, [1])], True, "last must be an integer from 5 to 9"),
        (endless, [(4, [more])], True, "the pieces reach the last"),
        (endless, [(None, [0, 1, TINY]), (None, [0, 1, TINY])], True, "nothing follows"),
        (endless, [(None, [0, 1, TINY]), (1, [more])], True, "nothing follows"),
        (endless, [(4, [more]), (None, [])], True, "has some coefficients"),
    ):
        if isinstance(expected, str):
            refused(expected, _bound, modes, summand, pieces(*some), above)
        else:
            assert _bound(modes, summand, pieces(*some), above) == expected
    half = law(feed="1/2", count=9)
    assert _bound(half, summand, pieces((9, [more]), bits=8), True) == Fraction(81, 16)
    zeta = _bound(endless, summand, pieces((1, [more]), (None, [0, 1])), True)
    assert 0 < zeta - more - Fraction(np.pi**2 / 6 - 1) < Fraction(1, 10**12)
    refused("sum of the powers is finite", _sum, law(exponent="1/2"), [ZERO, ZERO, ONE], 1, None, 9)


def test_eigenvalues_have_all_their_bits() -> None:
    for exponent, k in (("1/100", 2), (1, 3), (1, 10**40), ("7/2", 10**9), (99, 5)):
        low, high = _eigenvalue(law(exponent=exponent, scale=3), k)
        assert 0 < high - low < low / 2**60
    assert law(count=3).least < Fraction(1, 9) < _eigenvalue(law(), 3)[1]


def test_noise_of_a_law_is_that_of_some_data() -> None:
    algorithm = {"alpha": "1", "b": [], "c": [], "D": [], "a": [], "shrink": "0"}
    for scale, exponent, count, tau1, tau2, because in (
        ("1", "1000", 1, "1", "1", ""),
        ("1/9", "1/9", None, "0", "-1", ""),
        ("-1/9", "1/9", None, "0", "-1", "must be positive"),
        ("1", "-1/9", None, "0", "-1", "must be positive"),
        ("1", "1", None, "1", "9/8", "that of some data"),
        ("1", "1", None, "-1/8", "-1", "that of some data"),
        ("1", "1", 0, "1", "0", "count must be"),
        ("1", "1", 1.5, "1", "0", "count must be"),
    ):
        record = {
            "algorithm": algorithm,
            "inverse_batch_size": "1/3",
            "problem": {"weight_decay": "1/7",
                        "power_law": {"scale": scale, "exponent": exponent, "count": count}},
            "noise": {"tau1": tau1, "tau2": tau2},
        }  # fmt: skip
        if because:
            refused(because, read_power_law, record)
        else:
            modes = read_power_law(record)
            assert (modes.feed, modes.damping) == (Fraction(tau1) / 3, Fraction(tau2) / 3)
            assert modes.mode.weight_decay == Fraction(1, 7)
    quiet = law(feed=0)
    assert "there is no noise" in check_stable(quiet, fraction(SGD))
    refused("no 'above'", check_stable, law(feed=0, damping="-1/2"), fraction(SGD))
    refused("no 'above'", check_stable, law(), fraction(SGD))
