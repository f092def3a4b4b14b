"""What goes wrong in a run.

``kinds`` declares what a scenario may ask for, ``keys`` how its values are read; ``timetable`` begins and
ends each fault at its time. What a kind does is in ``power`` (power and processes), ``machine`` (disks and
clocks), ``network``, and ``hostile`` with its ``forgery``; ``stage`` is what all of them act on.
"""
