"""The browser of a session that is ended elsewhere forgets what it keeps, as one that signs out itself does.

It is not there when that happens. So a word is left for it among the sessions, under a place that is made of
its session's key, and given with the answer in which it learns that this session is no more
(``webchat.accounts.forgetting``). One that has merely expired leaves none: what was being written stays.

Invariants: the word opens nothing, nobody can find its place without the key, it is given once, and it goes
with the expired sessions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from webchat.accounts.forgetting import KEPT_S, have_forgotten
from webchat.accounts.sessionstore import SessionStore, renew

WORD = "forget"
PLACE_CHARS = 39


def leave_word(session_keys: Iterable[str], user_id: int, what: str) -> None:
    """For the browsers of these sessions of an account, which are ended."""
    SessionStore.clear_expired()
    sessions, until = SessionStore.get_model_class().objects, timezone.now() + timedelta(seconds=KEPT_S)
    data = SessionStore().encode({WORD: [user_id, what]})
    words = [
        sessions.model(session_key=_place(key), session_data=data, expire_date=until) for key in session_keys
    ]
    sessions.bulk_create(words, ignore_conflicts=True)


class Sessions(SessionMiddleware):
    """Django's, which takes away the cookie of a session that is no more; the word goes with that.

    And who opens a page in the second half of a session's time has all of it anew: whoever comes often is not
    put out in the middle of a conversation.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The answer."""
        if _is_own_page(request, response):
            renew(request.session)
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        answer: HttpResponse = super().process_response(request, response)
        # It is no more, or another one has begun in its place, with a page that stood open to sign in.
        is_over = bool(key) and request.session.session_key != key
        return _with_word(request, answer, key) if is_over else answer


def _is_own_page(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether somebody who is signed in has opened a page; not what a page asks for by itself."""
    is_page = response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")
    return request.method == "GET" and is_page and request.session.accessed and SESSION_KEY in request.session


def _with_word(request: HttpRequest, response: HttpResponse, key: str) -> HttpResponse:
    word = SessionStore(_place(key))
    if WORD in word:
        user_id, what = word[WORD]
        have_forgotten(request, response, user_id, what)
        word.delete()
    return response


def _place(session_key: str) -> str:
    return "-" + hashlib.sha256(b"word\0" + session_key.encode()).hexdigest()[:PLACE_CHARS]
