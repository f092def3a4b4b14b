"""Nothing shuts anybody out from what is there for a moment: questions, files on their way, what is new."""

from __future__ import annotations

from pathlib import Path

from e2e.audit import Audit
from e2e.beside import Beside
from e2e.conftest import People
from e2e.folding import Folding
from e2e.reader import Reader
from e2e.reader import Talker as Elsewhere
from e2e.servers import Server
from e2e.sharing import Sharing
from e2e.talker import Talker


def test_what_is_there_for_a_moment_has_no_barriers(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    runa, siri = (people(name, server).sign_up().join(channel) for name in ("runa", "siri"))
    mine, hers = runa.say("This is mine"), siri.say("And this hers")
    runa.expect_message(hers).expect_delivered(mine)
    audit, long = Audit(runa), Talker(runa).say_long("\n".join(["a line"] * 40), "a line")
    Folding(runa).expect_folded(long)
    audit.look("a long message, folded")
    acts = Talker(runa).ask_to_delete(mine)
    audit.look("asked before a deletion")
    acts.press("Escape")

    beside = Beside(runa).block(siri).expect_blocked(siri)
    beside.close_by_keyboard()
    audit.look("the message of somebody blocked")
    runa.picture("blocked")

    (tmp_path / "list.txt").write_text("bread, soup")
    runa.page.route("**/files/**", lambda _: None)  # it takes its time
    Sharing(runa).share(tmp_path / "list.txt").expect_on_its_way("list.txt")
    audit.look("a file on its way").expect_none()


def test_the_way_to_new_messages_has_no_barriers(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    tove = people("tove", server).sign_up().join(channel)
    eyes = Reader(tove)
    talker = Elsewhere(tmp_path / "writer", server.udp, channel)
    talker.say(*(f"old {number}" for number in range(1, 61)))
    eyes.see("old 60").expect_all_read(channel).scroll_to("old 20").see("old 20")
    talker.say("new 1", "new 2")
    eyes.expect_way_down("2 new messages")
    tove.picture("new-below")
    Audit(tove).look("new messages below").expect_none()
    talker.end()
