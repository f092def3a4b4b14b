"""The look in numbers: text on its ground has a contrast of 4.5, edges of controls 3, in light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STYLES = ROOT / "static" / "webchat" / "css"
EXPORT = ROOT / "templates" / "webchat" / "exporting" / "channel.css"
TEXT_MIN, EDGE_MIN = 4.5, 3.0
HUES = tuple(f"hue-{number}" for number in range(12))
INKS = ("ink", "soft", "accent", "teal", "danger", "warn", *HUES)
SHORT = {"#fff": "#ffffff"}
GROUNDS = ("paper", "surface", "raised")

Scheme = dict[str, str]


def schemes() -> dict[str, Scheme]:
    """The colours by name, light and dark; dark changes what it names and keeps the rest."""
    light, dark = (STYLES / "tokens.css").read_text().split("@media (prefers-color-scheme: dark)")
    named = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
    return {
        "light": dict(named.findall(light)),
        "dark": dict(named.findall(light)) | dict(named.findall(dark)),
    }


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_texts_can_be_read_on_every_ground(name: str) -> None:
    scheme = schemes()[name]
    pairs = [(ink, ground) for ink in INKS for ground in GROUNDS]
    pairs += [(ink, "hover") for ink in ("ink", "soft", "accent", *HUES)]
    pairs += [("ink", "accent-ground"), ("accent", "accent-ground"), ("paper", "accent")]
    pairs += [("danger", "danger-ground"), ("ink", "danger-ground"), ("warn", "warn-ground")]
    pairs += [(ink, ground) for ink in ("night-ink", "night-soft") for ground in ("night", "night-raised")]
    weak = {pair: found for pair in pairs if (found := contrast(*(scheme[each] for each in pair))) < TEXT_MIN}
    assert weak == {}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_edges_of_controls_can_be_seen(name: str) -> None:
    scheme = schemes()[name]
    for edge, ground in (("edge", "paper"), ("edge", "surface"), ("focus", "paper"), ("night-edge", "night")):
        assert contrast(scheme[edge], scheme[ground]) >= EDGE_MIN, (edge, ground)


def test_code_has_only_colours_that_are_held_to_that() -> None:
    rules = re.findall(r"((?:\[class\^=\"hl-|\.hl-)[^{]*){([^}]*)}", (STYLES / "message.css").read_text())
    used = {colour for _, body in rules for colour in re.findall(r"(?<![\w-])color: ([^;]+);", body)}
    assert len(rules) > 5
    assert used <= {f"var(--{ink})" for ink in INKS}


def test_an_exported_page_has_the_colours_of_the_chat() -> None:
    roots = re.findall(r":root { (?:color-scheme: light dark; )?(.*?) }", EXPORT.read_text(), re.DOTALL)
    for (name, scheme), root in zip(schemes().items(), roots, strict=True):
        shown = dict(re.findall(r"--([\w-]+): ([^;]+);", root))
        expected = {colour: scheme[re.sub(r"^h(?=\d)", "hue-", colour)] for colour in shown}
        assert {colour: SHORT.get(value, value) for colour, value in shown.items()} == expected, name
        assert {"ink", "paper", "surface", "h11"} <= shown.keys(), name


def test_an_exported_page_has_no_other_colours() -> None:
    rules = re.sub(r":root {.*?}", "", EXPORT.read_text(), flags=re.DOTALL)
    values = set(re.findall(r"(?<![\w-])(?:color|background(?:-color)?): ([^;]+);", rules))
    assert "var(--ink)" in values
    assert {value for value in values if not value.startswith("var(--")} == {"none"}
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgb|hsl", rules) == []


def test_contrast_is_that_of_the_definition() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
