"""softmax and log_softmax."""

from __future__ import annotations

import tinygrad5329 as tg

from .row import row

for slot, call in (("softmax", tg.softmax), ("log_softmax", tg.log_softmax)):
    row(slot, lambda x, call=call: call(x, 1), (13, 37), empty=((0, 3),))
    row(slot, lambda x, call=call: call(x * 40, -1), (5, 3, 18))
    row(slot, lambda x, call=call: call(x, 1), (2, 11, 3), taken=False)
    row(slot, lambda x, call=call: call(x, 0), (19,))
