"""``Answers``: what the worker has answered; a command that comes again is answered and not done again.

Invariants: a command that is being done is remembered until it is answered, or forgotten when ``answers_max``
others have begun; answers take at most ``bytes_max`` bytes, and beyond it, or beyond their number, the oldest
go.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from webchat.chat.weights import weight_of

Answer = dict[str, Any]


class Answers:
    """See the module."""

    def __init__(self, answers_max: int, bytes_max: int) -> None:
        self._answers_max = answers_max
        self._bytes_max = bytes_max
        self._answers: OrderedDict[str, tuple[Answer | None, int]] = OrderedDict()
        """By command id, with their weight; None: it is being done."""
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._answers)

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._answers

    def values(self) -> list[Answer | None]:
        """All that is remembered, the oldest first."""
        return [answer for answer, _ in self._answers.values()]

    def of(self, command_id: str) -> Answer | None:
        """What a command was answered; None while it is being done."""
        return self._answers[command_id][0]

    def begin(self, command_id: str) -> None:
        """A command that is not remembered is being done."""
        self._answers[command_id] = (None, 0)
        while len(self._answers) > self._answers_max:
            self.forget(next(iter(self._answers)))

    def keep(self, command_id: str, answer: Answer) -> None:
        """It was answered so; nothing when it is not remembered any more."""
        if command_id not in self._answers:
            return
        weight = weight_of(answer)
        self._answers[command_id] = (answer, weight)
        self.bytes += weight
        while self.bytes > self._bytes_max:
            self.forget(next(each for each, (held, _) in self._answers.items() if held is not None))

    def forget(self, command_id: str) -> None:
        """Nobody needs the answer again."""
        _, weight = self._answers.pop(command_id, (None, 0))
        self.bytes -= weight
