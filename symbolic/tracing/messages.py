"""What is said of an update function that fails: one line that names its own."""

from __future__ import annotations

import traceback

from sgdmem.symbolic.algorithms.parameters import known_letters
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.tracing.signature import UpdateFunction, source_of
from sgdmem.symbolic.tracing.traced_number import FUNCTION, TracedNumber
from sgdmem.symbolic.tracing.vectors import IN_PLACE, TracedGradient, TracedVector

_NAMES = {*known_letters(), "lr", "eta"}  # of parameters, where a vector has one
_CALLED = {TracedVector: "a vector", TracedNumber: "a parameter", TracedGradient: "the gradient"}
_TUPLE = (
    "a buffer of several vectors is a tuple, which does not change: return a new one, as in "
    "(g, *past[:-1])"
)


def failed(update: UpdateFunction, error: Exception) -> InputError:
    """Return what is raised for an error in a run: where it was, and why."""
    return InputError(f"{_where(update, error)}: {_why(error)}{unstarred(update)}")


def unstarred(update: UpdateFunction) -> str:
    """Say where parameters go if some seem to be among the vectors."""
    named = set(update.vectors) & _NAMES
    if update.parameters and not named:
        return ""
    return f" (its vectors are {', '.join(update.vectors)}; parameters go after a *)"


def _where(update: UpdateFunction, error: Exception) -> str:
    """Return the function and, where it is known, the line in which an error came up."""
    code = getattr(source_of(update.function), "__code__", None)
    lines = [
        line for frame, line in traceback.walk_tb(error.__traceback__)
        if code is not None and frame.f_code.co_filename == code.co_filename
    ]  # fmt: skip
    return f"{update.name}, line {lines[-1]}" if lines else update.name


def _why(error: Exception) -> str:
    text = str(error)
    if isinstance(error, InputError):
        return text
    if isinstance(error, AttributeError) and (missing := _missing(error)):
        return missing
    if "truth value" in text:  # SymPy's, of a comparison of expressions
        return "a parameter decides what is done: a step is the same at every value of it"
    if "'tuple' object does not support item" in text:
        return _TUPLE
    if isinstance(error, ZeroDivisionError):
        return "it divides by 0"
    for kind, name in _CALLED.items():
        for known in (f"'{kind.__name__}' object", f"'{kind.__name__}'", kind.__name__):
            text = text.replace(known, name)
    return f"{type(error).__name__}: {text}"


def _missing(error: AttributeError) -> str | None:
    """Say what is asked of something traced that does not have it."""
    name = str(error.name)
    if isinstance(error.obj, tuple) and hasattr(list, name):
        return _TUPLE
    if isinstance(error.obj, TracedVector):
        if name.endswith("_"):
            return IN_PLACE.format(name)
        return (
            f"a vector is asked for its {name}: a step adds vectors and multiplies them by numbers"
        )
    if isinstance(error.obj, TracedNumber):
        return FUNCTION.format(f"a parameter is asked for its {name}, or")
    return None
