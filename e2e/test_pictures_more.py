"""More screens that a person should look at: what is there for a moment, beside the chat and around it."""

from __future__ import annotations

from pathlib import Path

from e2e.account import Account
from e2e.audit import Audit
from e2e.beside import Beside
from e2e.conftest import People
from e2e.joiner import Joiner
from e2e.line import Line
from e2e.menus import Menus
from e2e.reader import Reader
from e2e.servers import Network, Server
from e2e.sharing import Sharing, in_haste
from e2e.talker import Talker
from e2e.test_barriers import LONG
from e2e.unsent import TakerBack
from tests.support.pictures import png


def test_what_becomes_of_messages(people: People, server: Server, channel: str) -> None:
    alma, benno = (people(name, server).sign_up().join(channel) for name in ("alma", "benno"))
    by_alma, by_benno = Talker(alma), Talker(benno)
    asked = benno.say("Who waters the beds this week?")
    alma.expect_message(asked)
    code = by_alma.say_long(LONG, "Give 2.5 litres")
    alma.expect_delivered(code)  # nothing moves any more under the pointer
    answer = by_alma.reply(asked, "I do, on Tuesday")
    alma.expect_delivered(answer)
    by_alma.edit(answer, "I do, on Wednesday").expect_edited(answer, "I do, on Wednesday")
    alma.expect_message(by_benno.mention("alma", "thank you!"))
    gone = alma.say("Said in haste")
    alma.expect_delivered(gone)
    by_alma.delete(gone).expect_deleted(gone, "1 of 1")
    by_benno.react(asked, "👍").react(answer, "🎉")
    by_alma.react(answer, "❤️").expect_reaction(answer, "❤️", "you").expect_reaction(answer, "🎉", "benno")
    benno.network(Network.CUT)
    sent = alma.say("Benno will read this later")
    TakerBack(alma).send_away()  # the suggestion of notifications
    alma.expect_state(sent, "sent").picture("conversation")
    Reader(alma).ask_who_has(code).expect_who_has("benno")
    alma.picture("receipts-card")
    Reader(alma).close_card()
    by_alma.open_more(answer)
    alma.picture("message-menu")
    by_alma.close_menu().open_emojis(answer)
    alma.picture("emojis")
    by_alma.close_menu().ask_to_delete(answer)
    alma.picture("ask-delete")
    by_alma.confirm("Keep")
    by_alma.begin_reply(asked)
    alma.picture("replying")
    benno.network(Network.OPEN)


def test_what_comes_in_elsewhere_and_who_is_writing(people: People, server: Server, channel: str) -> None:
    carla, dario = (people(name, server).sign_up().join(channel) for name in ("carla", "dario"))
    carla.join(f"{channel}-2")
    for text in ("The seeds are here", "Beans and peas"):
        dario.say(text)
    Talker(dario).mention("carla", "can you fetch them?")
    Reader(carla).expect_unread(channel, "3", mentions=1)
    TakerBack(carla).send_away()
    carla.picture("unread")
    Menus(carla).on_a_telephone().open_drawer()
    carla.picture("drawer")
    carla.page.set_viewport_size({"width": 1280, "height": 800})
    Reader(carla).open(channel)
    Beside(dario).type("I am at")
    Beside(carla).expect_writing(dario)
    carla.picture("typing")
    Beside(carla).search("nothing like it").expect_found_words(searched=3)
    carla.picture("search-none")
    Beside(carla).close_by_keyboard()
    Audit(carla).open_node()
    carla.picture("own-node")
    carla.page.keyboard.press("Escape")
    Audit(carla).open_account_menu()
    carla.picture("account-menu")


def test_what_waits_and_what_is_on_its_way(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    edda = in_haste(people("edda", server))
    people.allow("ERR_FAILED")
    line = Line(edda.page)
    edda.sign_up().join(channel)
    (tmp_path / "garden.png").write_bytes(png(640, 400, colour=(44, 100, 60)))
    Sharing(edda).cut(True).share(tmp_path / "garden.png").expect_lost("Not shared: ")
    edda.picture("file-lost")
    Sharing(edda).cut(False).retry().expect_nothing_to_lose()
    edda.page.route("**/files/**", lambda _: None)  # it takes its time
    Sharing(edda).share(tmp_path / "garden.png").expect_on_its_way("garden.png")
    edda.picture("file-on-its-way")
    line.cut()
    edda.expect_waiting_for_the_node(edda.say("Written on the train")).picture("waiting")
    line.restore()

    fiete = people("fiete", server).sign_up().network(Network.HOLD)
    joiner = Joiner(fiete, channel).ask().expect_joining()
    fiete.picture("joining").network(Network.OPEN)
    joiner.expect_joined()


def test_more_pages_around_the_chat(people: People, server: Server) -> None:
    people.allow("40[34]|500")
    gunda = people("gunda", server)
    for path, name in (("/password/reset/", "reset"), ("/password/reset/sent/", "reset-sent")):
        gunda.visit(path).picture(name)
    for path, status in (("/nowhere/", 404), ("/_test/403", 403), ("/_test/500", 500)):
        gunda.visit(path, status).picture(f"error-{status}")
    Account(gunda).refused_at_sign_in()
    gunda.picture("sign-in-refused")
    Account(gunda).refused_at_sign_up()
    gunda.picture("sign-up-refused")
    gunda.sign_up()
    for name in ("email", "export", "delete"):
        gunda.visit(f"/account/{name}/").picture(f"account-{name}")
    gunda.visit("/files/nowhere/0190a5f0-0000-7000-8000-000000000000/", 404).picture("file-unavailable")
