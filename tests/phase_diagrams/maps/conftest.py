"""What tests of maps share."""

from __future__ import annotations

from typing import Any

import pytest

from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the places of the points of which single verdicts have been asked, as they come."""
    places: list[int] = []
    single = FamilyJudge.verdict

    def verdict(judge: FamilyJudge, points: Any, place: int) -> Any:
        places.append(place)
        return single(judge, points, place)

    monkeypatch.setattr(FamilyJudge, "verdict", verdict)
    return places
