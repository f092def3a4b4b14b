"""Messages as HTML: the part of Markdown that a chat needs, and nothing that acts.

``markdown-it-py`` reads the text with a short list of rules (no HTML, no images, no headings), Pygments
colours code, and ``nh3`` keeps of the result only what ``TAGS`` and ``ATTRIBUTES`` name, whatever it is.

Invariants: the same text gives the same HTML on every node, so a page read anew looks as before; nothing
in it runs, loads or frames anything; a link goes to http, https or mail, in a new tab, and says nothing of
where it was clicked; a text that would be slow to read (over ``MARKS_MAX`` marks or ``LINES_MAX`` lines of
prose) is shown as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from webchat.textcache import TextCache

CACHED_MAX = 4096
CACHED_MAX_BYTES = 32 * 1024 * 1024
"""Texts whose HTML is remembered, and the room for both; a snapshot shows the same ones again and again."""

NESTING_MAX = 20
MARKS_MAX = 800
"""What could begin or end something, outside of code. The cost grows with its square at worst."""

LINES_MAX = 300

LINK_MARKS = 10
"""An address counts as so many."""

CODE_MAX_CHARS = 2000
"""Of one message; code beyond is shown without colours. What was made to be slow takes 20 us a character."""

LANGUAGES = frozenset(
    {
        *("bash", "c", "cpp", "csharp", "css", "diff", "docker", "go", "html", "ini", "java", "javascript"),
        *("js", "json", "kotlin", "lua", "make", "markdown", "nginx", "php", "pycon", "python", "py", "rb"),
        *("ruby", "rust", "scss", "sh", "sql", "swift", "toml", "ts", "typescript", "xml", "yaml", "yml"),
    }
)

RULES = (
    *("blockquote", "code", "fence", "list"),
    *("autolink", "backticks", "emphasis", "entity", "escape", "link", "linkify", "newline", "strikethrough"),
    *("balance_pairs", "fragments_join", "normalize", "block", "inline", "text_join", "text", "paragraph"),
)

TAGS = {"a", "blockquote", "br", "code", "del", "em", "li", "ol", "p", "pre", "s", "span", "strong", "ul"}
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href"},
    "ol": {"start"},
    "span": {"class", "data-node"},
    "code": {"data-language"},
}
LINK = {"a": {"target": "_blank", "referrerpolicy": "no-referrer"}}
SCHEMES = {"http", "https", "mailto"}
_ADDRESS = re.compile(r"(https?://|mailto:)[^/]", re.IGNORECASE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"[\[\]*_~`<>&!\\@]")

MENTION = re.compile(r"<@([0-9a-f]{40})>")
_CODE_CLASS = re.compile(r"hl-[a-z0-9]{1,4}|mention")


def _rendered(text: str) -> str:
    return nh3.clean(
        as_written(text) if _is_slow(text) else _MARKDOWN.render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values=LINK,
    ).strip()


def _is_slow(text: str) -> bool:
    prose = _FENCED.sub("", text)
    marks = len(_MARK.findall(prose)) + LINK_MARKS * prose.count(":")
    return marks > MARKS_MAX or prose.count("\n") > LINES_MAX


def as_written(text: str) -> str:
    """A text without any of its marks taken for one."""
    return f"<p>{'<br>'.join(escape(text, quote=False).splitlines())}</p>"


def _kept(tag: str, name: str, value: str) -> str | None:
    """What stays of an attribute: of classes only our own, of addresses those that lead somewhere."""
    if name == "href":
        return value if _ADDRESS.match(value) else None  # ``[x]()`` is no link to this very page
    if name == "class":
        return value if _CODE_CLASS.fullmatch(value) else None
    return value


def _mention(state: StateInline, silent: bool) -> bool:
    """``<@node id>``: a person; the page puts the name in, which may change."""
    found = MENTION.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("mention", "", 0)
        token.content = found[1]
    state.pos = found.end()
    return True


def _render_mention(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    node_id = tokens[index].content
    return f'<span class="mention" data-node="{node_id}">@{node_id[:8]}</span>'


def _highlighted(code: str, language: str, env: dict[str, Any]) -> str:
    """Coloured code, or the code as it is; ``env`` is the message's."""
    coloured = env.get("coloured", 0) + len(code)
    if language.lower() not in LANGUAGES or coloured > CODE_MAX_CHARS:
        return escape(code, quote=False)
    env["coloured"] = coloured
    try:
        lexer = get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code, quote=False)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="hl-")))


def _render_fence(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Any
) -> str:
    token = tokens[index]
    words = token.info.split(maxsplit=1)
    language = words[0] if words else ""
    shown = f' data-language="{escape(language)}"' if language else ""
    return f"<pre><code{shown}>{_highlighted(token.content, language, env)}</code></pre>\n"


def _markdown() -> MarkdownIt:
    options = {"html": False, "linkify": True, "breaks": True, "maxNesting": NESTING_MAX}
    markdown = MarkdownIt("zero", options)
    markdown.enable([rule for rule in RULES if rule in _known_rules(markdown)])
    markdown.validateLink = lambda url: _ADDRESS.match(url) is not None  # type: ignore[method-assign]
    assert markdown.linkify is not None
    markdown.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    for schema in ("ftp:", "//"):
        markdown.linkify.add(schema, None)
    markdown.inline.ruler.before("autolink", "mention", _mention)
    markdown.add_render_rule("mention", _render_mention)
    markdown.add_render_rule("fence", _render_fence)
    return markdown


def _known_rules(markdown: MarkdownIt) -> set[str]:
    return {rule for rules in markdown.get_all_rules().values() for rule in rules}


_MARKDOWN = _markdown()

rendered = TextCache(_rendered, CACHED_MAX, CACHED_MAX_BYTES)
"""The HTML of a message's text; safe to put into a page."""
