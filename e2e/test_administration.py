"""Staff look after accounts; a barrier or a violation of the security policy on the way fails the test."""

from __future__ import annotations

from collections.abc import Callable

from e2e.account import look_at_administration
from e2e.audit import Audit
from e2e.conftest import People
from e2e.servers import Server


def test_the_first_account_administers(people: People, launch: Callable[..., Server]) -> None:
    tess = people("tess", launch("administered")).sign_up()
    look_at_administration(tess)
    tess.picture("administration")
    audit = Audit(tess, has_imports=True)
    for path in ("", "auth/user/", "auth/user/1/change/", "webchat/invitation/", "webchat/peeridentity/"):
        audit.visit(f"/admin/{path}")
    audit.expect_none()
