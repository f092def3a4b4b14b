"""A held channel as JSON for programs, or as one page of HTML for people.

The page is self-contained and dead: its own policy forbids everything but its one style sheet, so that even
a message that got past the rendering could neither run nor load anything, wherever the file is opened.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import mark_safe

from webchat.exporting.held import Held, called, hue, named_mentions, written

FORMAT = "starling-channel"
VERSION = 1
FIELDS = (
    *("id", "author", "name", "text", "at_ms", "order"),
    *("reply_to", "edited_ms", "deleted", "reactions", "file"),
)


def as_json(held: Held) -> bytes:
    """Every message with its fields, as ``docs/api.md`` names them, and how much this is."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "channel": held.channel,
        "exported_at": held.at.isoformat(timespec="seconds"),
        "held": {
            "messages": len(held.messages),
            "first_at": held.first.isoformat(timespec="milliseconds") if held.first else None,
            "last_at": held.last.isoformat(timespec="milliseconds") if held.last else None,
            "all_that_the_node_holds": held.is_whole,
        },
        "names": held.names,
        "messages": [{field: message[field] for field in FIELDS} for message in held.messages],
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def as_html(held: Held) -> bytes:
    """One page that needs nothing else."""
    style = render_to_string("webchat/exporting/channel.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    context = {
        "held": held,
        "style": mark_safe(style),  # noqa: S308 - our own style sheet
        "policy": f"default-src 'none'; style-src 'sha256-{digest}'",
        "rows": _rows(held),
    }
    return render_to_string("webchat/exporting/channel.html", context).encode()


def _quoted(message: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """What an answer shows of the message before it; of a file its name."""
    said = message["text"] or (message["file"] or {}).get("name", "")
    return {"name": called(message["author"], names), "deleted": message["deleted"], "said": said}


def _rows(held: Held) -> list[dict[str, Any]]:
    names = held.names
    escaped = {node_id: str(escape(name)) for node_id, name in names.items()}
    by_id = {message["id"]: message for message in held.messages}
    rows = []
    day = None
    for message in held.messages:
        at = written(message)
        answered = by_id.get(message["reply_to"])
        rows.append(
            {
                "id": message["id"],
                "at": at,
                "new_day": at.date() if at.date() != day else None,
                "name": called(message["author"], names),
                "node": message["author"],
                "hue": hue(message["author"]),
                "deleted": message["deleted"],
                "edited": bool(message["edited_ms"]),
                # What ``webchat.rendering`` made: sanitised, and names escaped above.
                "html": mark_safe(named_mentions(message["html"], escaped)),  # noqa: S308
                "answered": answered and {"id": answered["id"], **_quoted(answered, names)},
                "file": message["file"],
                "is_answer": bool(message["reply_to"]),
                "reactions": [
                    (emoji, [called(one, names) for one in people]) for emoji, people in message["reactions"]
                ],
            }
        )
        day = at.date()
    return rows
