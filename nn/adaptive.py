"""Adaptive softmax: classification into very many classes, the rare ones in clusters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from tinygrad5329 import ops
from tinygrad5329.creation import zeros
from tinygrad5329.nn import functional as F
from tinygrad5329.nn.linear import Linear
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.module_list import ModuleList
from tinygrad5329.nn.sequential import Sequential
from tinygrad5329.tensor import Tensor


class _ASMoutput(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` returns."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """An approximate softmax over many classes, ordered from frequent to rare, with its loss.

    The head decides between the most frequent classes and the clusters of the others; each cluster projects the
    input to fewer features, by `div_value` from cluster to cluster, before its own softmax.

    Shapes: input (N, in_features) or (in_features,), target (N,) or ().

    Parameters
    ----------
    in_features, n_classes : int
        Sizes of input and output.
    cutoffs : sequence of int
        Where the clusters begin: rising, from 1 to ``n_classes - 1``.
    div_value : float
        The factor between the clusters' numbers of features.
    head_bias : bool
        Whether the head has a bias.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        `cutoffs` are not as they should be.
    RuntimeError
        Shapes do not fit or targets are out of range.

    Notes
    -----
    Matches `torch.nn.AdaptiveLogSoftmaxWithLoss`; Grave et al., "Efficient softmax approximation for GPUs", 2017.
    Calling it returns the named tuple ``(output, loss)``: the log-probability of each target, and minus their mean.
    """

    head: Linear
    tail: ModuleList

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rising = all(a < b for a, b in pairwise([0, *cutoffs, n_classes]))
        if not rising or any(int(each) != each for each in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                f"value is between 1 and n_classes-1; got {cutoffs} with n_classes={n_classes}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for i, (start, stop) in enumerate(pairwise(self.cutoffs)):
            features = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, features, bias=False, device=device, dtype=dtype),
                    Linear(features, stop - start, bias=False, device=device, dtype=dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        self.head.reset_parameters()
        for cluster in self.tail:
            for layer in cluster.children():
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """Return each target's log-probability, and minus their mean."""
        if target_.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if input_.ndim != target_.ndim + 1:
            raise RuntimeError(
                f"{target_.ndim}D target tensor expects {target_.ndim + 1}D input tensors, but found inputs with size "
                f"{tuple(input_.shape)}"
            )
        input, target = input_.reshape(-1, input_.shape[-1]), target_.reshape(-1)
        if len(input) != len(target):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if len(target) and not (int(target.min()) >= 0 and int(target.max()) < self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{int(target.min())}, "
                f"{int(target.max())}] were found. "
            )
        head_index = target
        order = [(target < self.shortlist_size).nonzero().reshape(-1)]
        parts = [zeros(len(order[0]), dtype=input.dtype)]
        for i, (start, stop) in enumerate(pairwise(self.cutoffs)):
            rows = ((target >= start) & (target < stop)).nonzero().reshape(-1)
            if not len(rows):
                continue
            logs = F.log_softmax(self.tail[i](input[rows]), dim=1)
            parts.append(logs.gather(1, (target[rows] - start).unsqueeze(1)).squeeze(1))
            order.append(rows)
            head_index = ops.where((target >= start) & (target < stop), self.shortlist_size + i, head_index)
        # The rows were handled cluster by cluster; back to where they came from.
        place = ops.argsort(ops.cat(order))
        head = F.log_softmax(self.head(input), dim=1).gather(1, head_index.unsqueeze(1)).squeeze(1)
        output = head + ops.cat(parts)[place]
        return _ASMoutput(output if target_.ndim else output[0], -output.mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """Return the log-probabilities of all classes, (N, n_classes), for an input (N, in_features)."""
        head = F.log_softmax(self.head(input), dim=1)
        clusters = [
            F.log_softmax(cluster(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1)
            for i, cluster in enumerate(self.tail)
        ]
        return ops.cat([head[:, : self.shortlist_size], *clusters], 1)

    def predict(self, input: Tensor) -> Tensor:
        """Return the most probable class of each row, (N,): ``log_prob(input).argmax(1)``, computed as needed."""
        best = self.head(input).argmax(1)
        rare = (best >= self.shortlist_size).nonzero().reshape(-1)
        if len(rare):
            best = best.clone()
            best[rare] = self.log_prob(input[rare]).argmax(1)
        return best
