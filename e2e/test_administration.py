"""Staff look after accounts; a violation of the content security policy on the way fails the test."""

from __future__ import annotations

from collections.abc import Callable

from e2e.account import look_at_administration
from e2e.conftest import People
from e2e.servers import Server


def test_the_first_account_administers(people: People, launch: Callable[..., Server]) -> None:
    tess = people("tess", launch("administered")).sign_up()
    look_at_administration(tess)
    tess.picture("administration")
