"""Files between two people at real browsers."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from e2e.audit import Audit
from e2e.conftest import People
from e2e.line import Line
from e2e.servers import Server
from e2e.sharing import Sharing
from tests.support.pictures import png

LARGE_BYTES = 5 * 1024 * 1024
"""A picture with so much at its end is not loaded unasked."""


def test_pictures_and_files_get_to_the_other(
    people: People, launch: Callable[..., Server], channel: str, tmp_path: Path
) -> None:
    server = launch("three-nodes")  # the server's own, hers and his
    klara = people("klara", server).sign_up().join(channel)
    lars = people("lars", server).sign_up().join(channel)
    content = random.Random(9).randbytes(700_000)
    for name, given in (
        ("garden.png", png(640, 400, colour=(44, 100, 60))),
        ("minutes.bin", content),
        ("trick.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'></svg>"),
    ):
        (tmp_path / name).write_bytes(given)
    shares, gets = Sharing(klara), Sharing(lars)

    shares.share(tmp_path / "garden.png", tmp_path / "minutes.bin")
    picture, file = gets.message("garden.png"), gets.message("minutes.bin")
    gets.expect_image(picture)
    shares.expect_image(shares.message("garden.png"))
    assert gets.save(file, tmp_path) == content
    gets.expect_available(file, 3)
    shares.share(tmp_path / "trick.png")
    gets.expect_no_image(gets.message("trick.png"))
    (tmp_path / "wall.png").write_bytes(png(640, 400) + bytes(LARGE_BYTES))
    shares.share(tmp_path / "wall.png")
    gets.expect_image_on_request(gets.message("wall.png"))
    lars.picture("files")
    Audit(lars).look("files").expect_none()
    assert gets.narrow().save(gets.message("trick.png"), tmp_path).startswith(b"<svg")
    lars.picture("files-narrow")

    (tmp_path / "vast.png").write_bytes(png(1, 1).replace(b"\0\0\0\x01\0\0\0\x01", b"\0\0\x60\0\0\0\x60\0"))
    people.allow("400")
    shares.share(tmp_path / "vast.png").expect_refused("is too large to be shown")
    klara.picture("file-refused")
    Audit(klara).look("a file refused").expect_none()
    shares.discard()


def test_a_file_that_is_chosen_without_a_connection_waits_for_it(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    maik = people("maik", server).sign_up().join(channel)
    norma = people("norma", server).sign_up().join(channel)
    people.allow("ERR_INTERNET_DISCONNECTED")
    shares, gets = Sharing(maik), Sharing(norma)
    (tmp_path / "list.txt").write_text("bread, soup")
    shares.expect_nothing_to_lose().offline(True).share(tmp_path / "list.txt")
    shares.expect_waiting("waiting for the connection: goes on by itself as long as this page is open")
    maik.picture("file-waiting")
    Audit(maik).look("a file that waits").expect_none()
    shares.offline(False).expect_nothing_to_lose()
    assert gets.save(gets.message("list.txt"), tmp_path) == b"bread, soup"
    shares.drag_above("more.txt").drop_beside("more.txt", "and cheese")
    assert gets.save(gets.message("more.txt"), tmp_path) == b"and cheese"


def test_what_is_on_its_way_and_what_nobody_has_is_told_on_the_row(
    people: People, server: Server, channel: str, tmp_path: Path
) -> None:
    lioba, femke = people("lioba", server), people("femke", server)
    line = Line(femke.page)
    lioba.sign_up().join(channel)
    femke.sign_up().join(channel)
    (tmp_path / "seeds.bin").write_bytes(bytes(700_000))
    line.answer("file.available", {"type": "file", "here": 200_000, "nodes": 1, "asked": 4})
    Sharing(lioba).share(tmp_path / "seeds.bin")
    gets = Sharing(femke)
    file = gets.message("seeds.bin")
    gets.expect_words(file, "200 kB of 700 kB here")
    line.answer("file.available", {"type": "file", "here": 200_000, "nodes": 0, "asked": 4})
    gets.expect_not_saved(file, "Nobody who is reachable has this file. Try again later")
    femke.picture("file-unavailable")
    Audit(femke).look("a file that nobody has").expect_none()
    line.answer("file.available", {"type": "file", "here": 200_000, "nodes": 1, "asked": 4})
    assert gets.save(file, tmp_path) == bytes(700_000)
