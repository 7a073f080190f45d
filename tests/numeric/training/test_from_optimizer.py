"""What is no linear method is refused by name, before anything is asked of it."""

from __future__ import annotations

import pytest

from sgdmem.errors import InputError

torch = pytest.importorskip("torch")
from sgdmem.numeric.training.refused_optimizers import REFUSED  # noqa: E402
from sgdmem.training import from_optimizer  # noqa: E402

OF_TORCH = [name for name in REFUSED if hasattr(torch.optim, name.rpartition(".")[2])]


@pytest.mark.parametrize("name", OF_TORCH)
def test_each_refusal_names_the_class_and_what_to_ask(name: str) -> None:
    weights = torch.nn.Parameter(torch.zeros(2, 2))
    optimizer = getattr(torch.optim, name.rpartition(".")[2])([weights])
    with pytest.raises(InputError) as caught:
        from_optimizer(optimizer)
    said = str(caught.value)
    assert said == f"{name} is not a linear method: {REFUSED[name]}"
    assert "ask about" in said and "\n" not in said


def test_most_of_torch_is_known_one_way_or_the_other() -> None:
    assert len(OF_TORCH) >= 7
    known = {"SGD", "Adam", "AdamW", "Adamax", "RMSprop", "Adagrad", "Adadelta"}
    every = {
        x.__name__
        for x in vars(torch.optim).values()
        if isinstance(x, type) and issubclass(x, torch.optim.Optimizer)
    }
    assert every - known - {name.rpartition(".")[2] for name in REFUSED} == {"Optimizer"}
