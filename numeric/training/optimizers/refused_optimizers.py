"""Optimizers that are no linear methods: why, and what can be asked instead."""

from __future__ import annotations

_FROZEN = "ask about torch.optim.AdamW, whose second moment is frozen"
_SIGNS = "its steps depend on the signs of gradients alone"

REFUSED: dict[str, str] = {  # by the class that defines the step
    "torch.optim.LBFGS": "its steps depend on products of gradients; ask about SGD for the edge "
    "of plain steps",
    "torch.optim.Rprop": f"{_SIGNS}; ask about SGD or frozen RMSprop",
    "torch.optim.ASGD": "its rate falls by a rule of its own and the average is kept aside; ask "
    "about SGD, or methods.averaging",
    "torch.optim.NAdam": f"its momentum changes at each step; {_FROZEN}",
    "torch.optim.RAdam": f"its rectified rate changes at each step; {_FROZEN}",
    "torch.optim.Adafactor": f"it divides by factored sizes of gradients and clips; {_FROZEN}",
    "torch.optim.SparseAdam": f"it moves the rows that have gradients alone; {_FROZEN}",
    "torch.optim.Muon": "it makes the momentum of each matrix orthogonal; ask about SGD with "
    "momentum",
    "torch.optim.Lion": f"{_SIGNS}; ask about SGD or frozen Adam",
    "schedulefree.AdamWScheduleFree": "it divides by sizes of gradients; ask about "
    "schedulefree.SGDScheduleFree, or frozen torch.optim.AdamW",
}
"""Names as in messages, and the reasons."""
