"""What the person who runs the server chose, read once from environment variables.

``Deployment.read`` is total: every variable is either understood or refused with a sentence that
names the variable, the value and what was expected. Nothing else of the app reads the environment,
and this module knows nothing of Django, so both shapes and all commands see the same choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

Address = tuple[str, int]

SIGNUP_POLICIES = ("open", "invite", "closed")
INVITERS = ("staff", "members")
WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound


DAYS_MAX = 36_500
PROXIES_MAX = 8
SIGNUPS_MAX = 1_000_000
TOKEN_MIN, TOKEN_MAX = 16, 256

JOIN_TOLD_S = 4.3
"""When a user's node says where a join hangs: with the ways there and back it is on the screen within 5 s."""

PROXY_UNCOUNTED = (
    "STARLING_ORIGINS is set and STARLING_PROXIES is 0: if a proxy stands in front, all people seem to come "
    "from its address, and share one bound on failed sign-ins and one on new accounts. Have the proxy add to "
    "X-Forwarded-For, and set STARLING_PROXIES=1."
)


class DeploymentError(ValueError):
    """A variable has a value that means nothing; the text is for the person who set it."""

    code = "SETTING_INVALID"


@dataclass(frozen=True, slots=True)
class MailServer:
    """``smtp://user:password@host:587`` (STARTTLS when there is a password), ``smtps://…`` (TLS at once)."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False

    @property
    def starttls(self) -> bool:
        """Whether the connection begins in clear and is secured before the password is said."""
        return bool(self.password) and not self.tls


@dataclass(frozen=True, slots=True)
class Deployment:
    """The settings of ``docs/operations.md``, checked."""

    host: str
    port: int
    data: Path
    udp_host: str
    udp_port: int
    udp_ports: range | None
    """Ports for the users' nodes; None: any free one."""
    advertise_host: str
    """Empty: as seen by others."""
    advertise_port: int
    """Of the host node; its UDP port unless the advertised address names another."""
    bootstrap: tuple[Address, ...]
    network: str
    signup: str
    signups_per_hour: int
    """How many accounts one address may make in an hour where they are open; 0: without end."""
    invites: str
    """Who makes invitations where accounts are by invitation."""
    database_url: str
    redis_url: str
    origins: tuple[str, ...]
    """Public origins (``https://chat.example``) when the pages are served through a proxy."""
    proxies: int
    """How many proxies a browser's request comes through, each of which says whom it was asked by."""
    diagnostic: bool
    keep_days: float
    """How long messages stay that the nodes store for others; 0: for ever."""
    keep_own_days: float
    """The same for channels that a node is a member of."""
    lan: bool
    """Whether the host node finds others on the same network by itself."""
    canary: bool
    """Whether the host node sends itself a test message every half a minute."""
    metrics_token: str = field(repr=False)
    """Who shows it may read ``/metrics``; empty: administrators alone."""
    smtp: MailServer | None
    """Who takes letters; None: they are written to the console."""
    mail_from: str

    @classmethod
    def read(cls, environ: Mapping[str, str], root: Path) -> Deployment:
        """Read all variables; raises ``DeploymentError``. Relative paths are relative to ``root``."""
        udp_port = _port("STARLING_UDP_PORT", environ.get("STARLING_UDP_PORT", "8468"))
        advertise = environ.get("STARLING_ADVERTISE", "").strip()
        advertise_host, advertise_port = "", udp_port
        if advertise:
            with_port = advertise if ":" in advertise else f"{advertise}:{udp_port}"
            advertise_host, advertise_port = _address("STARLING_ADVERTISE", with_port)
        return cls(
            host=environ.get("STARLING_HOST", "127.0.0.1"),
            port=_port("STARLING_PORT", environ.get("STARLING_PORT", "8000")),
            data=root / environ.get("STARLING_DATA", "var"),
            udp_host=environ.get("STARLING_UDP_HOST", "127.0.0.1"),
            udp_port=udp_port,
            udp_ports=_ports("STARLING_UDP_PORTS", environ.get("STARLING_UDP_PORTS", "")),
            advertise_host=advertise_host,
            advertise_port=advertise_port,
            bootstrap=_addresses("STARLING_BOOTSTRAP", environ.get("STARLING_BOOTSTRAP", "")),
            network=environ.get("STARLING_NETWORK", "starling"),
            signup=_one_of("STARLING_SIGNUP", environ.get("STARLING_SIGNUP", "open"), SIGNUP_POLICIES),
            signups_per_hour=_count(
                "STARLING_SIGNUPS_PER_HOUR", environ.get("STARLING_SIGNUPS_PER_HOUR", "10")
            ),
            invites=_one_of("STARLING_INVITES", environ.get("STARLING_INVITES", "staff"), INVITERS),
            database_url=environ.get("DATABASE_URL", ""),
            redis_url=environ.get("REDIS_URL", ""),
            origins=_origins("STARLING_ORIGINS", environ.get("STARLING_ORIGINS", "")),
            proxies=_proxies("STARLING_PROXIES", environ.get("STARLING_PROXIES", "0")),
            diagnostic=_switch("STARLING_DIAGNOSTIC", environ.get("STARLING_DIAGNOSTIC", "off")),
            keep_days=_days("STARLING_KEEP_DAYS", environ.get("STARLING_KEEP_DAYS", "0")),
            keep_own_days=_days("STARLING_KEEP_OWN_DAYS", environ.get("STARLING_KEEP_OWN_DAYS", "0")),
            lan=_switch("STARLING_LAN", environ.get("STARLING_LAN", "on")),
            canary=_switch("STARLING_CANARY", environ.get("STARLING_CANARY", "on")),
            metrics_token=_token("STARLING_METRICS_TOKEN", environ.get("STARLING_METRICS_TOKEN", "")),
            smtp=_mail_server("STARLING_SMTP", environ.get("STARLING_SMTP", "")),
            mail_from=environ.get("STARLING_MAIL_FROM", "Starling <starling@localhost>"),
        )

    @property
    def embedded(self) -> bool:
        """Whether web server and worker share one process and the in-memory channel layer."""
        return not self.redis_url

    @property
    def keys(self) -> Path:
        """Where key files are kept, apart from the databases."""
        return self.data / "keys"

    @property
    def trusts_host(self) -> bool:
        """Whether the ``Host`` of a request is one of ours, so that a letter may hold a link to it."""
        return self.allowed_hosts != ["*"]

    @property
    def doubts(self) -> tuple[str, ...]:
        """What may be meant as it is set, but seldom is; said when the pages are about to be served."""
        if self.origins and not self.proxies:
            return (PROXY_UNCOUNTED,)
        return ()

    @property
    def allowed_hosts(self) -> list[str]:
        """Host names that pages answer to; a wildcard address answers to any name."""
        if self.origins:
            return [*dict.fromkeys(urlsplit(origin).hostname or "" for origin in self.origins)]
        if self.host in WILDCARDS:
            return ["*"]
        return [*dict.fromkeys((self.host, "localhost", "127.0.0.1", "[::1]"))]


def _refuse(name: str, value: str, expected: str) -> DeploymentError:
    return DeploymentError(f"{name}={value!r}: expected {expected}")


def _port(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) <= 65535):
        raise _refuse(name, value, "a port number, 0 to 65535")
    return int(value)


def _ports(name: str, value: str) -> range | None:
    if not value.strip():
        return None
    first, dash, last = value.strip().partition("-")
    ports = range(_port(name, first), _port(name, last if dash else first) + 1)
    if not ports or not ports[0]:
        raise _refuse(name, value, "a range such as 8500-8599")
    return ports


def _address(name: str, value: str) -> Address:
    host, colon, port = value.strip().rpartition(":")
    if not colon or not host:
        raise _refuse(name, value, "HOST:PORT")
    return host, _port(name, port)


def _addresses(name: str, value: str) -> tuple[Address, ...]:
    return tuple(_address(name, part) for part in value.split(",") if part.strip())


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise _refuse(name, value, " or ".join(choices))
    return value


def _proxies(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) <= PROXIES_MAX):
        raise _refuse(name, value, f"how many proxies are in front of the pages, 0 to {PROXIES_MAX}")
    return int(value)


def _count(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) <= SIGNUPS_MAX):
        raise _refuse(name, value, f"how many, 0 (without a bound) to {SIGNUPS_MAX}")
    return int(value)


def _days(name: str, text: str) -> float:
    """0 for ever, else a whole number of days, which any node on the network has caught up within."""
    if not text.isdecimal() or int(text) > DAYS_MAX:
        raise DeploymentError(f"{name} must be a number of days, 0 to {DAYS_MAX}, not {text!r}")
    return float(text)


def _switch(name: str, value: str) -> bool:
    words = {"": False, "0": False, "off": False, "no": False, "1": True, "on": True, "yes": True}
    if value.lower() not in words:
        raise _refuse(name, value, "on or off")
    return words[value.lower()]


def _token(name: str, value: str) -> str:
    """A secret; never repeated in a refusal."""
    plain = value.isascii() and value.isprintable() and " " not in value
    if value and not (plain and TOKEN_MIN <= len(value) <= TOKEN_MAX):
        raise DeploymentError(f"{name}: expected {TOKEN_MIN} to {TOKEN_MAX} ASCII characters without spaces")
    return value


def _mail_server(name: str, value: str) -> MailServer | None:
    if not value.strip():
        return None
    parts = urlsplit(value.strip())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise DeploymentError(f"{name}: expected smtp://USER:PASSWORD@HOST:PORT or smtps://…")
    tls = parts.scheme == "smtps"
    try:
        port = parts.port or (465 if tls else 587)
    except ValueError:
        raise DeploymentError(f"{name}: expected a port number, 1 to 65535") from None
    return MailServer(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


def _origins(name: str, value: str) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/").lower() for part in value.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            raise _refuse(name, value, "origins such as https://chat.example")
    return origins
