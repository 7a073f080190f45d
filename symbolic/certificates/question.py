"""What a proof is about, as a person reads it: methods, problem and noise.

What is rounded or left out of the numbers has a digest (`numbers_told`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from sgdmem.symbolic.certificates.check import kind_of
from sgdmem.symbolic.certificates.numbers_told import (
    FEW,
    digest,
    list_told,
    matrix_told,
    number_told,
    with_digest,
)


def question(proof: Mapping[str, Any]) -> list[str]:
    """Return the methods, each with how often it is done, and the problem at the end.

    Of a proof that was checked.
    """
    return [*_methods(proof), f"{_problem(proof)}; {_noise(proof)}"]


def question_lines(proof: Mapping[str, Any]) -> list[str]:
    r"""Return the same in two lines: the methods, and the problem.

    Examples
    --------
    >>> sgd = dict(name="sgd", alpha="1/2", b=[], c=[], D=[], a=[], shrink="0")
    >>> proof = dict(
    ...     steps=[sgd, sgd],
    ...     inverse_batch_size="1/2",
    ...     problem=dict(eigenvalues=["1", "1/2"], multiplicities=["1", "1"], weight_decay="0"),
    ...     noise=dict(tau1="1", tau2=["0", "0"]),
    ... )
    >>> print("\n".join(question_lines(proof)))
    2 steps over and over: 2 of sgd: alpha = 0.5
    eigenvalues [1, 0.5]; batch size 2, tau1 = 1, tau2 = 0
    """
    *methods, problem = question(proof)
    return ["; ".join(methods).replace(":; ", ": "), problem]


def fractions(values: Sequence[str]) -> list[Fraction]:
    """Return numbers that were checked."""
    return [Fraction(x) for x in values]


def _methods(proof: Mapping[str, Any]) -> Iterator[str]:
    if "steps" not in proof:
        yield _method(proof["algorithm"])
        return
    runs = [(method, len(list(run))) for method, run in groupby(map(_method, proof["steps"]))]
    workers = proof.get("workers", 1)
    averaged = f" by {workers:,} workers, averaged after each round" * (workers > 1)
    yield f"{len(proof['steps']):,} step{'s' * (len(proof['steps']) > 1)} over and over{averaged}:"
    yield from (f"{count:,} of {method}" for method, count in runs[:FEW])
    if len(runs) > FEW:
        more = f"... and {sum(count for _, count in runs[FEW:]):,} more"
        yield with_digest(more, [*map(_flat, proof["steps"])])


def _flat(step: Mapping[str, Any]) -> list[Fraction]:
    """Return all numbers of a method."""
    D = [x for line in step["D"] for x in line]
    return fractions([step["alpha"], step["shrink"], *step["b"], *step["c"], *D, *step["a"]])


def _method(step: Mapping[str, Any]) -> str:
    parts = [f"alpha = {number_told(Fraction(step['alpha']))}"]
    if step["b"]:
        parts += [f"{name} = {list_told(fractions(step[name]))}" for name in "bc"]
        D = matrix_told([fractions(line) for line in step["D"]])
        parts += [f"D = {D}", f"a = {list_told(fractions(step['a']))}"]
    if step["shrink"] != "0":
        parts.append(f"shrink = {number_told(Fraction(step['shrink']))}")
    name = step.get("name", "")
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def _problem(proof: Mapping[str, Any]) -> str:
    problem, kind = proof["problem"], kind_of(proof)
    if "rows" in problem:
        n, d = len(problem["rows"]), len(problem["rows"][0])
        size = f"{n:,} row{'s' * (n > 1)} of {d:,} number{'s' * (d > 1)}"
        each = problem["outputs"]
        found = f"least squares on {size}{f', {each:,} rows a sample' * (each > 1)}"
        lines = [fractions(line) for line in problem["rows"]]
        found += f" (digest {digest(lines)})" if max(n, d) > FEW else f", {matrix_told(lines)}"
        weights = fractions(problem["weights"])
        if len(set(weights)) > 1:
            found += f", of uneven probabilities {list_told(weights)}"
    elif kind == "power_law":
        law = problem["power_law"]
        scale, exponent = Fraction(law["scale"]), Fraction(law["exponent"])
        many = "infinitely many" if law["count"] is None else f"{law['count']:,}"
        size = f"{number_told(scale)} " * (scale != 1)
        found = f"{many} eigenvalue{'s' * (law['count'] != 1)} {size}k^-{number_told(exponent)}"
    else:
        lam, counts = fractions(problem["eigenvalues"]), fractions(problem["multiplicities"])
        often = f", multiplicities {list_told(counts)}" if set(counts) != {Fraction(1)} else ""
        found = f"eigenvalues {list_told(lam)}{often}"
    decay = Fraction(problem["weight_decay"])
    return f"{found}{f', weight decay {number_told(decay)}' * bool(decay)}"


def _noise(proof: Mapping[str, Any]) -> str:
    given = proof["inverse_batch_size"]
    every = [Fraction(x) for x in (given if isinstance(given, list) else [given])]
    if not any(every):
        return "full batches, no noise"
    sizes = [number_told(1 / x) if x else "all" for x in every]
    runs = [(size, len(list(run))) for size, run in groupby(sizes)]
    size = f"batch size {sizes[0]}"
    if len(runs) > 1:
        (first, times), *later = runs[:FEW]
        parts = [f"{times:,} batch{'es' * (times > 1)} of {first}"]
        size = ", then ".join([*parts, *(f"{n:,} of {x}" for x, n in later)])
        if len(runs) > FEW:
            size += with_digest(f", ... {len(sizes):,} in all", [every])
    if "rows" in proof["problem"]:
        way = "with" if proof["problem"]["replacement"] else "without"
        return f"{size}, samples drawn {way} replacement"
    noise, tau2 = proof["noise"], proof["noise"]["tau2"]
    each = fractions(tau2 if isinstance(tau2, list) else [tau2])
    same = number_told(each[0]) if len(set(each)) == 1 else list_told(each)
    if "tau1" in noise:
        feed = f"tau1 = {number_told(Fraction(noise['tau1']))}"
    else:
        feed = f"coupling T = {matrix_told([fractions(line) for line in noise['coupling']])}"
    return f"{size}, {feed}, tau2 = {same}"
