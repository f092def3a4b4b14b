"""A simulated machine's clocks on virtual time, and how they go wrong.

Idea: each error of the wall clock has a name, an offset and a drift, and errors add up; so faults that
overlap take back their own and nothing else. A machine's oscillator may run fast or slow as well: that
drifts both clocks. Invariant: the monotonic clock never jumps, whatever happens to the wall clock.
"""

from __future__ import annotations

from peernode.simulation.world.loop import SimLoop

EPOCH_MS = 1_700_000_000_000
"""Wall clock of every undisturbed host at virtual time 0, in ms since the Unix epoch."""
_OSCILLATOR = "oscillator"


class SimClock:
    """A host's clocks; they go on while it has no power."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop
        self._errors: dict[str, tuple[float, float]] = {}
        """Name -> offset in ms at virtual time 0, and how much of each ms it gains."""
        self._offset_ms = float(EPOCH_MS)
        self._wall_rate = 1_000.0
        self._rate = 1.0

    def monotonic(self) -> float:
        """Seconds since the start of the run, as this machine's oscillator counts them."""
        return self._loop.time() * self._rate

    def wall_ms(self) -> int:
        """``EPOCH_MS`` plus virtual time plus this host's own errors."""
        return int(self._offset_ms + self._loop.time() * self._wall_rate)

    def go_wrong(self, name: str, offset_ms: float, drift_ppm: float = 0.0) -> None:
        """From now on the wall clock is ``offset_ms`` ahead and gains ``drift_ppm``, beside other errors."""
        gain = drift_ppm / 1e6
        self._errors[name] = (offset_ms - gain * self._loop.time() * 1_000, gain)
        self._add_up()

    def go_right(self, name: str) -> None:
        """Take an error back, with all that it has gained."""
        self._errors.pop(name, None)
        self._add_up()

    def oscillate(self, drift_ppm: float) -> None:
        """Count time too fast (or too slowly, below 0) since the start of the run."""
        self._rate = 1 + drift_ppm / 1e6
        self._errors[_OSCILLATOR] = (0.0, drift_ppm / 1e6)
        self._add_up()

    def _add_up(self) -> None:
        self._offset_ms = EPOCH_MS + sum(offset_ms for offset_ms, _ in self._errors.values())
        self._wall_rate = 1_000 * (1 + sum(gain for _, gain in self._errors.values()))
