"""Speed and accuracy of the machine code of noise summands and maps, beside those of others.

``python -m benchmarks.evaluators`` prints all tables in Markdown, in less than ten minutes, with
``--quick`` smaller ones in less than two. It takes a C compiler (``cc``, or the one named by
``CC``).
"""

from __future__ import annotations

import os
import sys

# An OpenMP thread that waits busily would take its core from whatever is measured next.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from benchmarks import machine, maps, near_boundary, summands

SUBJECTS = {
    "One summand of any algorithm": summands,
    "Accuracy near the stability boundary": near_boundary,
    "Maps": maps,
}


def main() -> None:
    if not {*sys.argv[1:]} <= {"--quick"}:
        sys.exit("usage: python -m benchmarks.evaluators [--quick]")
    print(machine.description())
    for title, subject in SUBJECTS.items():
        print(f"\n## {title}\n\n{subject.report(quick='--quick' in sys.argv)}", flush=True)


if __name__ == "__main__":
    main()
