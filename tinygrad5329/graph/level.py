"""One level of the layout: boxes in layers, without any nesting."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

__all__ = ["Item", "Level"]

GAP_X = 18.0
GAP_Y = 18.0
PORT_GAP_Y = 8.0
#: Sweeps for the order and for the positions: more than these change nothing that one sees.
SWEEPS = 8
#: A leaf must not bend the column of operations that it joins.
LEAF_WEIGHT = 0.05

Point = tuple[float, float]


class Item:
    """A box, a port on the border, or a lane of an edge through a layer.

    `axis` is the x, from the box's left, at which edges meet it; `tops` and `bottoms` say otherwise for
    single sources. `key` is what the box stands for.
    """

    __slots__ = ("axis", "bottoms", "height", "key", "layer", "leaf", "tops", "width", "x", "y")

    def __init__(
        self, key: Any = None, width: float = 0.0, height: float = 0.0, axis: float = 0.0, leaf: bool = False
    ) -> None:
        self.key, self.width, self.height, self.axis, self.leaf = key, width, height, axis, leaf
        self.tops: dict[int, float] = {}
        self.bottoms: dict[int, float] = {}
        self.layer = 0
        self.x = self.y = 0.0

    def top(self, source: int) -> float:
        """Where an edge from `source` comes in, from the box's left."""
        return self.tops.get(source, self.axis)

    def bottom(self, source: int) -> float:
        """Where an edge from `source` goes out."""
        return self.bottoms.get(source, self.axis)


class Level:
    """Boxes and the links between them; `arrange` places them, relative to their own upper left corner.

    Boxes must be added so that links, but for those of leaves, lead from earlier to later ones.
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.entries: dict[int, Item] = {}
        self.exits: dict[int, Item] = {}
        self.links: dict[tuple[Item, Item, int], None] = {}
        self.hops: dict[tuple[Item, Item, int], None] = {}
        self.layers: list[list[Item]] = []
        self.left = self.top = 0.0

    def entry(self, source: int, leaf: bool) -> Item:
        """The port on the upper border for edges from `source`, which may be a leaf."""
        return self.entries.setdefault(source, Item(leaf=leaf))

    def exit(self, source: int) -> Item:
        """The port on the lower border for edges from `source`."""
        return self.exits.setdefault(source, Item())

    def link(self, above: Item, below: Item, source: int) -> None:
        """Draw an edge, once however often it is asked for."""
        self.links[above, below, source] = None

    def arrange(self) -> tuple[float, float]:
        """Choose layers, orders and positions; returns the width and the height."""
        self._layer()
        self._add_lanes()
        self.before: dict[Item, list[tuple[Item, int]]] = {}
        self.after: dict[Item, list[tuple[Item, int]]] = {}
        for above, below, source in self.hops:
            self.after.setdefault(above, []).append((below, source))
            self.before.setdefault(below, []).append((above, source))
        self._order()
        width = self._place_x()
        return width, self._place_y()

    def _layer(self) -> None:
        first = 1 if self.entries else 0
        before: dict[Item, list[Item]] = {}
        after: dict[Item, list[Item]] = {}
        for above, below, _ in self.links:
            before.setdefault(below, []).append(above)
            after.setdefault(above, []).append(below)
        boxes = sorted(self.items, key=lambda item: not item.leaf)
        for item in boxes:
            item.layer = max([above.layer + 1 for above in before.get(item, ())], default=first)
        ports = set(self.exits.values())
        for item in reversed(boxes):
            # What reads nothing but leaves stands right above its first reader.
            if item in after and all(above.leaf for above in before.get(item, ())):
                readers = [below.layer for below in after[item] if below not in ports]
                if readers:
                    item.layer = max(first, min(readers) - 1)
        # What reads only leaves and joins something longer is a side branch: it must not bend the column.
        side = {item for item in boxes if all(above.leaf for above in before.get(item, ()))}
        for item in boxes:
            if any(above not in side and not above.leaf for above in before.get(item, ())):
                for above in side.intersection(before[item]):
                    above.leaf = True
        last = max((item.layer for item in boxes), default=0) + 1
        for port in self.exits.values():
            port.layer = last
        self.layers = [[] for _ in range(last + bool(self.exits))]
        for item in (*self.entries.values(), *boxes, *self.exits.values()):
            self.layers[item.layer].append(item)

    def _add_lanes(self) -> None:
        lanes: dict[tuple[Item, int, int], Item] = {}
        for above, below, source in self.links:
            upper = above
            for number in range(above.layer + 1, below.layer):
                lane = lanes.get((above, source, number))
                if lane is None:
                    lane = lanes[above, source, number] = Item(leaf=above.leaf)
                    lane.layer = number
                    self.layers[number].append(lane)
                self.hops[upper, lane, source] = None
                upper = lane
            self.hops[upper, below, source] = None

    def _order(self) -> None:
        best = [list(layer) for layer in self.layers]
        fewest = self._crossings()
        for sweep in range(SWEEPS if fewest else 0):
            down = sweep % 2 == 0
            near = self.before if down else self.after
            layers = self.layers if down else self.layers[::-1]
            for fixed, moved in pairwise(layers):
                place = {item: i for i, item in enumerate(fixed)}
                centre = {}
                for i, item in enumerate(moved):
                    at = [place[other] for other, _ in near.get(item, ()) if other in place]
                    centre[item] = sum(at) / len(at) if at else float(i)
                moved.sort(key=centre.__getitem__)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
            if not fewest:
                break
        self.layers = best

    def _crossings(self) -> int:
        total = 0
        for upper, lower in pairwise(self.layers):
            place = {item: i for i, item in enumerate(lower)}
            passed: list[int] = []
            for item in upper:
                ends = sorted(place[below] for below, _ in self.after.get(item, ()))
                # Bisected per item, so that edges from the same item do not count as crossing.
                total += sum(len(passed) - bisect_left(passed, end + 1) for end in ends)
                for end in ends:
                    insort(passed, end)
        return total

    def _place_x(self) -> float:
        for layer in self.layers:
            self._settle(layer, [0.0] * len(layer))
        for sweep in range(2 * SWEEPS):
            down = sweep % 2 == 0
            for layer in self.layers if down else reversed(self.layers):
                wanted = [self._wanted(item, down, sweep >= SWEEPS) for item in layer]
                self._settle(layer, wanted)
        everything = [item for layer in self.layers for item in layer]
        left = min((item.x for item in everything), default=0.0)
        for item in everything:
            item.x -= left
        return max((item.x + item.width for item in everything), default=0.0)

    def _wanted(self, item: Item, down: bool, both: bool) -> float:
        """Where the box would stand straight below, or above, what it is linked to."""
        above = [
            (other.x + other.bottom(source) - item.top(source), other.leaf)
            for other, source in self.before.get(item, ())
        ]
        below = [
            (other.x + other.top(source) - item.bottom(source), item.leaf) for other, source in self.after.get(item, ())
        ]
        if item.key is None and item in self.before and below:
            # A lane stands above the next one, so that an edge runs straight and bends once.
            lanes = [each for (other, _), each in zip(self.after[item], below, strict=True) if other.key is None]
            above, below = [], lanes or below
        near = above + below
        if above and below and not both:
            near = above if down else below
        weights = [LEAF_WEIGHT if leaf else 1.0 for _, leaf in near]
        if not near:
            return item.x
        return sum(w * x for w, (x, _) in zip(weights, near, strict=True)) / sum(weights)

    @staticmethod
    def _settle(layer: list[Item], wanted: list[float]) -> None:
        """The positions nearest to `wanted` (least squares) without overlap: pooled adjacent violators."""
        starts: list[float] = []
        start = 0.0
        for item in layer:
            starts.append(start)
            start += item.width + GAP_X
        pools: list[tuple[float, float, int]] = []
        for item, want, offset in zip(layer, wanted, starts, strict=True):
            weight = LEAF_WEIGHT if item.leaf else 1.0
            pools.append((weight * (want - offset), weight, 1))
            while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
                total, weight, count = pools.pop()
                pools[-1] = (pools[-1][0] + total, pools[-1][1] + weight, pools[-1][2] + count)
        i = 0
        for total, weight, count in pools:
            for _ in range(count):
                layer[i].x = total / weight + starts[i]
                i += 1

    def _place_y(self) -> float:
        y = 0.0
        for number, layer in enumerate(self.layers):
            height = max((item.height for item in layer), default=0.0)
            if number:
                ports = (number == 1 and self.entries) or (number == len(self.layers) - 1 and self.exits)
                y += PORT_GAP_Y if ports else GAP_Y
            for item in layer:
                if item.width == 0:
                    item.height = height
                # A leaf stands as near as it can to what reads it.
                item.y = y + (height - item.height) * (1.0 if item.leaf else 0.5)
            y += height
        # Without exits the last boxes would stand on the frame.
        return y if self.exits else y + PORT_GAP_Y

    def pieces(self) -> Iterator[tuple[int, Point, Point, Item | None]]:
        """The lines to draw: source, start, end, and the box that the line ends at, if it is one."""
        lanes = set()
        for above, below, source in self.hops:
            start = (above.x + above.bottom(source), above.y + above.height)
            end = (below.x + below.top(source), below.y)
            yield source, start, end, below if below.key is not None else None
            if below.width == 0 and below.height and below not in lanes:
                lanes.add(below)
                yield source, end, (end[0], below.y + below.height), None
