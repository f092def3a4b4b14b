"""A node that turns hostile for a while: it floods, forges, replays and withholds.

Idea: the node itself runs on as it is; beside it a second program sends from the same machine. It
overhears what comes through anywhere on the network, when it does (so a replay is never ahead of the
original), and it has the node's own key. In each mode it does its worst at ``rate_per_s``:

* ``garbage``: random bytes, and real datagrams damaged, to everyone it knows;
* ``forged``: frames with others' keys, broken seals, HELLOs and WELCOMEs in others' names and from
  others' addresses, and nonsense and messages in others' names that it seals properly as itself;
* ``replayed``: overheard datagrams again, to whom they were for, from their own address or its own;
* ``withheld``: a fraction of what its node should send is silently not sent;
* ``invented``: who asks it for nodes close to an id is named nodes that do not exist, at once, and does
  not hear what the node itself would have answered;
* ``perjured``: messages that are brought to it never get to the node; it swears to have them, in its own
  name and in others';
* ``named``: it tells everybody, by names without signatures, that everybody has acked each message that
  comes to it, at once and while others may still have to push.

Invariants: what it remembers is bounded; it sends nothing while its machine has no power or is frozen;
``coverage`` counts by mode what was really sent. ``Evidence.hostile`` says who it was.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from peernode.channel.ids import channel_id_of
from peernode.channel.message import Message
from peernode.environment import Address
from peernode.identity import network_id_of
from peernode.pubsub.ackpages import NAMES_PER_MESSAGE
from peernode.pubsub.context import uuid_text
from peernode.simulation.faults.forgery import Forger, blank_token, is_sealed, sender_in, token_in
from peernode.simulation.faults.invention import Inventor
from peernode.simulation.faults.kinds import INVENTED, NAMED, PERJURED
from peernode.simulation.faults.naming import Namer
from peernode.simulation.faults.perjury import OWN_WORD, Perjurer
from peernode.simulation.faults.stage import End, Occurrence, Stage, hosts_of
from peernode.simulation.participant import PORT, Participant
from peernode.simulation.world.disturbances import Withholding
from peernode.simulation.world.standin import sealer_for

OVERHEARD_MAX = 512
"""Datagrams remembered, evenly over all that was overheard."""
MADE_MAX = 1_024
"""Own datagrams that are known again when they come by."""
ADDRESSES_MAX = 1_024
"""Addresses of whom something is known."""
HUSHED_S = 0.005
"""So long after an invented answer nothing of the node's own gets to the asker: its true answer."""

NAMED_AGAIN_S = (0.0, 0.1, 0.3)
"""A lie about a message goes out so long after it came: who does not have it yet would not understand."""

Datagram = tuple[Address, Address, bytes]


class Overheard:
    """What passed by since the node turned hostile."""

    def __init__(self, fault: Occurrence) -> None:
        self.datagrams: list[Datagram] = []
        self.keys: dict[Address, bytes] = {}
        """Address -> the key of who sends from there."""
        self.tokens: dict[tuple[Address, Address], bytes] = {}
        """(sender, receiver) -> the token that the one shows to the other."""
        self.listeners: dict[Address, Callable[[Address, bytes], bool]] = {}
        """Address of a hostile node -> who reads (sender, datagram) and may take it away."""
        self._made: OrderedDict[bytes, None] = OrderedDict()
        self._rng = fault.rng
        self._heard = 0

    def __call__(self, source: Address, target: Address, data: bytes) -> bool:
        """One datagram has come through; whether it ends here."""
        if data in self._made:
            return False
        listener = self.listeners.get(target)
        taken = listener is not None and is_sealed(data) and listener(source, data)
        self._heard += 1
        if len(self.datagrams) < OVERHEARD_MAX:
            self.datagrams.append((source, target, data))
        elif (place := self._rng.randrange(self._heard)) < OVERHEARD_MAX:
            self.datagrams[place] = (source, target, data)
        if is_sealed(data):
            if source in self.keys or len(self.keys) < ADDRESSES_MAX:
                self.keys[source] = sender_in(data)
            if (source, target) in self.tokens or len(self.tokens) < ADDRESSES_MAX:
                self.tokens[(source, target)] = token_in(data)
        return taken

    def made(self, data: bytes) -> None:
        """Nothing is to be learned from this one: it is our own work."""
        self._made[data] = None
        if len(self._made) > MADE_MAX:
            self._made.popitem(last=False)


class Hostility:
    """One hostile node."""

    def __init__(
        self,
        stage: Stage,
        fault: Occurrence,
        who: Participant,
        overheard: Overheard,
        withholding: Withholding,
    ) -> None:
        self._stage = stage
        self._fault = fault
        self._rng = fault.rng
        self._who = who
        self._overheard = overheard
        self._withholding = withholding
        sealer = sealer_for(len(stage.participants))
        self._forger = Forger(who.identity, network_id_of(who.config.network), fault.rng, sealer)
        self._own: Address = who.address
        around = (who.identity, network_id_of(who.config.network), fault.rng, sealer)
        modes = fault.spec.options["modes"]
        self._inventor = Inventor(*around) if INVENTED in modes else None
        self._namer = Namer(*around) if NAMED in modes else None
        self._perjurer = Perjurer(*around) if PERJURED in modes else None
        if self._inventor or self._namer or self._perjurer:
            overheard.listeners[self._own] = self._comes
        self._over = False
        self._acts: dict[str, Callable[[], bool]] = {
            "garbage": self._garbage,
            "forged": self._forged,
            "replayed": self._replayed,
        }

    def cease(self) -> None:
        """Say no more of what came before."""
        self._over = True

    async def rage(self) -> None:
        """Send until cancelled."""
        modes = [mode for mode in self._fault.spec.options["modes"] if mode in self._acts]
        host, loop = self._who.host, self._stage.world.loop
        while modes:
            await asyncio.sleep(self._rng.expovariate(self._fault.spec.options["rate_per_s"]))
            mode = self._rng.choice(modes)
            if host.up and not loop.is_frozen(host.key) and self._acts[mode]():
                self._stage.coverage[f"fault hostile: {mode}"] += 1

    def _comes(self, source: Address, data: bytes) -> bool:
        """Something comes for the node; whether it does not get to it."""
        host, loop = self._who.host, self._stage.world.loop
        if not host.up or loop.is_frozen(host.key):
            return False
        if self._inventor is not None:
            self._asked(self._inventor, source, data)
        for message in self._namer.news(data) if self._namer is not None else ():
            for later_s in NAMED_AGAIN_S:
                loop.call_later(later_s, self._name_all, message)
        return self._perjurer is not None and self._swear(self._perjurer, source, data)

    def _swear(self, perjurer: Perjurer, source: Address, data: bytes) -> bool:
        """Whether messages were brought: then false words were given for them."""
        brought = perjurer.brought(data)
        others = [key for key in self._overheard.keys.values() if key != self._who.identity.public_key]
        token = self._overheard.tokens.get((self._own, source)) or blank_token(self._rng)
        for kind, message, made in perjurer.words(brought, token, others):
            if self._send(made, source):
                self._stage.coverage[f"fault hostile: perjured, {kind}"] += 1
                if kind == OWN_WORD:
                    sworn = self._stage.evidence.sworn.setdefault(uuid_text(message.id), {})
                    sworn[self._who.index] = None
        return bool(brought)

    def _name_all(self, message: Message) -> None:
        assert self._namer is not None
        if self._stage.world.loop.is_frozen(self._who.host.key) or self._over:
            return
        everybody = self._stage.participants[:NAMES_PER_MESSAGE]
        keys = [one.identity.public_key for one in everybody]
        for one in everybody:
            if one is not self._who:
                token = self._overheard.tokens.get((self._own, one.address)) or blank_token(self._rng)
                made = self._namer.lie(one.identity.public_key, token, message, keys)
                if made is not None and self._send(made, one.address):
                    self._stage.coverage["fault hostile: named"] += 1

    def _asked(self, inventor: Inventor, source: Address, data: bytes) -> None:
        """Questions whom the node knows are answered, with inventions."""
        loop = self._stage.world.loop
        asker, questions = inventor.questions(data)
        if not questions:
            return
        token = self._overheard.tokens.get((self._own, source)) or blank_token(self._rng)
        others = [address for address in self._overheard.keys if address not in (self._own, source)]
        for request_id, target in questions:
            made = inventor.answer(asker, token, request_id, target, others)
            if made is not None and self._send(made, source):
                self._stage.coverage["fault hostile: invented"] += 1
        if (far := self._stage.world.network.hosts.get(source[0])) is not None:
            self._withholding.hushed[far.index] = None
            loop.call_later(HUSHED_S, self._withholding.hushed.pop, far.index, None)

    def _garbage(self) -> bool:
        target = self._somebody()
        if target is None:
            return False
        if self._overheard.datagrams and self._rng.random() < 0.5:
            return self._send(self._forger.mutated(self._rng.choice(self._overheard.datagrams)[2]), target)
        return self._send(self._forger.noise(), target)

    def _replayed(self) -> bool:
        if not self._overheard.datagrams:
            return False
        source, target, data = self._rng.choice(self._overheard.datagrams)
        return self._send(data, target, source if self._rng.random() < 0.5 else None)

    def _forged(self) -> bool:
        rng, forger = self._rng, self._forger
        target = self._somebody()
        other = self._somebody(but=target)
        if target is None or other is None:
            return False
        key = self._overheard.keys[other]
        in_its_name = other if rng.random() < 0.7 else None
        form = rng.randrange(9)
        if form < 3 or form == 8:
            token = self._overheard.tokens.get((self._own, target)) or blank_token(rng)
            receiver_key = self._overheard.keys[target]
            if form == 8 and self._stage.scenario.channels:
                network_id = network_id_of(self._who.config.network)
                channel_id = channel_id_of(network_id, rng.choice(self._stage.scenario.channels).name)
                now_ms = self._who.host.clock.wall_ms()
                made = forger.words(receiver_key, token, channel_id, key, now_ms)
            else:
                made = forger.nonsense(receiver_key, token)
            return made is not None and self._send(made, target)
        if form == 3:
            token = self._overheard.tokens.get((other, target)) or blank_token(rng)
            return self._send(forger.impersonation(key, token), target, in_its_name)
        if form == 4:
            return self._send(forger.hello(), target, in_its_name)
        if form == 5:
            return self._send(forger.welcome(key, target), target, in_its_name)
        source, receiver, data = rng.choice(self._overheard.datagrams)
        if not is_sealed(data):
            return False
        if form == 6:
            return self._send(forger.broken_seal(data), receiver, source)
        return self._send(forger.appropriated(data), receiver)

    def _somebody(self, but: Address | None = None) -> Address | None:
        """An address with a known key, not its own."""
        known = [address for address in self._overheard.keys if address not in (self._own, but)]
        return self._rng.choice(known) if known else None

    def _send(self, data: bytes, target: Address, claimed: Address | None = None) -> bool:
        """Send as itself, through its own address translator; or in the name of ``claimed``."""
        network, host = self._stage.world.network, self._who.host
        endpoint = host.endpoints.get(PORT)
        if endpoint is None:
            return False
        self._overheard.made(data)
        self._withholding.off = True
        try:
            if claimed is None:
                network.send(endpoint, data, target)
            else:
                network.carry(host, claimed, data, target)
        finally:
            self._withholding.off = False
        return True


async def hostile(stage: Stage, fault: Occurrence) -> End:
    """Turn the targets hostile."""
    taken, options = stage.targets(fault), fault.spec.options
    network, overheard = stage.world.network, Overheard(fault)
    network.taps[fault.number] = overheard
    for who in taken:
        stage.evidence.hostile[who.index] = None
    fraction = options["withhold"] if "withheld" in options["modes"] else 0.0
    withholding = Withholding(hosts_of(taken), fraction)
    calm = stage.disturb(withholding)
    hostilities = [Hostility(stage, fault, who, overheard, withholding) for who in taken]
    raging = [asyncio.ensure_future(hostility.rage()) for hostility in hostilities]
    stage.happened(fault.spec.kind, len(taken))

    async def end() -> None:
        for task in raging:
            task.cancel()
        for outcome in await asyncio.gather(*raging, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        for hostility in hostilities:
            hostility.cease()
        del network.taps[fault.number]
        stage.coverage["fault hostile: withheld"] += calm()
        now = stage.world.loop.time()
        stage.evidence.hostile_spans += [(who.index, fault.begin_s, now) for who in taken]

    return end
