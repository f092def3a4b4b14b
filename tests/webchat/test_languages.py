"""Each language is complete: the error catalogue, Django's catalogue, and the choice of one."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from peernode.diagnostics.codes import CATALOGUE, error_info
from peernode.doctor.words import SENTENCES, sentence_of
from peernode.overlay import overlay
from tools import languages
from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.languages.errors import STEPS, TABLES, in_language, language_of, translated
from webchat.peer import Peer


def open_values(pattern: str) -> set[str]:
    """Names of the values that a pattern leaves open."""
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


@pytest.mark.parametrize("language", TABLES)
def test_every_code_is_translated_with_the_same_values(language: str) -> None:
    errors, _ = TABLES[language]
    assert errors.keys() == CATALOGUE.keys()
    for code, (message, remedy) in errors.items():
        assert open_values(message) == open_values(CATALOGUE[code].meaning), code
        assert open_values(remedy) == open_values(CATALOGUE[code].remedy), code
        assert not message.endswith("."), code
        assert remedy.endswith("."), code


@pytest.mark.parametrize("language", TABLES)
def test_every_sentence_about_the_own_node_is_translated(language: str) -> None:
    _, sentences = TABLES[language]
    told = {
        text for name, text in vars(overlay).items() if re.fullmatch("[A-Z]+", name) and isinstance(text, str)
    }
    assert told | {Peer(lambda frame: None)._told["reason"]} == sentences.keys()


def test_values_are_taken_over_from_the_english_text() -> None:
    fields = error_fields(CommandError("RATE_LIMITED", retry_after=7))
    shown = in_language(fields, "de")
    assert shown["message"] == "Zu viel in kurzer Zeit"
    assert shown["remedy"] == "Warte 7 Sekunden, dann geht es wieder."
    assert (shown["code"], shown["retry_after"]) == ("RATE_LIMITED", 7)
    assert in_language(fields, "en") == fields


@pytest.mark.parametrize("step", ["{0}", "a\nb", ".*", "%(x)s", "{step}"])
def test_values_are_never_read_as_patterns(step: str) -> None:
    error = error_info("TIMEOUT", step=step)
    fields = {"code": "TIMEOUT", "message": error.message, "remedy": error.remedy}
    assert in_language(fields, "de")["message"] == f"Es hat zu lange gedauert: {step}"


def test_errors_are_translated_wherever_they_stand_in_a_frame() -> None:
    error = error_fields(CommandError("EMPTY"))
    frame = {
        "type": "welcome",
        "node": {"state": "offline", "peers": 0, "reason": "Starting …"},
        "channels": [{"outbox": [{"id": "1", "text": "EMPTY", "error": error}]}],
    }
    shown = translated(frame, "de")
    assert shown["node"]["reason"] == "Startet …"
    assert shown["channels"][0]["outbox"][0]["error"]["message"] == "Die Nachricht ist leer"
    assert shown["channels"][0]["outbox"][0]["text"] == "EMPTY"
    assert translated(frame, "en") is frame


def test_what_no_table_knows_stays_as_it_is() -> None:
    unknown = {"code": "FROM_LATER", "message": "A newer one", "remedy": "Wait."}
    assert in_language(unknown, "de") == unknown


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de", "de"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr,de;q=0.5", "de"),
        ("", "fr", "en"),
        ("starling_language=en", "de", "en"),
        ("a=b; starling_language=de", "en", "de"),
        ("starling_language=xx", "de", "de"),
        ("starling_language=../../etc", "\x00;q=x", "en"),
    ],
)
def test_a_sockets_language_is_the_one_chosen_or_the_browsers(
    cookie: str, accepted: str, language: str
) -> None:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accepted.encode())]
    assert language_of(headers) == language
    assert language_of([]) == "en"


CATALOGUES = sorted(languages.ROOT.glob("locale/*/LC_MESSAGES/django.po"))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_text_of_the_pages_is_translated_and_compiled(path: Path) -> None:
    entries = languages.catalogue(path.read_text())
    assert languages.complaints(entries, languages.said()) == []
    assert path.with_suffix(".mo").read_bytes() == languages.compiled(entries)


def test_the_languages_offered_have_all_their_tables(settings: Settings) -> None:
    offered = {code for code, _ in settings.LANGUAGES} - {"en"}
    assert offered == TABLES.keys() == {path.parts[-3] for path in CATALOGUES}


def test_what_is_said_is_found_in_planted_sources() -> None:
    template = """{% translate 'One' %}<b title="{% translate "It's two" %}">
    {% blocktranslate trimmed count n=x|length with a=b|date:"c" %}
      {{ n }} thing
      of {{ a }}{% plural %}{{ n }} things{% endblocktranslate %}"""
    assert list(languages.said_in_template(template)) == [
        ("One",),
        ("It's two",),
        ("%(n)s thing of %(a)s", "%(n)s things"),
    ]
    module = 'x = _("a" "b") % y\nz = ngettext("%(n)s c", "%(n)s d", n)\nprint("e")'
    assert set(languages.said_in_module(module)) == {("ab",), ("%(n)s c", "%(n)s d")}


def test_missing_unused_and_empty_entries_are_named() -> None:
    entries = languages.catalogue(
        'msgid ""\nmsgstr "Language: de\\n"\n\nmsgid "old"\nmsgstr "alt"\n\n'
        'msgid "empty"\nmsgstr ""\n\n#, python-format\nmsgid "%(n)s"\nmsgstr "%(m)s"\n'
    )
    assert languages.complaints(entries, {("new",), ("empty",), ("%(n)s",)}) == [
        "not translated: 'new'",
        "not said any more: 'old'",
        "other values than in the text: '%(n)s'",
        "empty: 'empty'",
    ]


NAMES = {
    "Starling",
    "UTC",
    "JSON",
    "HOST",
    "PORT",
    "CSV",
    "Enter",
    "Shift",
    "Alt",
    "Esc",
    "End",
    "Tab",
    "Del",
    "J",
    "K",
    "P",
    "S",
    "I",
    "O",
    "R",
    "L",
    "E",
}


def test_no_page_says_anything_untranslated() -> None:
    for path in sorted((languages.ROOT / "templates" / "webchat").rglob("*.html")):
        text = re.sub(
            r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{#.*?#}|<svg.*?</svg>",
            "",
            path.read_text(),
            flags=re.DOTALL,
        )
        text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
        shown = re.findall(r"(?:title|aria-label|placeholder|alt)=[\"']([^\"']*)", text)
        words = set(re.findall(r"[A-Za-z]+", " ".join([re.sub(r"<[^>]*>", " ", text), *shown])))
        assert words - NAMES <= {"lobby"}, path.name


@pytest.mark.django_db
def test_a_page_speaks_the_browsers_language_or_the_one_chosen() -> None:
    client = Client(headers={"accept-language": "de-CH,de;q=0.9"})
    assert "Willkommen zurück" in client.get(reverse("signin")).content.decode()
    assert '<html lang="de"' in client.get(reverse("signin")).content.decode()
    chosen = client.post(reverse("set_language"), {"language": "en", "next": reverse("signup")})
    assert chosen["Location"] == reverse("signup")
    assert "Join the flock" in client.get(reverse("signup")).content.decode()
    elsewhere = client.post(reverse("set_language"), {"language": "de", "next": "https://evil.example/"})
    assert "evil" not in elsewhere["Location"]


@pytest.mark.django_db
def test_forms_and_refusals_speak_it_too() -> None:
    User.objects.create_user("ann", password="correct horse battery")
    client = Client(headers={"accept-language": "de"})
    page = client.post(reverse("signup"), {"username": "ANN", "password": "kurz"}).content.decode()
    assert "Dieser Name ist vergeben" in page
    assert "Passwort ist zu kurz" in page
    page = client.post(reverse("signin"), {"username": "ann", "password": "x"}).content.decode()
    assert "Benutzername oder Passwort stimmt nicht" in page


@pytest.mark.parametrize("language", STEPS)
def test_every_sentence_of_the_doctor_is_translated(language: str) -> None:
    """A new one (``peernode/doctor/words.py``) needs a line in ``webchat/languages/german_steps.py``."""
    assert STEPS[language].keys() == SENTENCES.keys()
    for key, english in SENTENCES.items():
        own = STEPS[language][key]
        assert [*_blanks(own)] == [*_blanks(english)], key
        assert own != english or key == "error", key


def _blanks(pattern: str) -> list[tuple[str, str]]:
    return sorted((name, spec or "") for _, name, spec, _ in string.Formatter().parse(pattern) if name)


@pytest.mark.parametrize(
    ("says", "values", "shown"),
    [
        (["socket.open"], {"address": "10.0.0.7:8468"}, "Hört auf UDP 10.0.0.7:8468."),
        (
            ["store.sound", "store.durable"],
            {"write_ms": 1.5},
            "Die Datenbank ist heil. Was geschrieben wurde, war nach 1,5 ms sicher.",
        ),
        (
            ["bootstrap.answers"],
            {"rtt_ms": 0.4, "versions": [[1, 2], [3, 3]]},
            "Antwortet in 0,4 ms, spricht Versionen 1 bis 2, Version 3.",
        ),
        (["lookup.answered"], {"asked": 1, "answered": 0}, "1 Knoten gefragt, 0 haben geantwortet."),
        (["error"], {"detail": "disk I/O error"}, "disk I/O error"),
    ],
)
def test_a_step_of_the_doctor_is_told_in_the_reader_s_language(
    says: list[str], values: dict[str, Any], shown: str
) -> None:
    step = {**STEP, "sentence": sentence_of(says, values), "says": says, "values": values}
    assert translated({"steps": [step]}, "de") == {"steps": [{**step, "sentence": shown, "lang": "de"}]}
    assert translated({"steps": [step]}, "en") == {"steps": [step]}


JOIN_CODES = (
    "NO_BOOTSTRAP",
    "NO_INITIATOR",
    "NO_PLACE",
    "SEND_PATH_BROKEN",
    "STORE_FULL",
    "UNREACHABLE_BY_INITIATORS",
)


@pytest.mark.parametrize("code", JOIN_CODES)
def test_why_a_step_of_a_join_failed_is_told_in_the_reader_s_language(code: str) -> None:
    message = error_info(code, step="find", peer="p", host="h", channel="#lobby").message
    frame = {"type": "channel.progress", "channel": "#lobby", "step": "find", "index": 2, "detail": message}
    told = translated(frame, "de")
    assert told["detail"] != message
    assert told["detail"] == translated({"code": code, "message": message, "remedy": ""}, "de")["message"]
    assert {**told, "detail": message} == frame
    for detail in ("7", "3/5", "over 10.0.0.1", ""):
        assert translated({**frame, "detail": detail}, "de")["detail"] == detail


STEP = {"name": "store", "result": "ok", "sentence": "The database is sound.", "code": "", "remedy": ""}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"says": ["store.sound", "store.unheard_of"], "values": {}},
        {"says": ["store.durable"], "values": {}},
        {"says": ["bootstrap.answers"], "values": {"rtt_ms": 1, "versions": 7}},
    ],
)
def test_a_step_that_can_not_be_told_again_stays_whole_and_english(fields: dict[str, Any]) -> None:
    assert translated({**STEP, **fields}, "de") == {**STEP, **fields, "lang": "en"}
