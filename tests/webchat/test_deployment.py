"""The environment variables: defaults, every form that is understood, and plain refusals."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management.base import OutputWrapper
from pytest_django import Settings

from webchat.deployment import PROXY_UNCOUNTED, Deployment, DeploymentError
from webchat.management.prerequisites import say_doubts

ROOT = Path("/srv/starling")


def read(**variables: str) -> Deployment:
    return Deployment.read(variables, ROOT)


def test_without_variables_it_is_the_embedded_shape_on_this_machine_alone() -> None:
    deployment = read()
    assert deployment.embedded
    assert (deployment.host, deployment.port) == ("127.0.0.1", 8000)
    assert (deployment.udp_host, deployment.udp_port) == ("127.0.0.1", 8468)
    assert deployment.data == ROOT / "var"
    assert deployment.network == "starling"
    assert deployment.signup == "open"
    assert deployment.signups_per_hour == 10
    assert deployment.bootstrap == ()
    assert deployment.udp_ports is None
    assert deployment.proxies == 0
    assert not deployment.diagnostic
    assert deployment.canary
    assert deployment.lan
    assert deployment.metrics_token == ""
    assert "*" not in deployment.allowed_hosts


def test_each_variable_is_understood() -> None:
    deployment = read(
        STARLING_HOST="0.0.0.0",
        STARLING_PORT="80",
        STARLING_DATA="/data",
        STARLING_UDP_HOST="0.0.0.0",
        STARLING_UDP_PORT="9000",
        STARLING_UDP_PORTS="9001-9003",
        STARLING_ADVERTISE="chat.example:9100",
        STARLING_BOOTSTRAP="a.example:1, 10.0.0.1:2,",
        STARLING_NETWORK="mine",
        STARLING_SIGNUP="closed",
        STARLING_SIGNUPS_PER_HOUR="250",
        STARLING_ORIGINS="https://Chat.example, https://www.chat.example:8443/",
        STARLING_DIAGNOSTIC="on",
        STARLING_PROXIES="2",
        STARLING_CANARY="off",
        STARLING_LAN="off",
        STARLING_METRICS_TOKEN="0123456789abcdef",
        DATABASE_URL="postgres://db/starling",
        REDIS_URL="redis://redis",
    )
    assert not deployment.embedded
    assert deployment.data == Path("/data")
    assert list(deployment.udp_ports or ()) == [9001, 9002, 9003]
    assert (deployment.advertise_host, deployment.advertise_port) == ("chat.example", 9100)
    assert deployment.bootstrap == (("a.example", 1), ("10.0.0.1", 2))
    assert deployment.origins == ("https://chat.example", "https://www.chat.example:8443")
    assert deployment.allowed_hosts == ["chat.example", "www.chat.example"]
    assert deployment.signup == "closed"
    assert deployment.signups_per_hour == 250
    assert deployment.proxies == 2
    assert deployment.diagnostic
    assert not deployment.canary
    assert not deployment.lan
    assert deployment.metrics_token == "0123456789abcdef"


def test_an_advertised_host_without_a_port_has_the_host_nodes_port() -> None:
    deployment = read(STARLING_ADVERTISE="203.0.113.5", STARLING_UDP_PORT="7000")
    assert (deployment.advertise_host, deployment.advertise_port) == ("203.0.113.5", 7000)


def test_a_wildcard_address_answers_to_any_name() -> None:
    assert read(STARLING_HOST="0.0.0.0").allowed_hosts == ["*"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STARLING_PROXIES", "-1"),
        ("STARLING_PROXIES", "9"),
        ("STARLING_PORT", "eighty"),
        ("STARLING_PORT", "65536"),
        ("STARLING_PORT", "-1"),
        ("STARLING_UDP_PORT", "٨"),
        ("STARLING_UDP_PORTS", "9-1"),
        ("STARLING_UDP_PORTS", "0-5"),
        ("STARLING_UDP_PORTS", "a-b"),
        ("STARLING_ADVERTISE", "host:port"),
        ("STARLING_BOOTSTRAP", "host-without-port"),
        ("STARLING_BOOTSTRAP", ":8468"),
        ("STARLING_SIGNUP", "maybe"),
        ("STARLING_INVITES", "everybody"),
        ("STARLING_SIGNUPS_PER_HOUR", "few"),
        ("STARLING_SIGNUPS_PER_HOUR", "-1"),
        ("STARLING_SIGNUPS_PER_HOUR", "1000001"),
        ("STARLING_DIAGNOSTIC", "perhaps"),
        ("STARLING_CANARY", "yellow"),
        ("STARLING_METRICS_TOKEN", "short"),
        ("STARLING_METRICS_TOKEN", "long enough but of several words"),
        ("STARLING_METRICS_TOKEN", "täglich-ein-neuer-schlüssel"),
        ("STARLING_METRICS_TOKEN", "0" * 257),
        ("STARLING_SMTP", "mail.example"),
        ("STARLING_SMTP", "smtp://mail.example:many"),
        ("STARLING_ORIGINS", "chat.example"),
        ("STARLING_ORIGINS", "https://chat.example/path"),
    ],
)
def test_what_means_nothing_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(DeploymentError, match=name):
        read(**{name: value})


def test_a_token_is_never_shown() -> None:
    token = "a-token-that-nobody-else-knows"
    assert token not in repr(read(STARLING_METRICS_TOKEN=token))
    with pytest.raises(DeploymentError) as refused:
        read(STARLING_METRICS_TOKEN=f"{token} {token}")
    assert token not in str(refused.value)


def test_a_mail_server_is_an_address_with_a_password_that_is_never_shown() -> None:
    plain = read(STARLING_SMTP="smtp://me:s%40cret@mail.example").smtp
    assert plain is not None
    assert (plain.host, plain.port, plain.user, plain.password) == ("mail.example", 587, "me", "s@cret")
    assert plain.starttls
    assert not plain.tls
    assert "cret" not in repr(plain)
    tls = read(STARLING_SMTP="smtps://mail.example").smtp
    assert tls is not None
    assert (tls.port, tls.tls, tls.starttls) == (465, True, False)


def test_a_link_in_a_letter_needs_a_name_that_is_ours() -> None:
    assert read().trusts_host
    assert not read(STARLING_HOST="0.0.0.0").trusts_host
    assert read(STARLING_HOST="0.0.0.0", STARLING_ORIGINS="https://chat.example").trusts_host


def test_a_proxy_that_nobody_counts_is_doubted() -> None:
    origins = "https://chat.example"
    assert read(STARLING_ORIGINS=origins).doubts == (PROXY_UNCOUNTED,)
    assert read(STARLING_ORIGINS=origins, STARLING_PROXIES="1").doubts == read().doubts == ()


def test_doubts_are_said_before_the_pages_are_served(settings: Settings) -> None:
    settings.DEPLOYMENT = read(STARLING_ORIGINS="https://chat.example")
    said = StringIO()
    say_doubts(OutputWrapper(said))
    assert said.getvalue() == f"Warning: {PROXY_UNCOUNTED}\n"
