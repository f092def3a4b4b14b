"""Letters go out behind the page's back: how long a page takes must not tell whether there is an account."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore

from django.core.mail import EmailMessage

log = logging.getLogger("webchat.letters")

WAITING_MAX = 100
"""Letters that wait for a slow mail server; beyond it they are dropped, and the log says so."""

_places = BoundedSemaphore(WAITING_MAX)
_postman = ThreadPoolExecutor(1, thread_name_prefix="letters")


def post(letter: EmailMessage) -> None:
    """Have a letter sent soon."""
    if not _places.acquire(blocking=False):
        log.error("too many letters wait for the mail server; one is dropped")
        return
    _postman.submit(letter.send).add_done_callback(_sent)


def wait() -> None:
    """Until every letter that was posted has been handed over, or given up."""
    _postman.submit(lambda: None).result()


def _sent(sending: Future[int]) -> None:
    _places.release()
    if (error := sending.exception()) is not None:
        log.error("a letter was not sent", exc_info=error)
