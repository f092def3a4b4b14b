"""A person whose join does not come to its end at once: what the page says, and that it ends by itself."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from e2e.camera import NARROW_PX
from e2e.chat import JOIN_MAX_MS, SOON_MS, Message, Person
from peernode.diagnostics.codes import CATALOGUE

REJOIN_MAX_MS = 20_000
"""The node tries again by itself, with growing pauses."""

UNREACHED_STEPS = re.compile("Starting your node|Finding the channel|Subscribing")
"""Where a join stands that reaches nobody: it depends on whom the node had heard of before."""

BY_THE_PAGES_CLOCK = """() => {
    const found = window.__told = {};
    const watch = new MutationObserver(() => {
        const card = document.querySelector("[data-join-state]");
        const code = card?.querySelector("code");
        if (!code?.checkVisibility() || !found.asked_ms) return;
        watch.disconnect();
        const step = card.querySelector("[aria-current=step]");
        // What has changed until now is drawn before the frame after the next one.
        requestAnimationFrame(() => requestAnimationFrame(() => {
            found.took_ms = performance.now() - found.asked_ms;
            Object.assign(found, { step: step?.innerText ?? "", code: code.innerText, card: card.innerText });
        }));
    });
    watch.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    addEventListener("click", () => { found.asked_ms ??= performance.now(); }, { capture: true, once: true });
}"""


class Joiner:
    """The view of one person on one join."""

    def __init__(self, person: Person, channel: str) -> None:
        self.person = person
        self.channel = channel
        self.card = person.join_card

    def ask(self) -> Joiner:
        """Press Join; the page notes by its own clock when, and when it says why that hangs."""
        self.person.page.evaluate(BY_THE_PAGES_CLOCK)
        self.person.ask_to_join(self.channel)
        return self

    def expect_joining(self) -> Joiner:
        """It is on its way; the card shows the steps."""
        expect(self.card).to_have_attribute("data-join-state", "joining", timeout=SOON_MS)
        return self

    def expect_trouble(self) -> Joiner:
        """Within the bound of a join: which step does not come to an end, why, and what can be done."""
        self.person.page.wait_for_function("() => window.__told.took_ms", timeout=SOON_MS)
        told: dict[str, Any] = self.person.page.evaluate("window.__told")
        assert told["took_ms"] <= JOIN_MAX_MS, told
        assert UNREACHED_STEPS.search(told["step"]), told
        code = CATALOGUE[told["code"]]
        assert code.meaning in told["card"], told
        assert f"What you can do: {code.remedy}" in told["card"], told
        expect(self.card).to_have_attribute("data-join-state", "delayed")
        expect(self.card.get_by_role("listitem").filter(has_text="in progress")).to_have_count(1)
        # Said once, not as a toast too.
        expect(self.person.page.get_by_text(told["code"], exact=True)).to_have_count(1)
        return self

    def expect_step_in_sight_on_a_telephone(self) -> Joiner:
        """Also there the step that hangs is seen beside the reason, without scrolling."""
        page, size = self.person.page, self.person.page.viewport_size
        assert size is not None
        page.set_viewport_size({"width": NARROW_PX[0], "height": NARROW_PX[1]})
        expect(self.card.locator("[aria-current=step] .step-label")).to_be_in_viewport(ratio=0.9)
        page.set_viewport_size(size)
        return self

    def expect_refused(self, code: str) -> Joiner:
        """The node has given it up; the card says why, and stays."""
        expect(self.card).to_have_attribute("data-join-state", "refused", timeout=SOON_MS)
        expect(self.card).to_contain_text(CATALOGUE[code].remedy)
        return self

    def write(self, text: str) -> Message:
        """Write into the channel that is being joined still."""
        self.person.channel = self.channel
        return self.person.say(text)

    def expect_joined(self) -> Joiner:
        """It has come to its end, without anybody's help."""
        expect(self.card).to_have_attribute("data-join-state", "joined", timeout=REJOIN_MAX_MS)
        self.person.expect_open(self.channel)
        return self
