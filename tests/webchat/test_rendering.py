"""Markdown in messages: what people write looks as they meant it, and what acts does not get through."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.webchat.vectors import VECTORS
from webchat.rendering import CODE_MAX_CHARS, LINES_MAX, MARKS_MAX, TAGS, rendered

NODE = "0123456789" * 4
LINK = 'target="_blank" rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"'
SAFE_ATTRIBUTES = {
    "a": {"href", "target", "rel", "referrerpolicy"},
    "ol": {"start"},
    "span": {"class", "data-node"},
    "code": {"data-language"},
}


class Inspection(HTMLParser):
    """Complains about every tag, attribute and address that is not harmless."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.complaints: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in TAGS:
            self.complaints.append(f"<{tag}>")
        for name, value in attrs:
            if name not in SAFE_ATTRIBUTES.get(tag, set()):
                self.complaints.append(f"{tag} {name}")
            if name == "href" and not (value or "").startswith(("http://", "https://", "mailto:")):
                self.complaints.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.complaints.append("a comment")

    def handle_decl(self, decl: str) -> None:
        self.complaints.append("a declaration")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("hello", "<p>hello</p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("**b** and *i* and ~~s~~", "<p><strong>b</strong> and <em>i</em> and <s>s</s></p>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("# no heading", "<p># no heading</p>"),
        ("5 * 3 * 2 snake_case_name", "<p>5 * 3 * 2 snake_case_name</p>"),
        ("a < b && c > d", "<p>a &lt; b &amp;&amp; c &gt; d</p>"),
        ("```\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>"),
        ("[x](javascript:y)", "<p>[x](javascript:y)</p>"),
        ("example.org", "<p>example.org</p>"),
        (f"<@{NODE}>", f'<p><span class="mention" data-node="{NODE}">@01234567</span></p>'),
        (f"`<@{NODE}>`", f"<p><code>&lt;@{NODE}&gt;</code></p>"),
    ],
)
def test_what_people_write_looks_as_they_meant_it(text: str, html: str) -> None:
    assert rendered(text) == html


@pytest.mark.parametrize("text", ["https://a.example/b?c=d&e", "[x](https://a.example/b?c=d&e)"])
def test_a_link_opens_elsewhere_and_tells_nothing(text: str) -> None:
    html = rendered(text)
    assert 'href="https://a.example/b?c=d&amp;e"' in html
    for attribute in LINK.split('" '):
        assert attribute.rstrip('"') in html


def test_code_is_coloured_up_to_a_bound() -> None:
    assert '<span class="hl-k">def</span>' in rendered("```python\ndef f(): pass\n```")
    assert 'data-language="python"' in rendered("```python\ndef f(): pass\n```")
    long = "```python\n" + "x = 1\n" * (CODE_MAX_CHARS // 6 + 1) + "```"
    assert "<span" not in rendered(long)
    assert "x = 1" in rendered(long)
    assert "<span" not in rendered("```nonsense\ndef\n```")


@pytest.mark.parametrize(
    "text", ["[" * (MARKS_MAX + 1), "*a*\n" * (LINES_MAX + 1), "http://a.b " * MARKS_MAX]
)
def test_what_would_be_slow_is_shown_as_it_was_written(text: str) -> None:
    inspection = Inspection(rendered(text))
    assert set(inspection.tags) <= {"p", "br"}
    assert "".join(inspection.text.split()) == "".join(text.split())


@pytest.mark.parametrize("text", VECTORS)
def test_what_acts_does_not_get_through(text: str) -> None:
    assert Inspection(rendered(text)).complaints == []


def test_there_are_enough_hostile_texts() -> None:
    assert len(set(VECTORS)) >= 100


_TAGS = ("<script>", "</", ">", "<img src=x ", "<!--", "onerror=", "&lt;", "&#60;", "javascript:", "http://a")
_MARKS = ("`", "```", "[", "](", ")", "> ", "- ", "*", "_", "\\", "<@", NODE)
PIECES = st.sampled_from([*_TAGS, *_MARKS, '"', "'", "=", "a", " ", "\n", "\x00"])


@settings(max_examples=300)
@example("[x]()")
@example("[]()")
@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_combination_gets_through(text: str) -> None:
    html = rendered(text)
    assert Inspection(html).complaints == []
    assert rendered(text) == html
