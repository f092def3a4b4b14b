"""The engine's texts in the reader's language.

The engine writes English: it knows no reader, and one text goes to several. So what reaches a person is
translated at the last moment, by its code: the English pattern of the catalogue gives back the values that
stand in it, and the translated pattern takes them up. What a table does not know stays English and whole.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import parse_cookie
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from webchat.bridge import catalogue_texts
from webchat.languages import german, german_steps
from webchat.languages.steps import told_again

TABLES = {"de": (german.ERRORS, german.SENTENCES)}
STEPS = {"de": german_steps.STEPS}
DEFAULT = "en"
PREFERENCES_MAX = 10
"""Of a browser's list of languages no more are looked at."""


def in_language(fields: dict[str, Any], language: str) -> dict[str, Any]:
    """An error's fields, or a node's state, with its texts in a language."""
    if language not in TABLES:
        return fields
    errors, sentences = TABLES[language]
    code = fields.get("code", "")
    english, own = catalogue_texts(code), errors.get(code)
    texts = {}
    for name, at in (("message", 0), ("reason", 0), ("remedy", 1)):
        if isinstance(text := fields.get(name), str):
            again = _again(english[at], own[at], text) if english and own else None
            texts[name] = again or sentences.get(text, text)
    return {**fields, **texts}


def translated(value: Any, language: str) -> Any:
    """A frame with every error in it, however deep, in a language."""
    if language not in TABLES:
        return value
    if isinstance(value, list | tuple):
        return [translated(each, language) for each in value]
    if not isinstance(value, dict):
        return value
    inside = {name: translated(each, language) for name, each in value.items()}
    is_error = "code" in value and "remedy" in value
    told = in_language(inside, language) if is_error or "peers" in value else inside
    if "sentence" in told and "result" in told:
        return _step(told, language)
    return _join_step(told, language) if value.get("type") == "channel.progress" else told


def _join_step(fields: dict[str, Any], language: str) -> dict[str, Any]:
    """How far a join is; the detail of a step that failed is an error's message without its code."""
    for code, own in TABLES[language][0].items():
        english = catalogue_texts(code)
        again = _again(english[0], own[0], fields["detail"]) if english else None
        if again is not None:
            return {**fields, "detail": again}
    return fields


def _step(fields: dict[str, Any], language: str) -> dict[str, Any]:
    """What the doctor found in one step; ``lang``: the language in which it is told."""
    says = fields.get("says")  # not of an earlier worker's
    again = told_again(says, fields["values"], STEPS[language], language) if says else None
    return {**fields, "lang": DEFAULT} if again is None else {**fields, "sentence": again, "lang": language}


def language_of(headers: list[tuple[bytes, bytes]]) -> str:
    """The language of a browser's socket: chosen on a page (a cookie), or the browser's own."""
    values = {name: value.decode("latin-1") for name, value in headers}
    chosen = parse_cookie(values.get(b"cookie", "")).get(settings.LANGUAGE_COOKIE_NAME, "")
    accepted = parse_accept_lang_header(values.get(b"accept-language", ""))
    for code in (chosen, *(code for code, _ in accepted[:PREFERENCES_MAX])):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return DEFAULT


def _again(english: str, own: str, text: str) -> str | None:
    found = _pattern(english).fullmatch(text)
    return own.format_map(found.groupdict()) if found else None


@lru_cache(maxsize=256)
def _pattern(english: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", english)
    return re.compile(
        "".join(f"(?P<{part}>.*)" if at % 2 else re.escape(part) for at, part in enumerate(parts)), re.DOTALL
    )
