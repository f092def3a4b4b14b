"""What property tests share: how many examples there are, and the links that those of joining draw."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

drawn = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

links = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "one_way_ms": st.tuples(st.integers(1, 30), st.integers(31, 90)),
        "jitter_ms": st.integers(0, 10),
        "loss": st.sampled_from((0.0, 0.01, 0.05)),
    }
)
"""For ``tests.pubsub.flock.story``."""
