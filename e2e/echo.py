"""How soon people see what they have written: property 26, with the next frame.

Counted are frames, rather than milliseconds: a machine that is busy with servers and other browsers makes
both longer. And what is asserted is what the page itself does: a row is shown once it is on the disk
(``outbox.js``), and how many frames pass until then is the disk's, which the report tells. From then on
nothing is waited for. Frames in which anything is being written are not counted, so a page that waits for
something else meanwhile would pass: against that there is a ceiling in milliseconds, far above any disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from e2e.report import Echo

if TYPE_CHECKING:
    from e2e.chat import Message, Person

LOST_MAX = 1
"""The next frame: none may begin before it without the row."""

AT_ONCE_MS = 2_000
"""A frame is 16 ms; a browser on a machine that is busy with servers and other browsers takes much longer."""


def note_echo(person: Person, message_id: str) -> None:
    """Put the way from the key to the row into the report; a page that was reloaded has forgotten it."""
    seen = person.page.evaluate("id => window.__echoes[id] ?? null", message_id)
    if seen is None:
        return
    person.report.echoes.append(Echo(person.test, person.name, seen["ms"], seen["frames"], seen["lost"]))
    assert seen["lost"] <= LOST_MAX, seen


def expect_drawn_at_once(message: Message) -> None:
    """The row was there with the next frame; asked while the node has not answered: it waited for nobody."""
    seen = message.sender.page.evaluate("id => window.__echoes[id]", message.id)
    assert seen["lost"] <= LOST_MAX, seen
    assert seen["ms"] < AT_ONCE_MS, seen
