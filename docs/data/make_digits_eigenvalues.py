"""Write digits_eigenvalues.csv, the spectrum of scikit-learn's digits."""

from __future__ import annotations

from pathlib import Path

from sgdmem import Problem

HEADER = """\
# Eigenvalues of X^T X / n, largest first, for the {rows} images of scikit-learn's digits,
# pixels divided by 16, not centred; {dropped} zero eigenvalues (always blank pixels) dropped.
# Made by make_digits_eigenvalues.py.
eigenvalue
"""


def digits_eigenvalues() -> str:
    """Return the text of the file."""
    from sklearn.datasets import load_digits

    X = load_digits().data / 16
    problem = Problem.from_data(X)
    rows = "".join(f"{value:.17g}\n" for value in problem.spectrum.eigenvalues)
    return HEADER.format(rows=len(X), dropped=problem.dropped) + rows


if __name__ == "__main__":
    path = Path(__file__).with_name("digits_eigenvalues.csv")
    path.write_text(digits_eigenvalues())
    print(f"wrote {path}")
