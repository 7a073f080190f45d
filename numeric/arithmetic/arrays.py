"""Arrays and lists of any library as NumPy arrays, and the precision in which they came.

PyTorch, JAX, pandas, polars, SciPy and SymPy are told by what their objects can do: none of them is
imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.symbolic.algebra.scalars import is_list, to_float
from sgdmem.symbolic.errors import InputError, shown

EPS = float(np.finfo(float).eps)
_COARSE = {  # spacing of the numbers at 1, by the end of the type's name
    "float8_e5m2": 2.0**-2,
    "float8_e4m3fn": 2.0**-3,
    "bfloat16": 2.0**-7,
    "float16": 2.0**-10,
    "float32": 2.0**-23,
    "complex64": 2.0**-23,
}


def distinct(values: Array) -> Array:
    """Return the different values of an array of numbers, in ascending order.

    As `numpy.unique`, which imports masked arrays for it.

    Examples
    --------
    >>> distinct(np.array([2.0, 1.0, 2.0]))
    array([1., 2.])
    """
    ascending = np.sort(values, axis=None)
    is_new = np.append(True, ascending[1:] != ascending[:-1])[: ascending.size]
    return np.asarray(ascending[is_new])


def precision(values: Any) -> float:
    """Return the relative spacing of the numbers that values came in, eps of their type.

    Numbers that are no array's have that of double precision, integers and exact ones too.

    Examples
    --------
    >>> precision(np.ones(3, np.float32)), precision([[1, 2]])
    (1.1920928955078125e-07, 2.220446049250313e-16)
    """
    if isinstance(values, (list, tuple)):
        return precision(values[0]) if values else EPS
    single = getattr(values, "dtype", None)
    columns = getattr(values, "dtypes", ()) if single is None else [single]  # of a table
    types = list(columns) if columns is not None else []
    names = [str(kind).lower() for kind in types]
    return max(
        (eps for end, eps in _COARSE.items() for name in names if name.endswith(end)), default=EPS
    )


def as_array(values: Any, name: str) -> Array:
    """Return values of any library as a NumPy array of some type.

    Tensors are detached, taken to the CPU and, like sparse matrices, made dense.

    Raises
    ------
    InputError
        For dictionaries, sets, masked entries, lists that are no array, and what is not dense.
    """
    if isinstance(values, (Mapping, Set)):
        raise InputError(f"{name} must be a list or an array, got {shown(values)}")
    if np.ma.is_masked(values):
        raise InputError(f"{name} must not have masked entries: drop or fill them")
    try:
        return _as_array(values)
    except Exception as error:  # each library has its own
        raise InputError(
            f"{name} must be an array of numbers, got {shown(values)} ({shown(str(error))[1:-1]})"
        ) from None


def _as_array(values: Any) -> Array:
    if hasattr(values, "detach"):
        tensor = values.detach().to_dense()
        try:
            return np.asarray(tensor.numpy(force=True))
        except TypeError:  # NumPy has no such type, bfloat16
            return np.asarray(tensor.float().numpy(force=True))
    for dense in ("toarray", "todense"):
        if hasattr(values, dense):
            return np.asarray(getattr(values, dense)())
    if isinstance(values, (list, tuple)) and any(hasattr(entry, "detach") for entry in values):
        return np.array([_as_array(entry) for entry in values])
    if not hasattr(values, "__array__"):
        if hasattr(values, "tolist"):  # matrices of mpmath and FLINT
            values = values.tolist()
        elif hasattr(values, "__dlpack__"):
            return np.from_dlpack(values)
    return np.asarray(values)


def real_array(values: Any, name: str, first: int = 0) -> Array:
    """Return real numbers of any kind as float64, finite or not.

    Messages count entries as those of a whole of which these are the rows from ``first`` on.

    Raises
    ------
    InputError
        For anything else; complex numbers may have the imaginary part zero.
    """
    array = _real_part(as_array(values, name), name, first)
    if array.ndim == 0 and array.dtype.kind == "b":  # many of them are labels
        raise InputError(f"{name} must be a number, got {shown(values)}")
    if array.dtype.kind in "fiub" or array.dtype.name in _COARSE:
        with np.errstate(over="ignore"):
            return array.astype(np.float64)
    if array.dtype.kind not in "OU":
        raise InputError(f"{name} must hold real numbers, got {shown(values)}")
    entries = zip(array.ravel().tolist(), np.ndindex(array.shape), strict=True)
    found = [to_float(number(x, _entry(name, place, first))) for x, place in entries]
    return np.array(found, dtype=float).reshape(array.shape)


def read_reals(values: Any, name: str, first: int = 0) -> Array:
    """Return an array of finite floats, see `real_array`; InputError for anything else."""
    array = real_array(values, name, first)
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(np.argwhere(bad)[0].tolist())
        raise InputError(
            f"{name} must be finite, but {_entry(name, place, first)} is {array[place]}"
        )
    return array


def read_vector(values: Any, name: str) -> Array:
    """Return the finite floats of a list, or of a matrix that is a single column."""
    if not is_list(values):
        raise InputError(f"{name} must be a list of numbers, got {shown(values)}")
    return _column(read_reals(values, name), name)


def require_generator(rng: Any) -> np.random.Generator:
    """Return a generator of random numbers; InputError for anything else."""
    if not isinstance(rng, np.random.Generator):
        raise InputError(f"rng must be a generator of numpy.random, got {shown(rng)}")
    return rng


def read_list(
    values: Any, name: str, entry: Callable[[Any, str], tuple[Fraction, Fraction]]
) -> Ball:
    """Return the finite numbers of a list exactly, as balls.

    Parameters
    ----------
    values, name
        A list, or a matrix that is a single column, and what to call it.
    entry
        Reads a number that is no float, see `sgdmem.numeric.arithmetic.inputs.enclosure`.

    Raises
    ------
    InputError
        For anything else, and numbers beyond the range of floats.
    """
    found = list_entries(values, name)
    if isinstance(found, np.ndarray) and (found.dtype.kind == "f" or (found < 2**53).all()):
        with np.errstate(over="ignore"):
            mid = found.astype(np.float64)
        ball = Ball(mid, _distances(found, mid))
    else:
        exact = [entry(value, _entry(name, (i,))) for i, value in enumerate(found)]
        ball = Ball.exactly(*zip(*exact, strict=True)) if exact else Ball(np.empty(0), np.empty(0))
    beyond = ~np.isfinite(ball.mid) | ((ball.mid == 0) & (ball.rad > 0))
    if beyond.any():
        index = int(beyond.argmax())
        raise InputError(
            f"{_entry(name, (index,))} must be finite and within the range of floating-point "
            f"numbers, got {shown(found[index])}"
        )
    return ball


def list_entries(values: Any, name: str) -> Any:
    """Return the entries of a list or a single column: an array of floats or ints, or a list."""
    if not is_list(values):
        raise InputError(f"{name} must be a list of numbers, got {shown(values)}")
    if not hasattr(values, "shape"):
        values = list(values)
        if not any(map(is_list, values)) and set(map(type, values)) != {float}:
            return values  # numbers of several kinds, each as it is
    array = _real_part(_column(as_array(values, name), name), name)
    if array.dtype.name in _COARSE:
        array = array.astype(np.float64)
    return array if array.dtype.kind in "fiu" else array.tolist()


def _column(array: Array, name: str) -> Array:
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim != 1:
        raise InputError(f"{name} must be a list of numbers, got shape {array.shape}")
    return array


def _real_part(array: Array, name: str, first: int = 0) -> Array:
    if array.dtype.kind != "c":
        return array
    if array.imag.any():
        place = tuple(np.argwhere(array.imag)[0].tolist())
        entry = _entry(name, place, first)
        raise InputError(f"{name} must be real, but {entry} is {array[place]:.3g}")
    return array.real


def _entry(name: str, place: tuple[int, ...], first: int = 0) -> str:
    place = (place[0] + first, *place[1:]) if place else place
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def _distances(values: Array, mid: Array) -> Array:
    """Return upper bounds of |values - mid|, zero except for floats longer than 64 bits."""
    if values.dtype.itemsize <= 8:
        return np.zeros(mid.size)
    gap = np.abs(values - mid)  # exact: the bits that mid had no room for
    return np.where(gap > 0, np.nextafter(gap.astype(np.float64), np.inf), 0.0)
