"""A node reports on its own joins, renewals and recoveries by their trace, and says what to do about them."""

from __future__ import annotations

import asyncio
import json

from peernode.diagnostics.joins import joins_told
from peernode.diagnostics.records import Wanted
from peernode.errors import PeerNodeError
from tests.pubsub.flock import LOBBY, Bird, Flock, story


def traces(bird: Bird, operation: str, failed: bool = False) -> list[str]:
    found = bird.node._context.collector.records(Wanted(operations=(operation,), failed=failed))
    return [one.trace for one in found if one.operation == operation]


def test_a_join_that_hangs_is_reported_while_it_goes_on_and_its_step_has_a_remedy() -> None:
    async def tell(flock: Flock) -> None:
        last = flock[3]
        await asyncio.gather(*(bird.join() for bird in flock if bird is not last))
        flock.block([bird for bird in flock if bird is not last], [last])
        try:
            await last.join()
        except PeerNodeError as error:
            code = error.code
        (join,) = last.node.joins_of(LOBBY)
        await asyncio.sleep(60)
        (later,) = last.node.joins_of(LOBBY)
        assert (join["outcome"], later["outcome"]) == ("delayed", "delayed")
        assert 59_000 <= later["elapsed_ms"] - join["elapsed_ms"] <= 61_000, "it still goes on"
        report = last.node.failure_report(join["trace"])
        assert report is not None
        assert json.loads(json.dumps(report)) == report
        assert (report["operation"], report["outcome"]) == ("join", "running")
        assert report["cause"]["code"] == code
        (shown,) = joins_told([join])["recent"]
        hanging = [step["error"] for step in shown["steps"] if step["outcome"] == code]
        assert hanging
        assert all(error["code"] == code and error["remedy"].endswith(".") for error in hanging)
        assert all(step["error"] is None for step in shown["steps"] if step["outcome"] == "ok")

    story(tell, 4, replicas=3)


def test_a_renewal_in_vain_and_the_recovery_after_it_are_reported() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        lost = flock[3]
        number = flock.cut_off(lost)
        await asyncio.sleep(30)
        flock.mend(number)
        await flock.expect(lambda: lost.node.state.state == "online", 30, "it is back")
        await asyncio.sleep(10)
        renewal = lost.node.failure_report(traces(lost, "renewal", failed=True)[-1])
        assert renewal is not None
        assert (renewal["operation"], renewal["outcome"]) == ("renewal", "failed")
        assert renewal["cause"]["remedy"]
        recovery = lost.node.failure_report(traces(lost, "recovery")[-1])
        assert recovery is not None
        assert (recovery["operation"], recovery["outcome"]) == ("recovery", "ok")
        assert any(path["reached"] for path in recovery["paths"])
        assert lost.node.failure_report("no trace of anything") is None

    story(tell, 4, replicas=3)
