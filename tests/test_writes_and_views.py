"""A stateful property: writes in place, through views of views, recorded or not, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

hypothesis = pytest.importorskip("hypothesis", reason="property tests: pip install 'tinygrad5329[dev]'")
torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

from hypothesis import assume, note, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule  # noqa: E402

from .side_by_side import LIBRARIES, agree, both_or_neither, outcome, values  # noqa: E402

VIEWS = {
    "row": lambda x: x[0],
    "columns": lambda x: x[..., 1:],
    "every second": lambda x: x[..., ::2],
    "transposed": lambda x: x.transpose(0, -1),
    "unsqueezed": lambda x: x.unsqueeze(0),
    "flat": lambda x: x.view(-1),
    "whole": lambda x: x[...],
    "narrow": lambda x: x.narrow(0, 0, 1),
    "diagonal": lambda x: x.diagonal(0, 0, -1),
    "squeezed": lambda x: x.squeeze(),
    "expanded": lambda x: x.expand(2, *x.shape),
    "detached": lambda x: x.detach(),
}
MAKERS = {
    "double": lambda x: x * 2,
    "sin": lambda x: x.sin(),
    "exp": lambda x: (x * 0.1).exp(),
    "square": lambda x: x * x * 0.1,
    "clone": lambda x: x.clone(),
    "reshape": lambda x: x.reshape(-1),
    "sum": lambda x: x.sum(),
}
WRITES = {
    "add_": lambda x, y: x.add_(y),
    "mul_": lambda x, y: x.mul_(y),
    "copy_": lambda x, y: x.copy_(y),
    "sub_ number": lambda x, y: x.sub_(0.5),
    "mul_ number": lambda x, y: x.mul_(1.5),
    "zero_": lambda x, y: x.zero_(),
    "fill_": lambda x, y: x.fill_(0.25),
    "sin_": lambda x, y: x.sin_(),
    "exp_": lambda x, y: x.mul_(0.1).exp_(),
    "setitem": lambda x, y: x.__setitem__(0, y[0]),
    "setitem number": lambda x, y: x.__setitem__((..., slice(0, 1)), 0.75),
    "+=": lambda x, y: x.__iadd__(y),
}


class WritesAndViews(RuleBasedStateMachine):
    """The same program in both libraries: all values agree after every step, and all gradients at the end."""

    @initialize(needs=st.booleans())
    def begin(self, needs):
        self.pairs = []
        self.leaves = []
        self.kept = False
        self.leaf(needs)
        self.leaf(True)
        self.make("double", 1)

    def leaf(self, needs):
        array = values((2, 3), len(self.pairs))
        pair = [t.tensor(array, requires_grad=needs) for t in LIBRARIES]
        self.pairs.append(pair)
        self.leaves.append(pair)

    def run(self, name, function, *pairs, keep):
        found = [outcome(function, *[pair[k] for pair in pairs]) for k in range(2)]
        pairs, self.pairs = self.pairs, []
        well = both_or_neither(found[0][1], found[1][1], name)
        for i, (ours, oracle) in enumerate(pairs):
            agree(ours, oracle, f"tensor {i} after {name}")
            assert ours.requires_grad == oracle.requires_grad, f"requires_grad of tensor {i} after {name}"
            assert ours.is_leaf == oracle.is_leaf, f"is_leaf of tensor {i} after {name}"
        # Only now, so that a failed step leaves nothing for the end to check.
        self.pairs = pairs
        if well and keep:
            self.pairs.append([found[0][0], found[1][0]])

    def at(self, i):
        return self.pairs[i % len(self.pairs)]

    def operands(self, name, i, j):
        """A pair to write to and one to read from, where the libraries mean to agree."""
        target, source = self.at(i), self.at(j)
        # PyTorch refuses to read from memory that it is overwriting; here the result is as if it were copied.
        if source is not target and np.shares_memory(target[0]._array, source[0]._array):
            source = [each.detach().clone() for each in source]
        # Part of an expanded tensor may be written to in PyTorch, if that part is not expanded itself.
        # Copying an expanded tensor to itself does nothing there and is refused here.
        expanded = 0 in target[0].stride()
        assume(not (expanded and (name.startswith("setitem") or (name == "copy_" and source is target))))
        return target, source

    @rule(name=st.sampled_from([*VIEWS]), i=st.integers(0, 9))
    def view(self, name, i):
        note(f"view {name} of {i % len(self.pairs)}")
        self.run(name, VIEWS[name], self.at(i), keep=True)

    @rule(name=st.sampled_from([*MAKERS]), i=st.integers(0, 9))
    def make(self, name, i):
        note(f"make {name} of {i % len(self.pairs)}")
        self.run(name, MAKERS[name], self.at(i), keep=True)

    @rule(name=st.sampled_from([*WRITES]), i=st.integers(0, 9), j=st.integers(0, 9))
    def write(self, name, i, j):
        note(f"write {name} to {i % len(self.pairs)} from {j % len(self.pairs)}")
        self.run(name, WRITES[name], *self.operands(name, i, j), keep=False)
        self.kept = self.kept or name == "exp_"

    @precondition(lambda self: len(self.pairs) > 3)
    @rule(name=st.sampled_from([*WRITES]), i=st.integers(0, 9), j=st.integers(0, 9))
    def write_without_recording(self, name, i, j):
        note(f"no_grad: write {name} to {i % len(self.pairs)} from {j % len(self.pairs)}")

        def silent(t):
            def function(x, y):
                with t.no_grad():
                    return WRITES[name](x, y)

            return function

        x, y = self.operands(name, i, j)
        errors = [outcome(silent(t), x[k], y[k])[1] for k, t in enumerate(LIBRARIES)]
        both_or_neither(*errors, name)
        self.run(f"no_grad {name}", lambda x: x, x, keep=False)

    def teardown(self):
        if not getattr(self, "pairs", None):
            return
        errors = []
        for k in range(2):
            outs = [pair[k] for pair in self.pairs if pair[k].requires_grad]
            if not outs:
                return
            loss = sum((out * (1 + 0.1 * n)).sum() for n, out in enumerate(outs))
            errors.append(outcome(loss.backward)[1])
        if errors[0] is None and self.kept and "modified by an inplace operation" in str(errors[1]):
            # PyTorch's exp_ keeps the memory that it wrote to; here a later write to it does no harm.
            return
        if both_or_neither(*errors, "backward"):
            for i, (ours, oracle) in enumerate(self.leaves):
                if oracle.is_leaf:
                    agree(ours.grad, oracle.grad, f"gradient of leaf {i}")


TestWritesAndViews = WritesAndViews.TestCase
TestWritesAndViews.settings = settings(max_examples=120, stateful_step_count=10)
