"""A page in the colours of the system (CSS Color Adjustment, forced colours), as people set who see little.

Backgrounds, shadows and gradients are gone there: what has the focus, what is open and what failed must be
told by lines and words. axe is no help here: the colours that a script reads are not those that are painted.
"""

from __future__ import annotations

from typing import Any

from e2e.chat import Message, Person

STOPS_MAX = 60
# What stands around whatever has the focus: its own outline, or that of the part of the page that holds it.
FOCUSED = """() => {
  const at = document.activeElement;
  const isRinged = (each) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  };
  if (at === document.body) return null;
  const isSeen = [...document.querySelectorAll(":focus-within")].some(isRinged);
  return { what: `${at.localName}#${at.id}.${at.className}`, isSeen };
}"""
EDGE = """(row) => { const { borderTopStyle, borderTopWidth } = getComputedStyle(row);
  return borderTopStyle === "none" ? 0 : parseFloat(borderTopWidth); }"""


class ForcedColours:
    """What one person sees with the system's colours, dark or light."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def begin(self, *, dark: bool) -> ForcedColours:
        """As when the setting is switched on while the page is open."""
        self.person.page.emulate_media(forced_colors="active", color_scheme="dark" if dark else "light")
        return self

    def expect_focus_seen_everywhere(self, *names: str) -> ForcedColours:
        """From the composer round the page by Tab: each stop shows the focus; ``names`` are met."""
        page = self.person.page
        self.person.composer.focus()
        met: list[dict[str, Any]] = []
        for _ in range(STOPS_MAX):
            page.keyboard.press("Tab")
            stop = page.evaluate(FOCUSED)
            if stop is not None:
                met.append(stop)
            if stop is not None and "composer-text" in stop["what"]:
                break
        assert [stop["what"] for stop in met if not stop["isSeen"]] == []
        missing = [name for name in names if not any(name in stop["what"] for stop in met)]
        assert missing == [], met
        return self

    def expect_edge(self, message: Message, *, seen: bool) -> ForcedColours:
        """A message with a line around it, or without."""
        width = self.person.row(message).evaluate(EDGE)
        assert (width > 0) == seen, f"{width} px around {message.text!r}"
        return self
