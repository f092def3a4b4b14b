"""How soon people see what they have written: property 26."""

from __future__ import annotations

from typing import TYPE_CHECKING

from e2e.report import Echo

if TYPE_CHECKING:
    from e2e.chat import Message, Person

AT_ONCE_MS = 2_000
"""A frame is 16 ms; a browser on a machine that is busy with servers and other browsers takes much longer."""


def note_echo(person: Person, message_id: str) -> None:
    """Put the time from the key to the row into the report; a page that was reloaded has forgotten it."""
    seen = person.page.evaluate("id => window.__echoes[id] ?? null", message_id)
    if seen is not None:
        person.report.echoes.append(Echo(person.test, person.name, seen["ms"], seen["frames"]))


def expect_drawn_at_once(message: Message) -> None:
    """The row was there soon after the key; asked while the node has not answered: it waited for nobody."""
    seen = message.sender.page.evaluate("id => window.__echoes[id]", message.id)
    assert seen["ms"] < AT_ONCE_MS, seen
