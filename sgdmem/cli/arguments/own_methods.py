"""Methods from files of one's own, named as FILE.py:FUNCTION or MODULE:FUNCTION."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sgdmem.symbolic.algorithms.family import Family


_NEEDED = ("numpy", "sympy", "mpmath", "scipy", "numba", "matplotlib", "xarray", "random")
_PLACES: list[str] = []  # files of one's own that were run


def own_method(name: str) -> Family[...]:
    """Run a file or a module, and return its method: a family, or a function that makes algorithms.

    Raises
    ------
    click.UsageError
        If there is no such file, module or function, or the code fails; it names the line.
    """
    from sgdmem.symbolic.algorithms.algorithm import Algorithm
    from sgdmem.symbolic.algorithms.constructors import as_family
    from sgdmem.symbolic.algorithms.family import Family
    from sgdmem.symbolic.errors import shown

    place, function = (name, "") if name.endswith(".py") else name.rsplit(":", 1)
    module = _run_file(Path(place)) if place.endswith(".py") else _run_module(place)
    _PLACES.append(str(getattr(module, "__file__", None) or place))
    found = getattr(module, function, None) if function else None
    vars(module).setdefault("print", _print_to_stderr)  # while a step is run
    if isinstance(found, Family):
        return found
    if callable(found) and not isinstance(found, type | Algorithm):
        family = as_family(found)
        if "gradient" in family.parameters:
            raise click.UsageError(f"{name} takes a gradient: write @sgdmem.method above it")
        return family
    methods = [key for key, x in vars(module).items() if isinstance(x, Family)]
    known = f"; its methods are {', '.join(methods)}" if methods else ""
    if not function:
        raise click.UsageError(f"{place} needs the name of a function: {place}:FUNCTION{known}")
    what = "no function" if found is None else "something, but no function,"
    what = f"{what} called {shown(function)}"
    raise click.UsageError(f"{place} has {what}{known}")


def _run_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise click.UsageError(f"there is no file {path}")
    path = path.resolve()
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    # a name that is taken, as that of a package, is left to what has it
    name = path.stem if _is_free(path.stem) else f"_own_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    for ours in _NEEDED:  # not to be taken from beside the file
        if (path.parent / f"{ours}.py").exists() or (path.parent / ours).is_dir():
            importlib.import_module(ours)
    sys.path.insert(0, str(path.parent))  # as Python does for a script
    sys.modules[name] = module
    with _told_in_a_line(str(path)):
        spec.loader.exec_module(module)
    return module


def _is_free(name: str) -> bool:
    """Whether no module has a name, nor a package that may be imported later."""
    if not name.isidentifier() or name in sys.modules:
        return False
    return importlib.util.find_spec(name) is None


def _run_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise click.UsageError(f"{name} is neither a file that ends in .py nor a module")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # as `python -m` does
    with _told_in_a_line(name):
        return importlib.import_module(name)


def _print_to_stderr(*values: Any, **options: Any) -> None:
    print(*values, **{"file": sys.stderr, **options})  # noqa: T201  what print does


@contextmanager
def _told_in_a_line(place: str) -> Iterator[None]:
    """Turn whatever fails in a file of one's own into a line that says where.

    What it prints goes to stderr: stdout has the answer, which a program may read.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except SystemExit:
        raise click.UsageError(
            f"{place} exits when it is run: put that under if __name__ == '__main__'"
        ) from None
    except SyntaxError as error:
        line = "" if error.lineno is None else f", line {error.lineno}"
        where = f"{error.filename or place}{line}"
        raise click.UsageError(f"{where}: {error.msg}") from None
    except Exception as error:
        from sgdmem.symbolic.errors import SgdmemError

        if isinstance(error, SgdmemError) and ", line " in str(error):
            raise click.UsageError(f"{place}: {error}") from None  # it has its line
        hint = _in_a_package(place) if "relative import" in str(error) else ""
        said = f"{_where(place, error)}: {type(error).__name__}: {error}{hint}"
        raise click.UsageError(said) from None


def _in_a_package(place: str) -> str:
    """Say how a file of a package is named as a module."""
    path = Path(place)
    names = [path.stem]
    while path.suffix and (path.parent / "__init__.py").exists():
        path = path.parent
        names.insert(0, path.name)
    return (
        f"; of a package name {'.'.join(names)}:FUNCTION, from {path.parent}" if names[1:] else ""
    )


def files_that_were_run() -> list[str]:
    """Return the files of one's own that were run."""
    return [place for place in _PLACES if place.endswith(".py")]


def failure_of_own(error: BaseException) -> str | None:
    """Return what is said of an error that came up in a method of one's own when it was called."""
    lines = [
        f"{frame.f_code.co_filename}, line {line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename in _PLACES
    ]
    what = "it exits" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
    return f"{lines[-1]}: {what}" if lines else None


def _where(place: str, error: BaseException) -> str:
    """Return the last line of the user's code that led to an error."""
    frames = [
        (frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [f"{file}, line {line}" for file, line in frames if _is_own_code(file)]
    return own[-1] if own else place


def _is_own_code(file: str) -> bool:
    here = str(Path(__file__).parents[1])
    return not (file.startswith((here, "<")) or os.sep + "importlib" + os.sep in file)
