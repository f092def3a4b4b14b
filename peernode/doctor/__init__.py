"""The connection doctor: what works between this node and the others, what does not, and what to do."""
