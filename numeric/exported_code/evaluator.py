r"""The noise summand of a family as a program that runs on any kind of number, and in machine code.

The family is derived once, with symbols for its parameters; the Routh-Astrom recursion on these is
a straight-line program, and every target is a rendering of this one program.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from sgdmem.numeric.arithmetic.arrays import real_array
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.compilation.cuda import chosen_device
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.family_sums import family_sums
from sgdmem.numeric.exported_code.evaluator_arguments import ball, broadcast, mpmath_number
from sgdmem.numeric.exported_code.summand_code import (
    array_source,
    kernel_source,
    summand_source,
    wanted,
)
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import as_scalar, is_symbolic
from sgdmem.symbolic.algorithms.algorithm import require_no_shrink
from sgdmem.symbolic.algorithms.branching_values import member_and_branches
from sgdmem.symbolic.algorithms.family import Family, FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.programs.program import Program
from sgdmem.symbolic.programs.special_values import special_values
from sgdmem.symbolic.programs.summand_program import (
    EIGENVALUE,
    NO_SHRINK,
    coefficient_program,
    joined_program,
)
from sgdmem.symbolic.zoo.families_by_name import find_family

Target = Literal["numba", "numpy", "mpmath", "ball", "exact"]
SumTarget = Literal["numba", "cuda", "ball"]
_TRIED = [Fraction(2 * k + 1, 29) for k in range(-16, 58)]  # -1 ... 4
_RESERVED = ("self", EIGENVALUE, "target", "digits", "spectrum", "threads")
TARGETS, SUM_TARGETS = get_args(Target), get_args(SumTarget)


@dataclass(frozen=True, eq=False, repr=False)
class Evaluator:
    r"""The noise summand :math:`s_\lambda` of a family of algorithms, compiled.

    Made by `evaluator`. Called with an eigenvalue and the parameters by name.

    Attributes
    ----------
    family : str
        What it is called.
    parameters : tuple of str
        The free parameters.
    memory : int
    program : Program
        Of the eigenvalue ``lam`` and the parameters. Results: s / lambda at the point of the
        gradient, the same at w if a != 0, and the M + 2 pivots.
    shifted : bool
        Whether a != 0.
    exceptions : mapping of names to values
        At which the family is another algorithm (`torch_sgd` ignores its dampening without
        momentum), so that the program does not hold.
    forms : FamilyProgram
        The half-plane form of every member.
    """

    family: str
    parameters: tuple[str, ...]
    memory: int
    program: Program
    shifted: bool
    forms: FamilyProgram
    exceptions: Mapping[str, Sequence[Fraction]] = field(default_factory=dict)

    def __repr__(self) -> str:
        free = ", ".join(self.parameters) or "no parameters"
        return f"Evaluator({self.family}: {free}; memory {self.memory})"

    def __getstate__(self) -> dict[str, Any]:
        return {x.name: getattr(self, x.name) for x in fields(self)}  # without machine code

    def __call__(
        self, lam: Any, *, target: Target = "numba", digits: int = 30, **values: Any
    ) -> Any:
        """Return s at eigenvalues ``lam`` > 0 for given parameters.

        It is inf where P - lambda Q is not strictly Schur: the noise has no bound there. The first
        call compiles, for a tenth of a second; what it compiled is kept on disk. Floats do not
        underflow if magnitudes of all parameters and eigenvalues are between 1e-70 and 1e70.

        Parameters
        ----------
        lam : number or array
            Eigenvalues.
        target : str
            ``"numba"`` (machine code) and ``"numpy"``: arrays of float64, which are broadcast.
            ``"mpmath"``: single numbers with ``digits`` digits. ``"ball"``: a `Ball` that encloses
            the exact value, for single numbers or arrays. ``"exact"``: a Fraction for rational
            numbers.
        digits : int
            Of mpmath's numbers, at least 15.
        **values
            The parameters.

        Raises
        ------
        InputError
            If a parameter is unknown, missing or one of ``exceptions``, an eigenvalue is not
            positive, or the target does not exist.

        Examples
        --------
        >>> heavy_ball = evaluator("heavy-ball")
        >>> heavy_ball([1, 40], learning_rate=0.1, momentum=0.9)
        array([0.51351351,        inf])
        >>> heavy_ball(1, target="exact", learning_rate="0.1", momentum="0.9")
        Fraction(19, 37)
        """
        given = self._given(values)
        if target in ("numba", "numpy"):
            return self._on_arrays(lam, given, target)
        if target == "ball":
            return self._as_ball(lam, given)
        if target == "exact":
            return self._exactly(lam, given)
        if target == "mpmath":
            return self._in_mpmath(lam, given, whole(digits, "digits", 15))
        raise InputError(f"target must be one of {', '.join(TARGETS)}, got {shown(target)}")

    def noise_sums(
        self,
        spectrum: Any,
        *,
        target: SumTarget = "numba",
        threads: int | None = None,
        **values: Any,
    ) -> Any:
        r"""Return :math:`\sum_k s_{\lambda_k}` for arrays of parameters, with proven bounds.

        By the machine code of maps, over the few nodes that a long spectrum is compressed to. A sum
        is inf where the noiseless part is unstable at some eigenvalue, or the trace is infinite,
        and NaN where the bounds leave that open: within rounding of the boundary, or where only the
        nodes are given.

        Parameters
        ----------
        spectrum : Spectrum, CompressedSpectrum or array of shape (N,)
        target : str
            ``"numba"``: arrays of float64. ``"cuda"``: the same from a GPU, or from Numba's
            simulator. ``"ball"``: a `Ball` that encloses the exact sums for these very floats.
        threads : int, optional
            By default as many as there are processors.
        **values
            The parameters, which are broadcast.

        Raises
        ------
        InputError
            As for a call, and for a bad spectrum.

        Examples
        --------
        >>> heavy_ball = evaluator("heavy-ball")
        >>> heavy_ball.noise_sums([1, 0.5], learning_rate=[0.1, 9], momentum=0.9)
        array([0.76684685,        inf])
        >>> sums = heavy_ball.noise_sums([1, 0.5], target="ball", learning_rate=0.1, momentum=0.9)
        >>> float(sums.rad) < 1e-12
        True
        """
        if target not in SUM_TARGETS:
            raise InputError(f"target must be one of {', '.join(SUM_TARGETS)}, got {shown(target)}")
        threads = None if threads is None else whole(threads, "threads", 1)
        arrays = broadcast(self._given(values), self.parameters)
        shape = arrays[0].shape if arrays else ()
        rows = np.array([array.ravel() for array in arrays]).reshape(len(arrays), math.prod(shape))
        if not isinstance(spectrum, Spectrum | CompressedSpectrum):
            spectrum = Spectrum(spectrum)
        if isinstance(spectrum, Spectrum) and spectrum.is_held:
            raise InputError("spectrum must have no weight decay for the sums of an evaluator")
        device = chosen_device("cuda" if target == "cuda" else "cpu")
        found = family_sums(self.forms, rows, spectrum, device, threads)
        mid = found.mid.reshape(shape)
        if target == "ball":
            return Ball(mid, found.rad.reshape(shape))
        return mid if shape else float(mid)

    @cached_property
    def scalar(self) -> Callable[..., float]:
        """The function of (lam, parameters in order), compiled by Numba for use in other code."""
        from numba import njit

        scope: dict[str, Any] = {}
        exec(self.source(), scope)
        signature = f"f8({', '.join(['f8'] * (1 + len(self.parameters)))})"
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
        return njit(signature, **options)(scope["summand"])

    def source(self, compiled: bool = False) -> str:
        """Return Python source of the summand: plain, or with Numba's decorators."""
        return summand_source(self.program, self.parameters, self.shifted, compiled)

    def _given(self, values: Mapping[str, Any]) -> list[Any]:
        for name in values:
            if name not in self.parameters:
                known = ", ".join(self.parameters)
                raise InputError(
                    f"unknown parameter {shown(name)} of {self.family}: it has {known}"
                )
        missing = [name for name in self.parameters if name not in values]
        if missing:
            raise InputError(f"{self.family} needs a value for {', '.join(missing)}")
        for name, special in self.exceptions.items():
            for value in special:
                if np.any(real_array(values[name], name) == float(value)):
                    raise InputError(
                        f"{self.family} is another algorithm at {name}={value}: make an evaluator "
                        f"with {name}={value} fixed"
                    )
        return [values[name] for name in self.parameters]

    def _on_arrays(self, lam: Any, given: list[Any], target: str) -> Any:
        arrays = broadcast((lam, *given), (EIGENVALUE, *self.parameters))
        if not (arrays[0] > 0).all():
            raise InputError("lam must be positive")
        if target == "numpy":
            with np.errstate(all="ignore"):
                found = self._numpy_function(*arrays)
        else:
            rows = np.array([array.ravel() for array in arrays])
            out = np.empty((1, rows.shape[1]))
            load_code(self._kernel).summands(rows, out)
            found = out.reshape(arrays[0].shape)
        return found if found.shape else float(found)

    @cached_property
    def _kernel(self) -> str:
        return kernel_source(self.program, self.parameters, self.shifted)

    @cached_property
    def _numpy_function(self) -> Callable[..., Array]:
        scope: dict[str, Any] = {}
        exec(array_source(self.program, self.parameters, self.shifted), scope)
        return scope["summands"]  # type: ignore[no-any-return]

    def _run(self, lam: Any, given: list[Any]) -> tuple[Any, list[Any]]:
        values = dict(zip((EIGENVALUE, *self.parameters), (lam, *given), strict=True))
        share, *pivots = wanted(self.program.run(values), self.shifted)
        return share, pivots

    def _read(self, read: Callable[[Any, str], Any], lam: Any, given: list[Any]) -> list[Any]:
        names = (EIGENVALUE, *self.parameters)
        return [read(x, name) for x, name in zip((lam, *given), names, strict=True)]

    def _exactly(self, lam: Any, given: list[Any]) -> Any:
        numbers = self._read(as_scalar, lam, given)
        if any(map(is_symbolic, numbers)):
            raise InputError("the target 'exact' takes rational numbers only")
        return self._single(numbers, math.inf)

    def _in_mpmath(self, lam: Any, given: list[Any], digits: int) -> Any:
        import mpmath

        with mpmath.workdps(digits):
            return self._single(self._read(mpmath_number, lam, given), mpmath.inf)

    def _single(self, numbers: list[Any], infinity: Any) -> Any:
        """Return s for single numbers, the eigenvalue before the parameters."""
        lam, *given = numbers
        if not lam > 0:
            raise InputError(f"lam must be positive, got {shown(lam)}")
        try:
            share, pivots = self._run(lam, given)
        except ZeroDivisionError:
            return infinity
        return lam * share if all(pivot > 0 for pivot in pivots) else infinity

    def _as_ball(self, lam: Any, given: list[Any]) -> Ball:
        eigenvalue, *numbers = self._read(ball, lam, given)
        if not (eigenvalue.lower > 0).all():
            raise InputError("lam must be positive")
        share, pivots = self._run(eigenvalue, numbers)
        found = eigenvalue * share
        good = np.logical_and.reduce(np.broadcast_arrays(*(pivot.lower > 0 for pivot in pivots)))
        bad = np.logical_or.reduce(np.broadcast_arrays(*(pivot.upper <= 0 for pivot in pivots)))
        mid = np.where(good, found.mid, np.where(bad, np.inf, np.nan))
        return Ball(mid, np.where(good, found.rad, np.where(bad, 0.0, np.inf)))


def evaluator(
    family: FamilyLike, parameters: Sequence[str] | None = None, **fixed: Any
) -> Evaluator:
    """Compile the noise summand of a family: one program for all values of its parameters.

    Parameters
    ----------
    family : function or str
        A constructor such as `heavy_ball`, any function of named parameters that returns an
        `Algorithm` and accepts symbols, or a command-line name.
    parameters : sequence of str, optional
        Those that stay free, by default all that have no default value.
    **fixed
        The values of others.

    Raises
    ------
    InputError
        If the family or a parameter is unknown, or the family is not one rational function of its
        parameters.

    Examples
    --------
    >>> evaluator("qhm", nu="0.7").parameters
    ('learning_rate', 'momentum')
    >>> evaluator("torch-sgd", ["learning_rate", "momentum"]).exceptions
    {}
    """
    constructor = find_family(family)
    name = constructor.name
    free = _free_parameters(constructor, parameters, fixed)
    build = constructor.varying(free, fixed)
    algorithm, special = member_and_branches(build)
    strange = {str(symbol) for symbol in algorithm.free_symbols} - {*free}
    if strange:
        raise InputError(f"{name} has symbols that are no parameters: {', '.join(sorted(strange))}")
    usual = {name: Fraction(2 * k + 3, 4 * k + 11) for k, name in enumerate(free)}
    try:
        require_no_shrink(algorithm, NO_SHRINK)
        coefficients = coefficient_program(algorithm, free)
        shifted = algorithm.half_plane_form.shifted
        program = joined_program(coefficients, algorithm.memory, shifted)
    except ZeroDivisionError:
        raise InputError(f"{name} has Q = 0: it never moves") from None
    tried = {name: _TRIED for name in free}
    exceptions = special_values(
        build, algorithm, coefficients, usual, special.values, special.curves, tried
    )
    if exceptions is None:
        raise InputError(f"{name} is not one algorithm for all its parameters")
    return Evaluator(
        family=name,
        parameters=tuple(free),
        memory=algorithm.memory,
        program=program,
        shifted=shifted,
        forms=FamilyProgram.of(tuple(free), algorithm.memory, coefficients),
        exceptions=exceptions,
    )


def _free_parameters(
    constructor: Family[...], parameters: Sequence[str] | None, fixed: Mapping[str, Any]
) -> list[str]:
    if isinstance(parameters, str):
        raise InputError(f"parameters must be a list of names, got {shown(parameters)}")
    free = constructor.missing(fixed) if parameters is None else [*parameters]
    for name in free:
        if not name.isidentifier() or free.count(name) > 1 or name in _RESERVED:
            raise InputError(
                f"a parameter of an evaluator needs a name of its own other than "
                f"{', '.join(_RESERVED)}, got {shown(name)}"
            )
    return free
