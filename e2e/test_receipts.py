"""Behind the words at the end of an own message: who has it, since when, and what "alone" means."""

from __future__ import annotations

from e2e.audit import Audit
from e2e.conftest import People
from e2e.line import Line
from e2e.reader import Reader
from e2e.receiving import REACHED_AGAIN_MS, Receiving
from e2e.servers import Network, Server


def test_a_sender_sees_who_has_the_message(people: People, server: Server, channel: str) -> None:
    olaf = people("olaf", server).sign_up().join(channel)
    eyes = Reader(olaf)
    people("peter", server).sign_up().join(channel)
    people("quinn", server).sign_up().join(channel)
    message = olaf.say("Who has this?")
    olaf.expect_delivered(message)

    eyes.ask_who_has(message).expect_who_has("Delivered to 2 of 2", "peter", "quinn", "nodes keep it")
    olaf.picture("receipts")
    eyes.close_card()


def test_a_sender_sees_who_cannot_be_reached_and_since_when(
    people: People, server: Server, channel: str
) -> None:
    cosima, detlev, ebba = (
        people(name, server).sign_up().join(channel) for name in ("cosima", "detlev", "ebba")
    )
    eyes = Receiving(cosima)
    detlev.network(Network.CUT)
    message = cosima.say("Who is missing?")
    ebba.expect_message(message)
    eyes.ask_who_has(message).expect_unreachable("detlev").expect_who_has("ebba")
    cosima.picture("receipts-unreachable")
    Audit(cosima).look("who has a message, and who can't be reached").expect_none()
    eyes.close_card()

    detlev.network(Network.OPEN)
    detlev.expect_message(message, timeout_ms=REACHED_AGAIN_MS)
    eyes.ask_who_has(message).expect_all_reached("detlev", "ebba")


def test_whoever_is_alone_on_the_network_is_told_so(people: People, server: Server, channel: str) -> None:
    falko = people("falko", server)
    line, eyes = Line(falko.page), Reader(falko)
    falko.sign_up().join(channel).network(Network.HOLD)
    [message] = falko.say_at_once("Is anybody there?")
    # Beside every node of a person there is its server's: only one that runs by itself can be alone.
    stored, delivered = {"k": 1, "of": 5, "machines": 1}, {"n": 0, "m": 0}
    word = {"id": message.id, "channel": channel, "text": message.text, "html": "", "kind": "text"}
    far = {
        "state": "sent",
        "stored": stored,
        "delivered": delivered,
        "alone": True,
        "unreachable": [],
        "acks": [],
    }
    line.tell({"type": "message.state", **word, **far, "order": "", "at_ms": 1})
    eyes.ask_who_has(message).expect_who_has("Only your node has this so far", "as soon as somebody else")
    falko.picture("receipts-alone")
    eyes.close_card()
    falko.network(Network.OPEN)


def test_who_is_alone_on_a_server_is_told_that_nobody_else_has_it(
    people: People, server: Server, channel: str
) -> None:
    roswitha = people("roswitha", server)
    eyes = Reader(roswitha)
    roswitha.sign_up().join(channel)
    message = roswitha.say("Does anybody else have this?")
    roswitha.expect_sent(message)
    eyes.ask_who_has(message).expect_who_has("Only this server has this so far", "as soon as somebody else")
    roswitha.picture("receipts-one-server")
    eyes.close_card()
    people("sieglind", server).sign_up().join(channel)
    roswitha.expect_delivered(roswitha.say("Now you have this"))
