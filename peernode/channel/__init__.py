"""A channel's state without any I/O: messages, log and frontier, leases, assignment, receipts."""
