r"""The generalised Gauss-Newton matrix of a network, :math:`\frac1n\sum_iJ_i^TS_iJ_i`.

Products with vectors take a Jacobian-vector product forward and one back; its rows
:math:`L_iJ_i`, :math:`S_i=L_iL_i`, are made only where there is room for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.memory import require_memory
from sgdmem.numeric.compilation.progress import report_pass
from sgdmem.numeric.training.networks.network import Network

_AT_ONCE = 2**25  # numbers of Jacobians that are made together


@dataclass(frozen=True, eq=False)
class GaussNewton:
    """That of a network in the coordinates of its preconditioner.

    Attributes
    ----------
    network : Network
    root : tensor of shape (d,), or None
        The root of the preconditioner, by which gradients are multiplied; None where it is 1.
    """

    network: Network
    root: Any = None

    @cached_property
    def _factors(self) -> tuple[Any, Any]:
        """The roots L of the curvatures in the outputs, and the residuals e, of all samples."""
        network, found = self.network, []
        what = f"the curvatures of {network.outputs:,} outputs of {len(network):,} samples"
        size = 2.0 * len(network) * network.outputs**2 * network.dtype.itemsize  # and once joined
        require_memory(size, what, "fewer samples")
        for piece, _, targets in network.data.pieces(network.at_once, network.device):
            found.append(network.loss.roots(network.all_outputs[piece], targets))
        return torch.cat([L for L, _ in found]), torch.cat([e for _, e in found])

    @property
    def residuals(self) -> Array:
        """What is left of the labels in the units of the rows, shape (n, K).

        The gradient of sample i is its rows times these.
        """
        return np.asarray(self._factors[1].cpu().numpy(), dtype=float)

    def rows(self) -> Any:
        """Return all rows as a tensor of shape (n, K, d)."""
        n, K, d = len(self.network), self.network.outputs, self.network.size
        found = torch.empty(n, K, d, dtype=self.network.dtype, device=self.network.device)
        size = min(self.network.at_once, max(1, _AT_ONCE // (K * d)))
        for piece, inputs, _ in self.network.data.pieces(size, self.network.device):
            found[piece] = self._factors[0][piece] @ self._jacobians(inputs)
            report_pass((piece.stop - piece.start) / n)
        return found if self.root is None else found.mul_(self.root)

    def _jacobians(self, inputs: Any) -> Any:
        """Return the Jacobians of some samples, shape (m, K, d)."""
        network = self.network

        def single(parameters: Any, one: Any) -> Any:
            return network.outputs_at(_first_of(one), parameters)[0].reshape(-1)

        try:
            each = torch.func.vmap(torch.func.jacrev(single), in_dims=(None, 0))
            found = each(network.variables, inputs)
            return torch.cat([part.flatten(2) for part in found.values()], 2).detach()
        except (RuntimeError, NotImplementedError, ValueError):  # what vmap does not know
            outputs = network.outputs_at(inputs).flatten(1)
            parts = list(network.variables.values())
            made = [
                [
                    network.flat(
                        torch.autograd.grad(x, parts, retain_graph=True, allow_unused=True)
                    )
                    for x in sample
                ]
                for sample in outputs
            ]
            return torch.stack([torch.stack(rows) for rows in made]).detach()

    def forward(self, vector: Any, inputs: Any, piece: slice) -> Any:
        """Return the rows of some samples times a vector, shape (m, K)."""
        scaled = vector if self.root is None else vector * self.root
        tangent = self.network.shaped(scaled)
        outputs = self._forward(inputs, tangent).flatten(1)
        return (self._factors[0][piece] @ outputs[:, :, None])[:, :, 0]

    def _forward(self, inputs: Any, tangent: dict[str, Any]) -> Any:
        network = self.network

        def outputs(parameters: Any) -> Any:
            return network.outputs_at(inputs, parameters)

        try:
            values = {name: p.detach() for name, p in network.variables.items()}
            return torch.func.jvp(outputs, (values,), (tangent,))[1].detach()
        except (RuntimeError, NotImplementedError):  # layers without forward derivatives
            made = outputs(None)
            push = torch.zeros_like(made, requires_grad=True)
            parts = list(network.variables.values())
            back = torch.autograd.grad(made, parts, push, create_graph=True, allow_unused=True)
            pairs = zip(back, tangent.values(), strict=True)
            total = sum((g * t).sum() for g, t in pairs if g is not None)
            return torch.autograd.grad(total, push)[0]

    def back(self, weights: Any, inputs: Any, piece: slice) -> Any:
        """Return the transposed rows of some samples times weights of shape (m, K), summed."""
        turned = (self._factors[0][piece] @ weights[:, :, None])[:, :, 0]
        outputs = self.network.outputs_at(inputs)
        parts = list(self.network.variables.values())
        found = torch.autograd.grad(
            outputs, parts, turned.reshape(outputs.shape), allow_unused=True
        )
        total = self.network.flat(found)
        return total if self.root is None else total * self.root

    def _summed(self, weights: Callable[[Any, slice], Any]) -> Any:
        """Return the mean over samples of the transposed rows times weights."""
        network, n = self.network, len(self.network)
        total = torch.zeros(network.size, dtype=network.dtype, device=network.device)
        for piece, inputs, _ in network.data.pieces(network.at_once, network.device):
            total += self.back(weights(inputs, piece), inputs, piece)
            report_pass((piece.stop - piece.start) / n)
        return total / n

    def product(self, vector: Any) -> tuple[Any, Any]:
        """Return the matrix times a vector of shape (d,), and the rows times it, shape (n, K)."""
        along = torch.empty_like(self._factors[1])

        def weights(inputs: Any, piece: slice) -> Any:
            along[piece] = self.forward(vector, inputs, piece)
            return along[piece]

        return self._summed(weights), along

    def transposed(self, weights: Any) -> Any:
        """Return the mean over samples of the transposed rows times weights, shape (n, K)."""
        return self._summed(lambda _, piece: weights[piece])

    def gradient(self) -> Array:
        """Return the gradient of the mean loss, shape (d,), in the preconditioned coordinates."""
        return np.asarray(self.transposed(self._factors[1]).cpu().numpy(), dtype=float)

    def projected(self, basis: Array) -> Array:
        """Return the rows times the columns of a basis of shape (d, k): shape (n, K, k)."""
        network, n = self.network, len(self.network)
        columns = network.tensor(basis.T)
        found = np.empty((n, network.outputs, len(columns)))
        for piece, inputs, _ in network.data.pieces(network.at_once, network.device):
            for k, column in enumerate(columns):
                found[piece, :, k] = self.forward(column, inputs, piece).cpu().numpy()
                report_pass((piece.stop - piece.start) / n / len(columns))
        return found

    def left_out(self, basis: Array, probes: int, seed: int = 0) -> Array:
        """Estimate the squared norms of each sample's rows outside a basis, shape (n, probes).

        Each column is one estimate: the rows times a normal vector that is orthogonal to the basis.
        """
        random = np.random.default_rng(seed).normal(size=(len(basis), probes))
        outside = random - basis @ (basis.T @ random)
        return np.asarray((self.projected(outside) ** 2).sum(axis=1))


def _first_of(one: Any) -> Any:
    """Return the inputs of a single sample with a first dimension again."""
    if isinstance(one, dict):
        return {key: _first_of(value) for key, value in one.items()}
    if isinstance(one, tuple):
        return tuple(map(_first_of, one))
    return one[None]
