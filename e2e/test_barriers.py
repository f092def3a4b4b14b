"""Nothing shuts anybody out: axe finds no violation on any page and state, and everything fits 320 px."""

from __future__ import annotations

from pathlib import Path

from e2e.account import Account
from e2e.audit import Audit
from e2e.beside import Beside
from e2e.card import Card
from e2e.channel import OfChannel
from e2e.conftest import People
from e2e.line import Line
from e2e.reader import Reader
from e2e.servers import Network, Server
from e2e.talker import Talker

LONG = """See `water()`:
```python
@daily  # but not in winter
def water(beds: list[Bed]) -> int:
    \"\"\"Give 2.5 litres.\"\"\"
    return sum(bed.pour(2.5, "slowly\\n") for bed in beds if bed is not None)
```
```html
<p class="bed">&amp; more</p>
```
```diff
-old
+new
```
> and **then** rest

* one
* two, https://example.org/a-long-way/to-the-garden-and-back-again?with=many&words=in-one-line"""


def test_the_pages_around_the_chat_have_no_barriers(people: People, server: Server) -> None:
    people.allow("40[34]|500")
    frida = people("frida", server)
    audit, account = Audit(frida), Account(frida)
    for path in (
        "/signup/",
        "/signin/",
        "/password/reset/",
        "/password/reset/sent/",
        "/password/reset/MQ/x-y/",
    ):
        audit.visit(path)
    frida.visit("/c/barrier-free/")  # a stranger is sent to sign in, and told where the link leads
    audit.look("a link to a channel")
    for path, status in (("/nowhere/", 404), ("/_test/403", 403), ("/_test/500", 500)):
        audit.visit(path, status)
    account.refused_at_sign_in()
    audit.look("sign-in refused")
    account.refused_at_sign_up()
    audit.look("sign-up refused")

    frida.sign_up()
    audit.look("welcome")
    for path in ("", "email/", "export/", "import/", "delete/"):
        audit.visit(f"/account/{path}")
    audit.visit("/password/").expect_none()


def test_the_pages_behind_links_have_no_barriers(people: People, server: Server) -> None:
    people.allow("404")
    gitte = people("gitte", server).sign_up()
    audit, account = Audit(gitte), Account(gitte)
    audit.visit("/account/invitations/")  # where everybody can create an account, nobody needs one
    audit.visit("/files/nowhere/0190a5f0-0000-7000-8000-000000000000/", 404)  # what a node refuses, as a page
    account.follow_letter("gitte@example.org")
    audit.look("a new password")
    account.refused_as_new_passwords()
    audit.look("a new password, refused").expect_none()
    gitte.picture("new-password")


def test_the_chat_has_no_barriers(people: People, server: Server, channel: str) -> None:
    gerda = people("gerda", server).sign_up().join(channel)
    audit, talks, eyes = Audit(gerda), Talker(gerda), Reader(gerda)
    audit.look("nobody has written")
    said = [gerda.say("Only my node has this"), talks.say_long(LONG, "Give 2.5 litres")]
    hedda = people("hedda", server).sign_up().join(channel)
    said.append(hedda.say("And this is mine"))
    gerda.expect_message(said[-1])
    said.append(talks.reply(said[-1], "An answer"))
    gerda.expect_delivered(said[-1])
    talks.react(said[2], "👍").expect_reaction(said[2], "👍", "you")
    talks.edit(said[0], "Once more").expect_edited(said[0], "Once more")
    talks.delete(said[3]).expect_deleted(said[3], "1 of 1")
    audit.look("messages, code, reaction, edited, deleted")

    for message in said[:3]:
        talks.point_at(message)
        audit.expect_tools_beside_receipts()
    talks.open_more(said[0])
    audit.look("the menu of a message")
    talks.close_menu()
    talks.open_emojis(said[0])
    audit.look("emojis")
    talks.close_menu()
    eyes.ask_who_has(said[0])
    audit.look("receipts")
    eyes.close_card()
    audit.expect_none()


def test_what_stands_beside_the_chat_has_no_barriers(people: People, server: Server, channel: str) -> None:
    juna = people("juna", server).sign_up().join(channel)
    karla = people("karla", server).sign_up().join(channel)
    said = karla.say("This is mine")
    juna.expect_message(said)
    audit, beside = Audit(juna), Beside(juna)
    beside.expect_reachable(karla)
    audit.look("people")
    beside.search("mine").expect_found(said, searched=1)
    audit.look("search")
    beside.close_by_keyboard()
    OfChannel(juna).open()
    audit.look("about the channel")
    beside.close_by_keyboard()

    juna.network(Network.CUT)
    failed = juna.say("Into the void")
    juna.expect_failed(failed)
    audit.look("a failed message")
    Reader(juna).expect_outbox(1).open_outbox("Into the void", "Not sent:")
    audit.look("the outbox")
    audit.close_dialog()
    juna.discard(failed).network(Network.OPEN)
    audit.look("discarded, can be undone").expect_none()


def test_profiles_have_no_barriers(people: People, server: Server, channel: str, tmp_path: Path) -> None:
    lore, manu = (people(name, server).sign_up().join(channel) for name in ("lore", "manu"))
    said = lore.say("This is mine")
    manu.expect_message(said)
    audit, form = Audit(lore), Card(lore).edit().fill("Lore Lang", "Looks after the apple trees.")
    audit.look("the form about oneself")
    form.choose_something_else(tmp_path)
    audit.look("the form, a picture refused")
    form.choose_picture(tmp_path)
    audit.look("the form with a picture").expect_none()
    form.save()

    audit, seen = Audit(manu), Card(manu).expect_author(said, "Lore Lang")
    card = seen.open(said, "Lore Lang")
    audit.look("a person's card")
    seen.verify(card)
    audit.look("a card with the mark")
    seen.close(card).expect_verified(said)
    audit.look("a row with picture and mark").expect_none()


def test_changes_that_failed_have_no_barriers(people: People, server: Server, channel: str) -> None:
    noemi, olli = (people(name, server).sign_up().join(channel) for name in ("noemi", "olli"))
    mine, his = noemi.say("Soup at noon"), olli.say("With bread?")
    noemi.expect_delivered(mine).expect_message(his).network(Network.CUT)
    audit, acts = Audit(noemi), Talker(noemi)
    acts.edit(mine, "Soup at one").react(his, "👍")
    acts.expect_not_done(mine, "Edit not saved:").expect_not_done(his, "Reaction not sent:")
    audit.look("an edit and a reaction that failed")
    Reader(noemi).expect_outbox(2).open_outbox("Edit: Soup at one")
    audit.look("the outbox with changes").close_dialog()
    noemi.network(Network.OPEN)
    audit.expect_none()


def test_the_chat_without_a_connection_has_no_barriers(people: People, server: Server, channel: str) -> None:
    irma = people("irma", server)
    line = Line(irma.page)
    irma.sign_up().join(channel)
    audit = Audit(irma)
    audit.open_keys().look("the keys")
    audit.close_dialog()
    audit.open_node().look("the own node")
    audit.open_account_menu().look("the account menu")
    line.cut()
    irma.expect_waiting_for_the_node(irma.say("Waiting"))
    audit.look("no connection, one waits")
    audit.expect_drawer_fits()
    line.restore()
    audit.expect_none()
