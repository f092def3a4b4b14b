"""All that the list of keys promises, by keyboard alone."""

from __future__ import annotations

from e2e.conftest import People
from e2e.keys import EVERYWHERE, FIELD, TIMELINE, Keys
from e2e.servers import Network, Server


def test_every_key_of_the_list_does_what_it_says(people: People, server: Server, channel: str) -> None:
    third, second = f"{channel}-3", f"{channel}-2"
    malte = people("malte", server).sign_up().join(third).join(second).join(channel)
    lilli = people("lilli", server).sign_up().join(channel)
    hers = lilli.say("Who has the keys?")
    malte.expect_message(hers)
    keys = Keys(malte)

    keys.listed(EVERYWHERE, "Alt ↓").expect_at(second).listed(EVERYWHERE, "Alt ↓").expect_at(third)
    keys.listed(EVERYWHERE, "Alt ↑").expect_at(second).listed(EVERYWHERE, "Alt ↑").expect_at(channel)
    keys.listed(EVERYWHERE, "Alt J").expect_naming_a_channel().write(third).press("Enter")
    keys.expect_at(third).listed(EVERYWHERE, "Alt J").write(channel).press("Enter")
    keys.expect_at(channel)
    for key, panel in (("P", "People"), ("S", "Search"), ("I", "About this channel")):
        keys.listed(EVERYWHERE, f"Alt {key}").expect_panel(panel)
        keys.listed(EVERYWHERE, f"Alt {key}").expect_panel(panel, False)
    keys.listed(EVERYWHERE, "Alt K").expect_dialog("Keyboard").press("Escape")
    keys.press("Alt+p").expect_panel("People")
    keys.leave_the_field().listed(EVERYWHERE, "Esc").expect_panel("People", False)
    keys.leave_the_field().listed(EVERYWHERE, "Esc").expect_writing("")

    keys.write("Two lines:").listed(FIELD, "Shift Enter").write("this one").expect_nothing_sent(hers)
    keys.expect_writing("Two lines:\nthis one").listed(FIELD, "Enter").expect_writing("")
    lines = malte._written("this one")
    malte.expect_delivered(lines)
    keys.listed(FIELD, "@").write("lil").press("Enter").write("has").press("Enter")
    mention = malte._written("@lilli has")
    keys.expect_mention(mention, "lilli", own=False)
    malte.expect_delivered(mention)
    keys.listed(FIELD, "↑").expect_about("Edit your message").expect_writing("@lilli has")
    keys.listed(FIELD, "Esc").expect_writing("").expect_nothing_sent(hers, lines, mention)

    keys.leave_the_field().listed(TIMELINE, "↑").expect_row(mention)
    keys.listed(TIMELINE, "↑").expect_row(lines).listed(TIMELINE, "↓").expect_row(mention)
    keys.listed(TIMELINE, "Tab").expect_focus_on("Delivered to 1 of 1").press("Tab").expect_focus_on("React")
    keys.press("Escape")
    keys.go_to_newest_row().listed(TIMELINE, "R").expect_about("Reply to malte")
    keys.listed(FIELD, "Esc").expect_writing("").go_to_newest_row()
    keys.listed(TIMELINE, "E").expect_about("Edit your message").press("Escape").go_to_newest_row()
    keys.listed(TIMELINE, "L").press("Enter").expect_reaction(mention, "👍", "you")
    keys.press("Escape").go_to_newest_row()
    keys.listed(TIMELINE, "Del").confirm("Keep")
    malte.expect_delivered(mention)
    keys.press("Escape").go_to_newest_row()
    keys.listed(TIMELINE, "Del").confirm("Delete").expect_deleted(mention)
    keys.go_to_the_top_of_a_small_window().expect_in_sight(mention, False).leave_the_field()
    keys.listed(TIMELINE, "End").expect_in_sight(mention).make_window_high(800)

    malte.network(Network.CUT)
    failed = malte.say("unsent")
    malte.expect_failed(failed)
    keys.listed(EVERYWHERE, "Alt O").expect_dialog("Outbox (1)").press("Escape")
    malte.discard(failed).network(Network.OPEN)
    keys.leave_the_field().listed(TIMELINE, "?").expect_no_other_in_list()
    malte.picture("keys")
