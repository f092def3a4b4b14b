"""Where the keyboard goes on at a button that its own press hides, removes or makes useless."""

from __future__ import annotations

from e2e.audit import Audit
from e2e.beside import Beside
from e2e.channel import OfChannel, with_notifications
from e2e.conftest import People
from e2e.line import Line
from e2e.presser import NOT_LOADED, Presser
from e2e.reader import Reader
from e2e.servers import Server
from e2e.test_timeline import MANY, MANY_MS, Writers, writers

__all__ = ["writers"]


def test_no_button_takes_the_focus_away_with_it(
    people: People, server: Server, channel: str, writers: Writers
) -> None:
    yrsa = with_notifications(people("yrsa", server))
    line = Line(yrsa.page)
    yrsa.sign_up().join(channel)
    eyes, keys, audit = Reader(yrsa), Presser(yrsa), Audit(yrsa)
    talker = writers(channel)
    eyes.see(f"straw {MANY - 1}", MANY_MS)
    line.answer(
        "history.page", NOT_LOADED
    )  # from the start: a fast page has asked for more before anybody looks
    yrsa.reload().expect_open(channel)

    eyes.go_to_the_end().see(f"straw {MANY - 1}").go_to_the_top()
    keys.expect_words("Older messages could not be loaded.")
    yrsa.picture("older-unavailable")
    audit.look("older messages that can't be loaded")
    first = int(eyes.in_sight()[0].split()[1])
    line.pass_on("history.page")
    line.hold("history.page")
    keys.enter("Load older messages").expect_words("Loading older messages…").expect_in_timeline()
    line.release()
    eyes.expect_here(f"straw {first - 20}").go_to_the_top()
    keys.enter("Newest messages").expect_in_timeline()
    eyes.see(f"straw {MANY - 1}").go_to_the_top()
    talker.say("One more")
    keys.enter("1 new message").expect_in_timeline()
    eyes.see("One more")

    Beside(yrsa).search("straw")
    keys.enter("Search further back").expect_at_found(21).expect_never_lost()

    yrsa.reload().expect_open(channel)
    eyes.go_to_the_end().see("One more").expect_not_here("needle")
    Beside(yrsa).search("needle").go_to_found("needle").close_by_keyboard()
    line.answer("history.page", NOT_LOADED)
    keys.enter("Load them").expect_words("could not be loaded")
    yrsa.picture("gap-unavailable")
    audit.look("a gap that can't be loaded").expect_none()
    line.pass_on("history.page")
    line.hold("history.page")
    keys.enter("Load them").expect_words("Looking for messages…").expect_focus_on("Load them")
    line.release()
    keys.expect_in_timeline()
    eyes.expect_here("straw 200")

    OfChannel(yrsa).expect_not_asked().open()
    keys.enter("Allow notifications").expect_focus_on("Show one as a test")
    line.cut()
    keys.stay_at("Try now").press("Enter")
    line.restore()
    keys.expect_at_node().expect_never_lost()
