"""Through whose node a channel is seen: nobody's that is cut off, and always the same while it is well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.network import block, set_mode
from tests.webchat.conftest import Open, two_in_the_lobby
from tests.webchat.test_health_socket import FRAMES_MAX, until, watched, watcher
from webchat.health.asking import Askable, is_lonely, sees_more
from webchat.worker import Worker


@pytest.fixture
def _mended() -> Iterator[None]:
    yield
    set_mode("*", "open")
    block("ann", [])


@pytest.mark.usefixtures("_mended")
async def test_a_first_user_who_is_cut_off_makes_no_channel_and_no_server_look_down(
    worker: Worker, open_page: Open
) -> None:
    """Theirs was the node that all channels they are in were looked at through."""
    await two_in_the_lobby(open_page)
    first, second, _ = worker.host.nodes()
    assert worker.health.view.channels() == {"#lobby": first}
    staff = await watcher()
    await until(staff, "health", lambda told: told["channels"][0]["answering"] == 3)
    await watched(staff, "#lobby")
    set_mode("ann", "cut")
    told = set[str]()
    for _ in range(FRAMES_MAX):
        frame = await staff.expect("health")
        assert frame["host"]["verdict"]["state"] != "down", frame["host"]["verdict"]
        assert frame["channels"][0]["verdict"]["state"] != "down", frame["channels"][0]["verdict"]
        if frame["host"]["users_offline"] == 1:
            told.add("of how many people the node is cut off")
        ill = [each["id"] for each in frame["detail"]["subscribers"] if each["reached"] == "no"]
        if [frame["names"][each] for each in ill] == ["ann"]:
            told.add("whose, in the channel")
        if len(told) == 2:
            break
    assert len(told) == 2, told
    assert worker.health.view.channels()["#lobby"] is not first
    answer = await staff.ask("repair", channel="#lobby", subscriber=first.node_id)
    assert answer["type"] == "ok" and answer["result"]["of"] >= 1, "asked through a node that reaches them"
    set_mode("ann", "open")
    await until(staff, "health", lambda told: told["host"]["users_offline"] == 0)
    assert worker.health.view.channels() == {"#lobby": second}, "no reason to go back"
    await staff.close()


@pytest.mark.usefixtures("_mended")
async def test_who_has_a_network_and_reaches_too_few_initiators_is_not_taken_at_its_word(
    worker: Worker, open_page: Open
) -> None:
    for name in ("ann", "bob", "eve"):
        page = await open_page(name)
        await page.hello()
        await page.join("#lobby")
    view, first = worker.health.view, worker.host.nodes()[0]
    assert view.channels() == {"#lobby": first}
    block("ann", ["bob", ""])
    for _ in range(FRAMES_MAX):
        told = await view.channel("#lobby")
        assert told["verdict"]["state"] != "down", told["verdict"]
        if view.channels()["#lobby"] is not first:
            break
    assert view.channels()["#lobby"] is not first, "the next look is through who sees more at once"


class Part:
    """A node as far as it is chosen."""

    def __init__(self, state: str, **channels: bool) -> None:
        self.state = type("State", (), {"state": state})()
        self._channels = {f"#{name}": joined for name, joined in channels.items()}

    def known_channels(self) -> dict[str, bool]:
        return self._channels


def asked_of(*parts: Part) -> Askable:
    nodes: Any = [*parts]
    return Askable(lambda: nodes)


def test_a_network_comes_first_then_having_joined_then_the_order() -> None:
    cut, stores, well, other = (
        Part("offline", tea=True),
        Part("online", tea=False),
        Part("online", tea=True),
        Part("online", tea=True, garden=False),
    )
    assert asked_of(cut, stores, well, other).all() == {"#tea": well, "#garden": other}
    assert asked_of(cut, stores).all() == {"#tea": stores}
    silent = Part("degraded", tea=True)
    assert asked_of(cut, silent).all() == {"#tea": cut}, "as long as none has one, the first"


def test_it_stays_the_same_one_until_another_is_better() -> None:
    first, second = Part("online", tea=True), Part("online", tea=True)
    askable = asked_of(first, second)
    assert askable.all() == {"#tea": first}
    first.state.state = "offline"
    assert askable.all() == {"#tea": second}
    first.state.state = "online"
    assert askable.all() == {"#tea": second}
    askable.prefer("#tea", first)
    assert askable.all() == {"#tea": first}


def test_a_second_look_is_through_another_one_with_a_network() -> None:
    cut, stores, well, host = (
        Part("offline", tea=True),
        Part("online", tea=False),
        Part("online", tea=True),
        Part("online", garden=True),
    )
    askable: Any = asked_of(cut, stores, well, host)
    assert askable.another("#tea", well) is stores
    assert askable.another("#tea", stores) is well
    assert askable.another("#garden", host) is None


def seen(state: str, answering: int, *codes: str) -> dict[str, Any]:
    verdict = {"state": state, "reasons": [{"code": code} for code in codes]}
    return {"verdict": verdict, "initiators": [{"answers": number < answering} for number in range(5)]}


def test_the_better_picture_is_that_in_which_more_is_seen() -> None:
    alone = seen("down", 0, "NO_INITIATOR")
    assert is_lonely(alone) and is_lonely(seen("down", 2, "ONE_COPY", "INITIATORS_TOO_FEW"))
    assert not is_lonely(seen("degraded", 4, "INITIATOR_SILENT"))
    assert sees_more(seen("degraded", 3), alone)
    assert sees_more(seen("down", 1), alone)
    assert not sees_more(seen("down", 0), alone), "as bad for everybody: it stays as it was"
