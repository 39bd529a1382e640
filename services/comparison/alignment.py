"""Which elements of two sequences belong together. Bounded in time, whatever the sequences are."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence

Pair = tuple[int | None, int | None]

#: More differences than this are not untangled: the middle counts as replaced. The search costs
#: about the square of it.
MOST_DIFFERENCES = 400


def align(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Pair]:
    """Return pairs of positions in reading order: equal elements together, others with None.

    The longest common subsequence after E. W. Myers, "An O(ND) Difference Algorithm" (1986), once
    the common beginning and end are set aside.
    """
    head = _common(left, right)
    tail = _common(left[head:][::-1], right[head:][::-1])
    middle_left = left[head : len(left) - tail]
    middle_right = right[head : len(right) - tail]
    pairs: list[Pair] = [(i, i) for i in range(head)]
    for i, j in _middle(middle_left, middle_right):
        pairs.append((None if i is None else i + head, None if j is None else j + head))
    shift = len(right) - len(left)
    pairs += [(i, i + shift) for i in range(len(left) - tail, len(left))]
    return pairs


def with_moves(
    pairs: list[Pair], left: Sequence[Hashable], right: Sequence[Hashable]
) -> tuple[list[Pair], set[int]]:
    """Join what was taken out in one place and put in, equal, in another.

    Returns the pairs, and the right positions of the moved elements.
    """
    gone: dict[Hashable, deque[int]] = defaultdict(deque)
    for i, j in pairs:
        if i is not None and j is None:
            gone[left[i]].append(i)
    origin: dict[int, int] = {}
    for i, j in pairs:
        if i is None and j is not None and gone.get(right[j]):
            origin[j] = gone[right[j]].popleft()
    used = set(origin.values())
    joined: list[Pair] = []
    for i, j in pairs:
        if j is not None and j in origin:
            joined.append((origin[j], j))
        elif j is not None or i not in used:
            joined.append((i, j))
    return joined, set(origin)


def _common(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _middle(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Pair]:
    replaced: list[Pair] = [(i, None) for i in range(len(left))]
    replaced += [(None, j) for j in range(len(right))]
    if not left or not right:
        return replaced
    trace = _search(left, right)
    return replaced if trace is None else _walk_back(trace, len(left), len(right))


def _search(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[dict[int, int]] | None:
    """Return the furthest point on each diagonal, one map for each number of differences."""
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for differences in range(min(MOST_DIFFERENCES, len(left) + len(right)) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-differences, differences + 1, 2):
            x = _step(furthest, diagonal, differences)
            y = x - diagonal
            while x < len(left) and y < len(right) and left[x] == right[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(left) and y >= len(right):
                return trace
    return None


def _step(furthest: dict[int, int], diagonal: int, differences: int) -> int:
    if _goes_down(furthest, diagonal, differences):
        return furthest[diagonal + 1]
    return furthest[diagonal - 1] + 1


def _goes_down(furthest: dict[int, int], diagonal: int, differences: int) -> bool:
    if diagonal == -differences:
        return True
    return diagonal != differences and furthest[diagonal - 1] < furthest[diagonal + 1]


def _walk_back(trace: list[dict[int, int]], x: int, y: int) -> list[Pair]:
    pairs: list[Pair] = []
    for differences in range(len(trace) - 1, -1, -1):
        furthest = trace[differences]
        diagonal = x - y
        down = _goes_down(furthest, diagonal, differences)
        from_x = furthest[diagonal + 1 if down else diagonal - 1]
        from_y = from_x - (diagonal + 1 if down else diagonal - 1)
        while x > max(from_x, 0) and y > max(from_y, 0):
            x, y = x - 1, y - 1
            pairs.append((x, y))
        if differences:
            pairs.append((None, from_y) if down else (from_x, None))
        x, y = from_x, from_y
    pairs.reverse()
    return pairs
