"""The report of a run as one HTML file, and the page that sums up many runs.

Idea: a page is text made from a ``Run`` and its ``Result`` and nothing else. Each module writes one
section; ``markup`` escapes, ``svg`` draws, ``figures`` words the numbers, ``page.css`` is the look.

Invariants: a page needs nothing but itself: no script, no font, no picture, and its own content
security policy forbids any; every word that came out of a run is escaped; the same run gives the same
page, byte for byte.
"""

from peernode.simulation.report.page import page
from peernode.simulation.report.summary import Entry, summary

__all__ = ["Entry", "page", "summary"]
