"""The engine on virtual time: simulated hosts, network and disk, all drawn from one seed.

Idea: the code that ships runs here unchanged; only its ``Environment`` and its ``Store`` are ours.
``loop`` is the virtual clock, ``network`` carries datagrams, ``host`` is a machine that can lose
its power. On top of them ``scenario`` describes a run, ``world`` starts it, ``workload`` writes,
``faults`` disturb, ``checkers`` judge, ``result`` says what came out.

Invariant: same seed and same code, same trace hash, in any process, whatever ``PYTHONHASHSEED``.
"""
