"""Small matrix products, transposes and copies that stay in vector registers, for compiled code.

Convolutions are sums of products in which one factor is found by its offset. Loops that Numba vectorises load and
store every sum once for a few multiplications, which halves what the processor could do; here the sums of a tile
stay in registers for the whole depth. Reading through a table of offsets replaces the matrix of windows ("The
Indirect Convolution Algorithm", arXiv:1907.02129).

Nothing here checks bounds: whoever calls gives arrays with room for whole vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["PLACES", "VECTOR_BYTES", "copy", "tile_of", "transpose"]

_FEATURES = binding.get_host_cpu_features()
#: The width of the processor's vectors.
VECTOR_BYTES = 64 if _FEATURES.get("avx512f") else 32 if _FEATURES.get("avx2") else 16
#: The height of the largest tiles, of two vectors' width: as many sums as there are registers for.
PLACES = 8 if VECTOR_BYTES == 64 else 4

_INDEX = ir.IntType(64)
_LANE = ir.IntType(32)


class _Writer:
    """What the functions below share: vectors of the element type of an array argument, and their addresses."""

    def __init__(self, context: Any, builder: Any, signature: Any, values: Any, dtype: Any) -> None:
        self.context, self.builder, self.signature, self.values = context, builder, signature, values
        element = context.get_value_type(dtype)
        self.size = context.get_abi_sizeof(element)
        self.lanes = VECTOR_BYTES // self.size
        self.vector = ir.VectorType(element, self.lanes)
        self.undefined = ir.Constant(self.vector, ir.Undefined)

    def at(self, position: int, index: Any) -> Any:
        """The address of an element of the flat array that is argument `position`."""
        array = self.context.make_array(self.signature.args[position])
        return self.builder.gep(array(self.context, self.builder, self.values[position]).data, [index])

    def lanes_at(self, address: Any, number: int = 0) -> Any:
        """The address of the vector `number` from an element on."""
        moved = self.builder.gep(address, [_INDEX(number * self.lanes)])
        return self.builder.bitcast(moved, self.vector.as_pointer())

    def load(self, pointer: Any) -> Any:
        return self.builder.load(pointer, align=self.size)

    def store(self, value: Any, pointer: Any) -> None:
        self.builder.store(value, pointer, align=self.size)

    def spread(self, value: Any) -> Any:
        """A vector with `value` in every lane."""
        first = self.builder.insert_element(self.undefined, value, _LANE(0))
        nowhere = ir.Constant(ir.VectorType(_LANE, self.lanes), None)
        return self.builder.shuffle_vector(first, self.undefined, nowhere)

    def interleaved(self, x: Any, y: Any, start: int) -> Any:
        """Half a vector of `x` and half of `y`, from lane `start` on, element by element."""
        order = [lane + half for lane in range(start, start + self.lanes // 2) for half in (0, self.lanes)]
        return self.builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(_LANE, self.lanes), order))


def tile_of(height: int, vectors: int) -> Callable[..., None]:
    """A function for compiled code that adds to an array a product of `height` rows by `vectors` vectors.

    ``tile(a, a0, rows, r0, steps, b, b0, starts, first, last, c, c0, width, out, to, pitch)`` does, for flat arrays
    ``a, b, c, out`` of one dtype and int64 tables, with k from `first` to before `last`, which is at least one::

        out[to + m * pitch + i] = c[c0 + m * width + i] + sum_k a[a0 + rows[r0 + m] + steps[k]] * b[b0 + starts[k] + i]
    """

    @intrinsic
    def tile(
        typingctx: Any, a: Any, a0: Any, rows: Any, r0: Any, steps: Any, b: Any, b0: Any, starts: Any, first: Any,
        last: Any, c: Any, c0: Any, width: Any, out: Any, to: Any, pitch: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            writer = _Writer(context, builder, signature, values, a.dtype)
            row_of = [builder.load(writer.at(2, builder.add(values[3], _INDEX(m)))) for m in range(height)]
            row_starts = [writer.at(0, builder.add(values[1], row)) for row in row_of]

            def cells(position: int) -> list[Any]:
                start, step = values[position + 1], values[position + 2]
                lines = [writer.at(position, builder.add(start, builder.mul(step, _INDEX(m)))) for m in range(height)]
                return [writer.lanes_at(line, v) for line in lines for v in range(vectors)]

            begun, targets = [writer.load(cell) for cell in cells(10)], cells(13)
            before, loop, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
            builder.branch(loop)
            builder.position_at_end(loop)
            k = builder.phi(_INDEX)
            totals = [builder.phi(writer.vector) for _ in targets]
            step = builder.load(writer.at(4, k))
            source = writer.at(5, builder.add(values[6], builder.load(writer.at(7, k))))
            columns = [writer.load(writer.lanes_at(source, v)) for v in range(vectors)]
            sums = []
            for m, start in enumerate(row_starts):
                factor = writer.spread(builder.load(builder.gep(start, [step])))
                for v, column in enumerate(columns):
                    product = builder.fmul(factor, column, flags=("contract",))
                    sums.append(builder.fadd(product, totals[m * vectors + v], flags=("contract",)))
            following = builder.add(k, _INDEX(1))
            for phi, start, later in zip([k, *totals], [values[8], *begun], [following, *sums], strict=True):
                phi.add_incoming(start, before)
                phi.add_incoming(later, loop)
            builder.cbranch(builder.icmp_signed("<", following, values[9]), loop, after)
            builder.position_at_end(after)
            for summed, target in zip(sums, targets, strict=True):
                writer.store(summed, target)
            return context.get_dummy_value()

        return types.void(a, a0, rows, r0, steps, b, b0, starts, first, last, c, c0, width, out, to, pitch), generate

    return tile


@intrinsic
def transpose(typingctx: Any, x: Any, x0: Any, step: Any, y: Any, y0: Any, width: Any) -> Any:
    """``y[y0 + j * width + i] = x[x0 + i * step + j]`` for i and j up to the lanes of a vector, in flat arrays."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        writer = _Writer(context, builder, signature, values, x.dtype)
        n = writer.lanes

        def line(position: int, number: int) -> Any:
            start = builder.add(values[position + 1], builder.mul(values[position + 2], _INDEX(number)))
            return writer.lanes_at(writer.at(position, start))

        rows = [writer.load(line(0, i)) for i in range(n)]
        # Each round puts one more bit of the row's number below the bits of the lane's.
        for _ in range(n.bit_length() - 1):
            pairs = [(rows[i], rows[i + n // 2]) for i in range(n // 2)]
            rows = [writer.interleaved(*pair, start) for pair in pairs for start in (0, n // 2)]
        for j, row in enumerate(rows):
            writer.store(row, line(3, j))
        return context.get_dummy_value()

    return types.void(x, x0, step, y, y0, width), generate


def _move_of(size: int) -> Callable[..., None]:
    """A function for compiled code: ``move(x, x0, y, y0)`` copies `size` bytes from x[x0] on to y[y0]."""

    @intrinsic
    def move(typingctx: Any, x: Any, x0: Any, y: Any, y0: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            writer = _Writer(context, builder, signature, values, x.dtype)
            block = ir.VectorType(ir.IntType(8), size).as_pointer()
            value = writer.load(builder.bitcast(writer.at(0, values[1]), block))
            writer.store(value, builder.bitcast(writer.at(2, values[3]), block))
            return context.get_dummy_value()

        return types.void(x, x0, y, y0), generate

    return move


_move_64, _move_32, _move_16 = _move_of(64), _move_of(32), _move_of(16)


@njit(error_model="numpy")
def copy(x, x0, y, y0, count):  # type: ignore[no-untyped-def]
    """``y[y0 : y0 + count] = x[x0 : x0 + count]`` in flat arrays: short lines take a tenth of what slices take."""
    many, some, few = 64 // x.itemsize, 32 // x.itemsize, 16 // x.itemsize
    if count >= many:
        for k in range(0, count - many, many):
            _move_64(x, x0 + k, y, y0 + k)
        # The last block begins where it ends with the line.
        _move_64(x, x0 + count - many, y, y0 + count - many)
    elif count >= some:
        _move_32(x, x0, y, y0)
        _move_32(x, x0 + count - some, y, y0 + count - some)
    elif count >= few:
        _move_16(x, x0, y, y0)
        _move_16(x, x0 + count - few, y, y0 + count - few)
    else:
        for k in range(count):
            y[y0 + k] = x[x0 + k]
