"""Entries found by their tags: sets of them as bits of an int, and draws from the carriers."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar, overload

from heimdall.domain.command import CatalogEntry

Entry = TypeVar("Entry", bound=CatalogEntry)


class TagIndex(Generic[Entry]):
    """The active ones among some entries, found by tag.

    A set of entries is an int whose bit `i` stands for `entries[i]`.

    Attributes:
        tags: for each entry, all its tags.
        positions: for each tag, the entries that carry it.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries: Sequence[Entry] = tuple(entry for entry in entries if entry.is_active)
        self.all = (1 << len(self.entries)) - 1
        self.tags = [frozenset(entry.all_tags) for entry in self.entries]
        self.positions: dict[str, list[int]] = defaultdict(list)
        for position, tags in enumerate(self.tags):
            for tag in tags:
                self.positions[tag].append(position)
        size = len(self.entries)
        self._sets = {tag: bits(found, size) for tag, found in self.positions.items()}

    def having(self, tags: Iterable[str], among: int | None = None) -> int:
        """Return the set of the entries (of `among`) that carry all of these tags."""
        found = self.all if among is None else among
        for tag in tags:
            found &= self._sets.get(tag, 0)
            if not found:
                break
        return found

    def rarest(self, tags: Iterable[str]) -> Sequence[int]:
        """Return those who carry the rarest of these tags; among them is who carries all."""
        found: Sequence[int] = range(len(self.entries))
        for tag in tags:
            carriers = self.positions.get(tag, ())
            if len(carriers) < len(found):
                found = carriers
        return found


class Members(Sequence[int]):
    """The members of a set, lowest first, without listing them."""

    def __init__(self, found: int) -> None:
        self._found = found
        self._count = found.bit_count()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        return members(self._found)

    @overload
    def __getitem__(self, n: int) -> int: ...
    @overload
    def __getitem__(self, n: slice) -> Sequence[int]: ...
    def __getitem__(self, n: int | slice) -> int | Sequence[int]:
        if isinstance(n, slice):
            return [nth_member(self._found, at) for at in range(*n.indices(self._count))]
        if not 0 <= n < self._count:
            raise IndexError(n)
        return nth_member(self._found, n)


class WeightedCarriers:
    """For each tag those who carry it, to be drawn by weight.

    Args:
        positions: the carriers of each tag.
        weights: the weight of each carrier, by position.
    """

    def __init__(self, positions: Mapping[str, Sequence[int]], weights: Sequence[int]) -> None:
        self._positions = positions
        self._sums = {
            tag: list(accumulate(weights[position] for position in carriers))
            for tag, carriers in positions.items()
        }

    def weight(self, tag: str) -> int:
        """Return the weight of all carriers of a tag together."""
        sums = self._sums.get(tag)
        return sums[-1] if sums else 0

    def draw(self, tag: str, random: Random) -> int:
        """Return one of the carriers of a tag, as likely as it is heavy."""
        sums = self._sums[tag]
        return self._positions[tag][bisect_right(sums, int(random.random() * sums[-1]))]


class SubsetIndex:
    """Sets of tags, found by a set that contains them."""

    def __init__(self, wanted: Iterable[frozenset[str]]) -> None:
        numbered = list(enumerate(wanted))
        carriers = Counter(tag for _, tags in numbered for tag in tags)
        # Each is filed under that of its tags that the fewest have; under None if it has none.
        self._filed: dict[str | None, list[tuple[int, frozenset[str]]]] = defaultdict(list)
        for number, tags in numbered:
            rarest = min(tags, key=lambda tag: (carriers[tag], tag), default=None)
            self._filed[rarest].append((number, tags))

    def within(self, tags: frozenset[str]) -> Iterator[int]:
        """Yield the numbers of the sets that `tags` contains."""
        for tag in (None, *tags):
            for number, wanted in self._filed.get(tag, ()):
                if wanted <= tags:
                    yield number


def members(found: int) -> Iterator[int]:
    """Yield the positions in a set, lowest first."""
    while found:
        lowest = found & -found
        yield lowest.bit_length() - 1
        found ^= lowest


def nth_member(found: int, n: int) -> int:
    """Return the position of the `n`-th member of a set, counted from 0."""
    position, width = 0, found.bit_length()
    while width > 1:
        half = width >> 1
        low = found & ((1 << half) - 1)
        count = low.bit_count()
        if n < count:
            found, width = low, half
        else:
            found >>= half
            n -= count
            position += half
            width -= half
    return position


def bits(positions: Iterable[int], size: int) -> int:
    """Return the set of these positions, all below `size`."""
    octets = bytearray(size // 8 + 1)
    for position in positions:
        octets[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(octets, "little")
