"""The simulated world: virtual time, machines, and the network between them. It knows nothing of nodes.

``host`` puts it together as a ``SimWorld`` of ``SimHost``; tests use that by itself. Below it are ``loop``
(virtual time, and whose code runs) and ``clocks``; ``network`` carries datagrams over ``latency``, ``links``
and ``nat``, through the ``disturbances`` that faults put there, and writes down in ``trace`` what became of
each. ``standin`` saves the sealing in large runs.
"""
