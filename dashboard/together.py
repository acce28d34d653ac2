"""Threads that want the same kind of thing at the same moment do it together, as one.

Whoever comes first does it for itself; meanwhile others come, and the first of these does it for
all of them. Nobody waits for more to come, so one that is alone is not held up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class _Turn(Generic[Asked, Told]):
    """What one thread asked, and what it is told; its gate is opened for it to go on."""

    __slots__ = ("asked", "error", "gate", "told")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.told: list[Told] = []
        self.error: BaseException | None = None
        self.gate = Lock()
        self.gate.acquire()


class Together(Generic[Asked, Told]):
    """Calls `act` with what up to `most` threads ask at a time, one call at a time.

    It returns what to tell each of them, in their order. What it raises all of them are told.
    """

    def __init__(self, act: Callable[[Sequence[Asked]], Sequence[Told]], *, most: int) -> None:
        self._act, self._most = act, most
        self._lock = Lock()
        self._waiting: deque[_Turn[Asked, Told]] = deque()
        self._is_led = False

    def __call__(self, asked: Asked) -> Told:
        """Return what `act` tells of `asked`; raise what it raises."""
        turn: _Turn[Asked, Told] = _Turn(asked)
        with self._lock:
            self._waiting.append(turn)
            leads, self._is_led = not self._is_led, True
        if not leads:
            turn.gate.acquire()
        if not turn.told and turn.error is None:
            self._lead()
        if turn.error is not None:
            raise turn.error
        return turn.told[0]

    def _lead(self) -> None:
        """Do it for those who wait, the caller first, and let the next one lead."""
        with self._lock:
            turns = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        try:
            for turn, told in zip(turns, self._act([one.asked for one in turns]), strict=True):
                turn.told.append(told)
        except BaseException as error:
            for turn in turns:
                turn.error = error
        with self._lock:
            self._is_led = bool(self._waiting)
            following = [self._waiting[0]] if self._waiting else []
        for turn in (*turns[1:], *following):
            turn.gate.release()
