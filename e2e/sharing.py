"""How people share files and get them."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Download, Locator, expect

from e2e.camera import NARROW_PX
from e2e.chat import Message, Person

SHARED_MS = 30_000
UPLOADED = re.compile(r"/files/\?")
"""Where files go."""

HASTE = """
const later = window.setTimeout;
const shorter = ms => [2_000, 4_000, 8_000].includes(ms) ? ms / 20 : ms;
window.setTimeout = (act, ms, ...more) => later(act, shorter(ms), ...more);
"""
"""Nobody waits through the pauses between the tries of an upload (``uploads.js``)."""


DRAGGED = """([event, name, content]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([content], name));
    const dragged = new DragEvent(event, { dataTransfer, bubbles: true, cancelable: true });
    return !document.querySelector("h1").dispatchEvent(dragged);
}"""
"""What a browser tells the page of a file above it; whether the page keeps it from the browser."""


def in_haste(person: Person) -> Person:
    """Uploads are tried again soon; before the first page."""
    person.page.add_init_script(HASTE)
    return person


class Sharing:
    """A person's use of files."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def share(self, *paths: Path) -> Sharing:
        """Choose files with the button beside the composer."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Share a file").click()
        chooser.value.set_files(paths)
        return self

    def drop_beside(self, name: str, content: str) -> Sharing:
        """Drag a file from the desktop and let it fall on the page's head, beside the messages."""
        for event in ("dragover", "drop"):
            kept = self.page.evaluate(DRAGGED, [event, name, content])
            assert kept, f"{event}: the browser opens the file in place of the page"
        return self

    def drag_above(self, name: str) -> Sharing:
        """Hold a file above the messages; where it goes is outlined."""
        self.page.evaluate(DRAGGED, ["dragover", name, ""])
        expect(self.page.locator("#conversation")).to_have_class(re.compile("is-target"))
        return self

    @property
    def uploads(self) -> Locator:
        """Those on their way."""
        return self.page.get_by_role("list", name="Files on their way").get_by_role("listitem")

    def expect_refused(self, words: str) -> Sharing:
        """The list says why a file was not shared; it can be discarded."""
        expect(self.uploads.first).to_contain_text(words, timeout=SHARED_MS)
        self.page.wait_for_load_state()
        return self

    def expect_on_its_way(self, name: str) -> Sharing:
        """The list shows how far a file has got; it can be cancelled."""
        expect(self.uploads.first).to_contain_text(name, timeout=SHARED_MS)
        expect(self.uploads.first.get_by_role("button", name="Cancel")).to_be_visible()
        return self

    def cut(self, is_cut: bool) -> Sharing:
        """Files get through to the server no more, or again, while everything else does."""
        if is_cut:
            self.page.route(UPLOADED, lambda route: route.abort())
        else:
            self.page.unroute(UPLOADED)
        return self

    def expect_lost(self, words: str) -> Sharing:
        """One is given up after some tries, and stays in the list."""
        self.expect_refused(words)
        expect(self.uploads.first.get_by_role("button", name="Retry")).to_be_visible()
        return self

    def retry(self) -> Sharing:
        """Try the lost one again; the focus stays near."""
        self.uploads.first.get_by_role("button", name="Retry").click()
        assert self.page.evaluate("document.activeElement !== document.body")
        return self

    def offline(self, is_offline: bool) -> Sharing:
        """This device loses its network, or has it again."""
        self.page.context.set_offline(is_offline)
        return self

    def expect_waiting(self, words: str) -> Sharing:
        """A file waits and the list says for what; closing the page would be asked about."""
        expect(self.uploads.first).to_contain_text(words, timeout=SHARED_MS)
        assert self.would_ask()
        return self

    def expect_nothing_to_lose(self) -> Sharing:
        """No file is on its way, and the page can be closed."""
        expect(self.uploads).to_have_count(0, timeout=SHARED_MS)
        assert not self.would_ask()
        return self

    def would_ask(self) -> bool:
        """Whether the page has the browser ask before it is closed."""
        going = "!dispatchEvent(new Event('beforeunload', { cancelable: true }))"
        asks: bool = self.page.evaluate(going)
        return asks

    def discard(self) -> Sharing:
        """Take the failed one off the list; the focus stays near."""
        self.uploads.first.get_by_role("button", name="Discard").click()
        expect(self.uploads).to_have_count(0)
        assert self.page.evaluate("document.activeElement !== document.body")
        return self

    def message(self, name: str) -> Message:
        """The row of a file, once it is a message."""
        row = self.person.timeline.get_by_role("article").filter(has_text=name)
        expect(row).to_have_count(1, timeout=SHARED_MS)
        return Message(row.get_attribute("data-msg-id") or "", name, self.person.channel, self.person)

    def expect_image(self, message: Message) -> Sharing:
        """The picture is shown in the row."""
        image = self.person.row(message).get_by_role("img", name=f"Picture {message.text}")
        expect(image).to_be_visible(timeout=SHARED_MS)
        expect(image).to_have_js_property("complete", True, timeout=SHARED_MS)
        assert image.evaluate("image => image.naturalWidth") > 0
        return self

    def expect_image_on_request(self, message: Message) -> Sharing:
        """The picture is not in the row; its link shows it on a page of its own."""
        row = self.person.row(message)
        link = row.get_by_role("link", name=f"Show picture {message.text}")
        expect(link).to_be_visible(timeout=SHARED_MS)
        expect(row.locator("img.file-image")).to_have_count(0)
        with self.page.expect_popup() as shown:
            link.click()
        image = shown.value.get_by_role("img")
        expect(image).to_have_js_property("complete", True, timeout=SHARED_MS)
        assert image.evaluate("image => image.naturalWidth") > 0
        shown.value.close()
        return self

    def expect_no_image(self, message: Message) -> Sharing:
        """What only calls itself a picture is a file like any other."""
        expect(self.person.row(message).get_by_role("img", name="Picture")).to_have_count(
            0, timeout=SHARED_MS
        )
        return self

    def expect_available(self, message: Message, nodes: int) -> Sharing:
        """The row says how many nodes have it."""
        words = f"available from {nodes} nodes"
        expect(self.person.row(message).get_by_text(words)).to_be_visible(timeout=4 * SHARED_MS)
        return self

    def expect_words(self, message: Message, words: str) -> Sharing:
        """The row says this of the file."""
        expect(self.person.row(message)).to_contain_text(words, timeout=SHARED_MS)
        return self

    def expect_not_saved(self, message: Message, words: str) -> Sharing:
        """Pressing Save saves nothing, and the row says why."""
        downloads: list[Download] = []

        def note(download: Download) -> None:
            downloads.append(download)

        self.page.on("download", note)
        self.person.row(message).get_by_role("link", name=f"Save {message.text}").click()
        self.expect_words(message, words)
        self.page.remove_listener("download", note)
        assert downloads == []
        return self

    def narrow(self) -> Sharing:
        """As on a phone, where a file takes the whole row."""
        width, height = NARROW_PX
        self.page.set_viewport_size({"width": width, "height": height})
        return self

    def save(self, message: Message, folder: Path) -> bytes:
        """Save it to the disk; its contents."""
        with self.page.expect_download() as download:
            self.person.row(message).get_by_role("link", name=f"Save {message.text}").click()
        assert download.value.suggested_filename == message.text
        path = folder / "saved"
        download.value.save_as(path)
        return path.read_bytes()
