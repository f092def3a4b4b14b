"""The engine on virtual time: simulated hosts, network and disk, all drawn from one seed.

Idea: the code that ships runs here unchanged; only its ``Environment`` and its ``Store`` are ours.

* ``scenario`` says what shall happen, read by ``schema``, ``positions`` and ``network_keys``;
  ``scenario_text`` writes one. Those that ship are in ``scenarios/``.
* ``run`` makes it happen: ``participant`` is a node and its person, ``workload`` what people do, ``faults``
  what goes wrong, ``world`` the hosts and the network below, ``machines`` how good each one's are.
* ``observation`` looks on and fills ``evidence``, the only thing that the ``checkers`` judge by.
* ``result`` says what came out, ``report`` shows it as a page.
* Many runs: ``sweep`` adds them up (``outcome``, ``questions``, ``sweep_report``), ``shrink`` makes a failing
  one small (``shrink_messages``). ``commands`` is the command line.

Invariant: same seed and same code, same trace hash, in any process, whatever ``PYTHONHASHSEED``.
"""
