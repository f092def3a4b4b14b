"""What could not be sent: kept over a reload, sent once and in order, listed for all channels."""

from __future__ import annotations

from e2e.audit import Audit
from e2e.conftest import People
from e2e.line import Line
from e2e.menus import Menus
from e2e.reader import Reader
from e2e.servers import Network, Server
from e2e.talker import Talker
from e2e.unsent import BrowserStore, Leaver, TakerBack, expect_can_send


def test_three_written_without_connection_survive_a_reload_and_go_out_in_order(
    people: People, server: Server, channel: str
) -> None:
    rita = people("rita", server)
    line = Line(rita.page)
    rita.sign_up().join(channel)
    saul = people("saul", server).sign_up().join(channel)

    line.cut()
    rita.disturbed = True
    said = rita.say_at_once("offline 1", "offline 2", "offline 3")
    expect_can_send(rita)
    rita.page.reload()
    rita.expect_open(channel)
    for message in said:
        rita.expect_waiting_for_the_node(message)
    Reader(rita).expect_outbox(3)

    line.restore()
    Reader(rita).try_now()
    for message in said:
        rita.expect_delivered(message)
    saul.expect_order(said)
    rita.expect_order(said)
    Reader(rita).expect_outbox(0)


def test_the_outbox_lists_what_is_unsent_and_takes_it_all_back(
    people: People, server: Server, channel: str
) -> None:
    toni = people("toni", server).sign_up().join(channel)
    people("ulla", server).sign_up().join(channel)
    eyes = Reader(toni)
    toni.network(Network.CUT)
    said = toni.say_at_once("void 1", "void 2")
    for message in said:
        toni.expect_failed(message)

    eyes.expect_outbox(2).open_outbox("void 1", "void 2", "Not sent:")
    toni.picture("outbox")
    eyes.press_in_outbox("Discard all").expect_outbox(0)
    for message in said:
        toni.expect_no_message(message)
    eyes.undo().expect_outbox(2)
    toni.network(Network.OPEN)
    eyes.open_outbox("void 1").press_in_outbox("Retry all").expect_outbox(0)


def test_an_edit_and_a_reaction_that_failed_are_listed_with_the_reason_and_go_out_again(
    people: People, server: Server, channel: str
) -> None:
    vilma, wiebke = (people(name, server).sign_up().join(channel) for name in ("vilma", "wiebke"))
    eyes, by_vilma = Reader(vilma), Talker(vilma)
    mine, his = vilma.say("Soup at noon"), wiebke.say("With bread?")
    vilma.expect_delivered(mine).expect_message(his).network(Network.CUT)
    by_vilma.edit(mine, "Soup at one").react(his, "👍")
    for message, words in ((mine, "Edit not saved:"), (his, "Reaction not sent:")):
        by_vilma.expect_not_done(message, words)

    said = ("Edit: Soup at one", "Edit not saved:", "👍 to: With bread?", "Reaction not sent:")
    eyes.expect_outbox(2).open_outbox(*said)
    vilma.picture("outbox-changes")
    eyes.press_in_outbox("Discard all").expect_outbox(0)
    by_vilma.expect_no_reaction(his, "👍")
    eyes.undo().expect_outbox(2)
    vilma.network(Network.OPEN)
    eyes.open_outbox(*said).press_in_outbox("Retry all").expect_outbox(0)
    by_vilma.expect_edited(mine, "Soup at one")
    Talker(wiebke).expect_edited(mine, "Soup at one").expect_reaction(his, "👍", "vilma")


def test_what_was_written_hours_ago_asks_unless_the_node_got_it_all_the_same(
    people: People, server: Server, channel: str
) -> None:
    xylia = people("xylia", server)
    line, eyes = Line(xylia.page), Reader(xylia)
    xylia.sign_up().join(channel)
    yann = people("yann", server).sign_up().join(channel)
    xylia.disturbed = yann.disturbed = True

    line.deafen()
    [through] = xylia.say_at_once("Got through, and this page never heard so")
    yann.expect_message(through)
    line.cut()
    [kept] = xylia.say_at_once("Written without a connection")
    xylia.expect_waiting_for_the_node(kept)
    eyes.come_back_after(hours=4).expect_question(kept, "4 h")

    line.hear()
    line.restore()
    eyes.try_now().expect_outbox(1).expect_question(kept, "4 h")
    xylia.expect_delivered(through).picture("asking")
    Audit(xylia).look("asked whether it should still go out").expect_none()
    yann.expect_no_message(kept)
    eyes.send_now(kept).expect_outbox(0).expect_no_question()
    xylia.expect_delivered(kept).expect_order([through, kept])
    yann.expect_order([through, kept])


def test_leaving_a_channel_with_something_unsent_asks_first(
    people: People, server: Server, channel: str
) -> None:
    zita = people("zita", server).sign_up().join(channel)
    people("axel", server).sign_up().join(channel)
    eyes, goes = Reader(zita), Leaver(zita)
    zita.network(Network.CUT)
    [message] = zita.say_at_once("Nobody has this")
    zita.expect_failed(message)

    goes.leave().expect_question("1 message or change has not been sent")
    zita.picture("leaving")
    audit = Audit(zita).look("asked before leaving")
    goes.stay()
    eyes.expect_outbox(1)
    zita.expect_failed(message).network(Network.OPEN)
    goes.leave().expect_question(channel).leave_and_discard().expect_gone(channel)
    goes.expect_told(f"You left {channel}.")
    zita.picture("left")
    audit.look("told that it was left").expect_none()
    eyes.expect_outbox(0)
    zita.reload()
    eyes.expect_outbox(0)
    goes.expect_gone(channel)


def test_signing_out_with_something_unsent_asks_what_becomes_of_it(
    people: People, server: Server, channel: str
) -> None:
    ottoline = people("ottoline", server).sign_up()
    line, menus = Line(ottoline.page), Menus(ottoline)
    ottoline.reload()
    ottoline.join(channel)
    line.cut()
    said = ottoline.say_at_once("Not for everybody's eyes", "Nor this")
    ottoline.expect_waiting_for_the_node(said[0])

    menus.ask_to_sign_out("2 messages or changes have not been sent")
    ottoline.picture("signing-out")
    Audit(ottoline).look("asked before signing out").expect_none()
    menus.answer("Stay signed in")
    ottoline.expect_order(said)
    menus.escape().ask_to_sign_out("What you keep stays on this computer").answer("Keep and sign out")
    menus.expect_signed_out().expect_kept_here("Not for everybody's eyes", True)

    line.restore()
    ottoline.sign_in().expect_open(channel).expect_sent(said[1]).expect_order(said)
    line.cut()
    [regretted] = ottoline.say_at_once("Better forgotten")
    ottoline.expect_waiting_for_the_node(regretted)
    menus.ask_to_sign_out("1 message or change").answer("Discard and sign out")
    menus.expect_signed_out().expect_kept_here("Better forgotten", False)
    line.restore()
    ottoline.sign_in().expect_open(channel).expect_order(said)


def test_a_browser_that_keeps_nothing_says_so_and_loses_no_text(
    people: People, server: Server, channel: str
) -> None:
    birthe = people("birthe", server).sign_up().join(channel)
    store = BrowserStore(birthe).fill_up()
    store.type_and_send("No room for this").expect_refused("No room for this")
    birthe.picture("outbox-unwritable")
    store.refuse()
    birthe.reload()
    store.expect_volatile()
    birthe.expect_sent(birthe.say("Kept in memory alone"))


def test_what_is_taken_back_by_mistake_can_be_brought_back_each_by_itself(
    people: People, server: Server, channel: str
) -> None:
    bela = people("bela", server)
    line, hands = Line(bela.page), TakerBack(bela)
    bela.sign_up().join(channel)
    line.cut()
    first, second, third = bela.say_at_once("cut 1", "cut 2", "cut 3")
    bela.expect_waiting_for_the_node(third)

    hands.cancel_twice(first).expect_undos(1)
    bela.expect_no_message(first).expect_waiting_for_the_node(second).expect_waiting_for_the_node(third)
    hands.cancel_twice(second).expect_undos(2)
    bela.picture("undo-twice")
    hands.undo_oldest().undo_oldest().expect_undos(0)
    Reader(bela).expect_outbox(3).see("cut 1").see("cut 2")

    hands.cancel_twice(third).expect_undos(1).press_escape().expect_no_words().expect_writing()
    Reader(bela).expect_outbox(2)
    hands.cancel_twice(Reader(bela).message("cut 2")).send_away().expect_no_words().expect_writing()
    Reader(bela).expect_outbox(1)
