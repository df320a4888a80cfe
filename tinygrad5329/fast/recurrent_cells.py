"""The LSTM's and the GRU's cell, compiled: their layers with a single step."""

from __future__ import annotations

from tinygrad5329.backends.choice import Kernels
from tinygrad5329.fast import gru, lstm
from tinygrad5329.ops.recurrent_cells import gru_step, lstm_step

__all__ = ["KERNELS"]

KERNELS = {
    "gru_cell": Kernels(*gru_step(*gru.KERNELS["gru_layer"])),
    "lstm_cell": Kernels(*lstm_step(*lstm.KERNELS["lstm_layer"])),
}
