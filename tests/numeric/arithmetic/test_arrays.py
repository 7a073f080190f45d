"""Arrays of any library, told by what their objects can do."""

from __future__ import annotations

import collections
import subprocess
import sys
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import scipy.sparse
import sympy

from sgdmem import InputError, Noise, Problem, Spectrum, fit_power_law, simulate, stability
from sgdmem.methods import heavy_ball
from sgdmem.numeric.arithmetic.arrays import as_array, precision, read_reals, read_vector


class Tensor:
    """What PyTorch's tensors do, as far as it matters."""

    def __init__(self, values: Any, dtype: str = "float32", grad: bool = True, sparse: bool = True):
        self.values, self.dtype, self.grad, self.sparse = np.asarray(values), dtype, grad, sparse
        self.shape = self.values.shape

    def _with(self, **changes: Any) -> Tensor:
        now = {"dtype": self.dtype, "grad": self.grad, "sparse": self.sparse, **changes}
        return Tensor(self.values, **now)

    def detach(self) -> Tensor:
        return self._with(grad=False)

    def to_dense(self) -> Tensor:
        return self._with(sparse=False)

    def float(self) -> Tensor:
        return self._with(dtype="float32")

    def numpy(self, force: bool = False) -> Any:
        if self.dtype == "bfloat16" or self.sparse or (self.grad and not force):
            raise TypeError("not for NumPy")
        return self.values.astype(self.dtype)

    def __iter__(self) -> Any:
        return (Tensor(x, self.dtype, self.grad, False) for x in self.values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("call detach first")


class Exchanged:
    """What is known by DLPack alone."""

    def __init__(self, values: Any) -> None:
        self.values, self.shape = values, values.shape

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()


class Table:
    """What tables of polars do."""

    def __init__(self, values: Any, dtypes: list[str]) -> None:
        self.values, self.dtypes, self.shape = values, dtypes, values.shape

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.values


X = np.array([[1.0, 2.0], [3.0, 5.0], [0.5, 0.25]])


@pytest.mark.parametrize(
    "given",
    [
        Tensor(X),
        Tensor(X, "bfloat16"),
        [Tensor(row, sparse=False) for row in X],
        Exchanged(X),
        Table(X, ["Float64", "Float64"]),
        X.astype(complex),
        np.ma.array(X, mask=False),
        scipy.sparse.csr_array(X),
        scipy.sparse.csr_matrix(X),
        sympy.Matrix(X),
        mpmath.matrix(X.tolist()),
        flint.arb_mat(X.tolist()),
        [[flint.arb(x) for x in row] for row in X.tolist()],
        [[str(x) for x in row] for row in X.tolist()],
    ],
)
def test_matrices_of_other_libraries(given: Any) -> None:
    assert read_reals(given, "X").tolist() == X.tolist()
    expected = Problem.from_data(X).spectrum.eigenvalues
    assert Problem.from_data(given).spectrum.eigenvalues == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_lists_of_other_libraries(dtype: str) -> None:
    values = np.array([4.0, 2.0])
    tensor, column = Tensor(values, dtype), Tensor(values[:, None], dtype)
    square = np.array([[1.0, 2], [2, 1]])
    start = [Tensor(2.0, sparse=False), 1]
    for same in (tensor, column, values.astype(complex), values[:, None], [[4], [2]], (4, "2")):
        assert Spectrum(same) == Spectrum([4, 2])
        assert Spectrum([1, 1], same) == Spectrum([1, 1], [4, 2])
        assert Problem(Spectrum([1, 1]), target=same).target is not None
        assert Noise(1, same) == Noise(1, [4, 2])
        by_labels = Problem.from_data(square, same, start=same)
        assert by_labels.target == Problem.from_data(square, [4, 2], start=[4, 2]).target
    assert Noise.coupled(Tensor(square)) == Noise.coupled(square)
    assert len(start) == 2


@pytest.mark.parametrize(
    "given",
    [
        {1: 2},
        collections.Counter([1]),
        {1, 2},
        frozenset([1]),
        np.ma.array([1.0, 2], mask=[False, True]),
    ],
)
def test_what_has_no_order_or_no_values(given: Any) -> None:
    calls: list[Any] = [
        lambda v: Spectrum([1, 2], v),
        lambda v: Noise(1, v),
        lambda v: Problem(Spectrum([1, 2]), target=v),
        lambda v: Problem.from_data([[1, 2], [2, 1]], v),
        Problem.from_data,
        Noise.coupled,
    ]
    for call in calls:
        with pytest.raises(InputError):
            call(given)
    if not isinstance(given, dict):
        with pytest.raises(InputError):
            Spectrum(given)


def test_dictionaries_are_multiplicities() -> None:
    assert Spectrum(sympy.Matrix([[2, 1], [1, 2]]).eigenvals()) == Spectrum([3, 1])
    assert Spectrum(sympy.eye(3).eigenvals()) == Spectrum([1], [3])
    assert Spectrum(collections.Counter([4, 1, 4])) == Spectrum([4, 1], [2, 1])
    with pytest.raises(InputError, match="where weights are given"):
        Spectrum({1: 2}, [1])


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    assert read_reals(frame, "X").tolist() == X.tolist()
    assert read_reals(frame.astype("Float64"), "X").tolist() == X.tolist()
    assert precision(frame.astype({"a": np.float32})) == 2**-23
    assert Spectrum(frame[["a"]]) == Spectrum(X[:, 0])
    holes = frame.astype("Float64")
    holes.loc[1, "b"] = None
    with pytest.raises(InputError, match=r"data\[1, 1\] must be"):
        Problem.from_data(holes)
    with pytest.raises(InputError, match=r"data\[0, 0\] must be a number .*got 'x'"):
        Problem.from_data(frame.assign(a=["x", "y", "z"]))


def test_real_tensors() -> None:
    torch = pytest.importorskip("torch")
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        tensor = torch.tensor(X, dtype=dtype, requires_grad=True)
        assert read_reals(tensor, "X").tolist() == X.tolist()
        assert precision(tensor) == max(torch.finfo(dtype).eps, 2**-52)
    assert read_reals(torch.tensor(X).to_sparse(), "X").tolist() == X.tolist()


def test_imaginary_parts_are_named() -> None:
    with pytest.raises(InputError, match=r"data must be real, but data\[1, 0\] is 3\+1j"):
        Problem.from_data([[1, 2], [3 + 1j, 5]])
    with pytest.raises(InputError, match=r"eigenvalues\[1\] must be real"):
        Spectrum([1, 1j])
    with pytest.raises(InputError, match=r"finite, but data\[1, 0\] is nan"):
        Problem.from_data([[1, 2], [float("nan"), 5]])
    with pytest.raises(InputError, match="got shape"):
        read_vector(X, "y")
    with pytest.raises(InputError, match="array of numbers"):
        as_array([[1, 2], [3]], "X")


def test_eigenvalues_may_be_intervals() -> None:
    spectrum = Spectrum([flint.arb("0.1"), mpmath.mpi(1, 1 + 1e-12)])
    assert spectrum.eigenvalues == pytest.approx([0.1, 1])
    assert spectrum.radii == pytest.approx([1e-17, 5e-13], rel=1)
    # stable below 38, whichever number in the interval it is
    method = heavy_ball("0.1", "0.9")
    for low, high, stable in ((-2, -1, True), (-1, 1, None), (1, 2, False)):
        around = mpmath.mpi(38 + low * 1e-9, 38 + high * 1e-9)
        assert stability(method, Spectrum([around])).stable is stable
    with pytest.raises(InputError, match=r"relative 1e-09, but one is 1.5 \+- 0.5"):
        Spectrum([mpmath.mpi(1, 2)])
    with pytest.raises(InputError, match="must be positive"):
        Spectrum([mpmath.mpi(-1, 2)])
    with pytest.raises(InputError, match="one number, got the interval"):
        Noise(mpmath.mpi(1, 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_ranks_are_those_of_the_precision_that_data_came_in(
    dtype: Any, rng: np.random.Generator
) -> None:
    exact = rng.normal(size=(200, 5)) * [5, 3, 2, 1.5, 1] @ rng.normal(size=(5, 20))
    rounded = exact.astype(dtype)
    problem = Problem.from_data(rounded)
    assert (len(problem.spectrum), problem.dropped) == (5, 15)
    assert Problem(problem.spectrum, Noise.sampled(rounded)).noise.by_mode
    expected = fit_power_law(Problem.from_data(exact).spectrum).exponent
    assert fit_power_law(problem.spectrum).exponent == pytest.approx(expected, rel=1e-2)
    w = rng.normal(size=20).astype(dtype)
    learnt = Problem.from_data(rounded, rounded @ w)
    assert simulate(heavy_ball(1e-4, 0), learnt, 4, 2).losses.shape[-1] == 3
    H = rounded.T.astype(dtype) @ rounded if dtype is np.float32 else exact.T @ exact / 1000
    hessian = Problem.from_hessian(H.astype(dtype))
    assert (len(hessian.spectrum), hessian.dropped) == (5, 15)


def test_integers_and_doubles_are_exact() -> None:
    assert precision(Table(X, ["Float64", "Float32"])) == precision(Tensor(X)) == 2**-23
    assert precision(Tensor(X, "torch.bfloat16")) == 2**-7
    assert precision([[1, 2]]) == precision(np.ones((2, 2), np.uint8)) == 2**-52
    assert precision([np.ones(2, np.float16)]) == 2**-10
    assert precision([Fraction(1, 3)]) == precision([]) == 2**-52
    assert Problem.from_data(np.array([[1, 0], [1, 1e-9]])).dropped == 0
    assert Problem.from_data(np.array([[1, 0], [1, 1e-9]], np.float32)).dropped == 1


def test_no_library_is_imported_to_recognise_its_arrays() -> None:
    code = (
        "import sys, sgdmem; sgdmem.Spectrum([1, 2]); sgdmem.Noise(1, [1, 2]);"
        "print([m for m in ('torch', 'jax', 'pandas', 'polars', 'scipy.sparse')"
        " if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
