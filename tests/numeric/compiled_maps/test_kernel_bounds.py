"""Machine code of maps, as plain Python and compiled: its bounds against exact fractions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import judge_source
from sgdmem.numeric.compiled_maps.machine_code_of_verdicts import finish_source
from tests.numeric.compiled_maps.judge_checks import check_judge
from tests.numeric.compiled_maps.operation_checks import (
    OPERATIONS,
    check_operation,
    operation_source,
)
from tests.numeric.compiled_maps.plain_kernels import Kernel, function_of, tree_of
from tests.numeric.compiled_maps.verdict_checks import check_finish

# the source of each kernel, the name of its function, and its check
KERNELS: dict[str, tuple[str, str, Callable[[Kernel], None]]] = {
    **{x: (operation_source(x), "operation", partial(check_operation, x)) for x in OPERATIONS},
    **{
        f"judge of memory {memory}{', damped' * damped}": (
            judge_source(memory, damped), "judge", partial(check_judge, memory, damped)
        )
        for memory, damped in ((0, True), (1, False), (1, True), (2, True))
    },
    "verdicts": (finish_source(), "finish", check_finish),
}  # fmt: skip


@pytest.mark.parametrize("name", KERNELS)
def test_bounds_of_kernels(name: str) -> None:
    source, function, check = KERNELS[name]
    check(function_of(tree_of(source), function))
    if "@machine_code" in source:
        check(getattr(load_code(source), function))
