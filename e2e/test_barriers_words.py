"""Nothing shuts anybody out from the words that pop up: lists to choose from, troubles, joins that hang."""

from __future__ import annotations

from playwright.sync_api import expect

from e2e.account import Account, expect_signed_out
from e2e.audit import Audit, with_lingering_words
from e2e.banner import Banner
from e2e.beside import Beside
from e2e.channel import OfChannel, with_notifications
from e2e.conftest import People
from e2e.joiner import Joiner
from e2e.line import Line
from e2e.menus import Menus
from e2e.servers import Network, Server
from e2e.talker import Talker
from e2e.unsent import TakerBack
from peernode.diagnostics.codes import CATALOGUE


def test_lists_and_words_that_pop_up_have_no_barriers(people: People, server: Server, channel: str) -> None:
    theda = with_notifications(with_lingering_words(people("theda", server)))
    line, audit = Line(theda.page), Audit(theda)
    theda.sign_up().join(channel)
    people("ulfert", server).sign_up().join(channel)
    ulrike = people("ulrike", server).sign_up().join(channel)
    theda.expect_message(ulrike.say("Good morning"))
    Menus(theda).expect_pictured_in_mentions("ul", False, False)
    audit.look("people to mention")
    Talker(theda).press("Escape").person.composer.fill("")

    theda.expect_message(Talker(ulrike).mention("theda", "are you there?"))
    OfChannel(theda).expect_suggestion()
    audit.look("a suggestion")
    OfChannel(theda).expect_suggestion().take_suggestion()

    Beside(theda).expect_reachable(ulrike)
    line.cut()
    taken_back = theda.say("Never mind")
    Banner(theda).expect("What you write is kept")
    hands = TakerBack(theda).cancel_twice(taken_back)
    Beside(theda).block(ulrike)
    theda.expect_trouble("CONNECTION_LOST").picture("trouble")
    audit.look("something that can be undone, a trouble")
    hands.expect_undos(1)
    theda.expect_trouble("CONNECTION_LOST")

    line.restore()
    Banner(theda).expect_none()
    Account(people("theda", server).sign_in()).open().sign_out_others()
    expect_signed_out(theda)
    theda.picture("signed-out-elsewhere")
    audit.look("signed out elsewhere").expect_none()


def test_a_join_that_hangs_or_is_refused_has_no_barriers(
    people: People, server: Server, channel: str
) -> None:
    silke = people("silke", server)
    line, audit = Line(silke.page), Audit(silke)
    silke.sign_up().network(Network.CUT)
    joiner = Joiner(silke, channel).ask().expect_trouble()
    audit.look("a join that hangs")
    code = CATALOGUE["STORE_FULL"]
    error = {"code": code.code, "message": code.meaning, "remedy": code.remedy}
    line.deafen()  # the node, which really goes on trying, would begin it anew
    line.tell({"type": "trouble", "error": error, "context": {"channel": channel}})
    joiner.expect_refused(code.code)
    silke.picture("join-refused")
    audit.look("a join that is refused").expect_none()
    expect(joiner.card).to_have_attribute("data-join-state", "refused")
