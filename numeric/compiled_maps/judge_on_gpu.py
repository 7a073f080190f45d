"""Maps judged on a GPU: axes go there, and results stay there or come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.cuda import empty_on_device, flat_kernel, new_stream, to_device
from sgdmem.numeric.compilation.returning import Returning
from sgdmem.numeric.compilation.threads import pieces
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.machine_code_of_verdicts import finish_source
from sgdmem.numeric.compiled_maps.node_sums import GPU_PART, OnGpu
from sgdmem.numeric.compiled_maps.outcomes_on_gpu import OutcomesOnGpu
from sgdmem.numeric.compiled_maps.points import Outcomes
from sgdmem.numeric.spectra.compressed import CompressedSpectrum


def judge_on_gpu(
    program: FamilyProgram,
    spectra: Sequence[CompressedSpectrum],
    damped: bool,
    axes: tuple[Array, Array, Array],
    noise: tuple[Array, int],
    diverges: bool,
    found: Outcomes | OutcomesOnGpu,
    advance: Callable[[int], None],
) -> None:
    """Judge all points, and fill in ``found``, where it is.

    Parameters
    ----------
    program, diverges, advance
        As in `judge_compiled`.
    spectra, damped
        As in `evaluate_pieces`.
    axes
        Numbers, sizes and strides of `OwnAxes`.
    noise
        Rows tau1 / B, its radius, tau2 / B, its radius, and for how many points each holds.
    """
    size, stream = len(found), new_stream()
    room = min(size, GPU_PART)
    on_gpu = OnGpu(program, spectra, damped, room)
    spread, finish = (flat_kernel(finish_source(cuda=True), name) for name in ("spread", "finish"))
    there, shares = [to_device(part) for part in axes], to_device(noise[0])
    values, radii = (empty_on_device((axes[1].size, room)) for _ in range(2))
    sums, *wholes = found.results
    results = found if isinstance(found, OutcomesOnGpu) else Returning(wholes, room, stream)
    try:
        for piece in pieces(0, size, GPU_PART):
            members = piece.stop - piece.start
            given = *there, piece.start, values, radii, on_gpu.many
            spread(members, *given, stream=stream)
            rows = on_gpu.rows(members, values, radii, stream)
            told = shares, noise[1], piece.start, diverges, sums, *results.part(piece)
            finish(members, rows, *told, stream=stream)
            if isinstance(results, Returning):
                results.send(piece)
            advance(members)
        if isinstance(results, Returning):
            results.wait()
    finally:
        stream.synchronize()  # pinned memory is used again
