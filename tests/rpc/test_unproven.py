"""A server that insists on a proof, at the other end of a path that is slower than a first timeout."""

from __future__ import annotations

from typing import Any

import pytest

from peernode.errors import Refused
from peernode.rpc.rpc import Caller
from peernode.simulation.world.host import SimWorld
from peernode.wire.codec import Fields
from peernode.wire.ops import Op, Status

from .test_floods import started


@pytest.mark.parametrize("one_way_ms", [50, 130, 300, 450])
def test_what_was_sent_before_the_token_came_is_not_the_last_word(one_way_ms: float) -> None:
    """The second sending is refused like the first: that used to end a request whose proof was under way."""

    def strict(caller: Caller, body: Fields) -> list[Any]:
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        return ["taken"]

    with SimWorld(seed=1, one_way_ms=(one_way_ms, one_way_ms)) as world:

        async def main() -> None:
            async with started(world.host(), world.host()) as [ann, ben]:
                ben.rpc.serve(Op.SUBSCRIBE, strict)
                assert await ann.ask(ben.contact, Op.SUBSCRIBE) == ["taken"]

        world.run(main())


@pytest.mark.parametrize("one_way_ms", [50, 300])
def test_who_refuses_the_proven_as_well_is_believed(one_way_ms: float) -> None:
    def never(caller: Caller, body: Fields) -> list[Any]:
        raise Refused(Status.UNPROVEN)

    with SimWorld(seed=1, one_way_ms=(one_way_ms, one_way_ms)) as world:

        async def main() -> None:
            async with started(world.host(), world.host()) as [ann, ben]:
                ben.rpc.serve(Op.SUBSCRIBE, never)
                with pytest.raises(Refused):
                    await ann.ask(ben.contact, Op.SUBSCRIBE)

        world.run(main())


def test_what_is_wanted_no_more_is_not_sent_again_for_the_token_that_has_come() -> None:
    seen: list[bool] = []

    def strict(caller: Caller, body: Fields) -> list[Any]:
        seen.append(caller.proven)
        raise Refused(Status.UNPROVEN)

    with SimWorld(seed=1, one_way_ms=(50, 50)) as world:

        async def main() -> None:
            async with started(world.host(), world.host()) as [ann, ben]:
                ben.rpc.serve(Op.SUBSCRIBE, strict)
                with pytest.raises(Refused):
                    await ann.ask(ben.contact, Op.SUBSCRIBE, wanted=lambda: not seen)
                assert seen == [False]

        world.run(main())
