import sys

sys.path.insert(0, "/tmp/w/paths")
import asyncio
from tests.pubsub.test_findings_paths import *


async def tell(flock):
    await flock.join()
    await asyncio.sleep(3)
    order = closest(flock)
    leaver = next(b for b in order[5:] if b is not flock[0])
    print([b.index for b in order], "leaver", leaver.index)
    pubsub = leaver.node._pubsub
    r = pubsub.storage.member(LOBBY)
    print(
        "view",
        [
            c.port and [b.index for b in flock if b.identity.public_key == c.public_key]
            for c in r.initiators.contacts
        ],
    )

    def who():
        return [b.index for b in flock if leaver.node.node_id in b.node.leaseholders(LOBBY)]

    print(who(), r.leases.contact(leaver.identity.node_id))

    async def begin():
        pubsub.storage.coordination.doubt(r)
        pubsub.renewal.now(r)

    b = counted(leaver)
    await leaver.call(begin())
    loads = pubsub.storage.coordination.sizes
    await flock.expect(lambda: loads(1)["coordinator_loads"][0] > 0, 1, "x")
    await leaver.call(leaver.node.leave(LOBBY))
    print(loads(1)["coordinator_loads"])
    for i in range(5):
        await asyncio.sleep(1)
        print(who(), r.joined)
    print(counted(leaver) - b)


story(tell, 7)
