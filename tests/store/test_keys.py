"""What is noted under a key, listed by what the key begins with: alike on both stores."""

from __future__ import annotations

from peernode.store.base import PutMeta
from tests.store.disks import OTHER_NODE, Disk


async def test_keys_are_listed_by_what_they_begin_with_page_by_page(disk: Disk) -> None:
    store = disk.store()
    keys = ("file", "file ", "file 1", "file 2", "file 3", "filf", "fil", "late")
    await store.commit(*(PutMeta(key, key.encode()) for key in keys))
    await disk.store(OTHER_NODE).commit(PutMeta("file 4", b"another node's"))
    files = [(f"file {number}", b"file %d" % number) for number in (1, 2, 3)]
    assert store.metas("file ", "", 9) == [("file ", b"file "), *files]
    assert store.metas("file ", "file ", 2) == files[:2]
    assert store.metas("file ", "file 2", 2) == files[2:]
    assert store.metas("file ", "file 3", 2) == []
