"""The procedures that make channels out of nodes: storage, publish, delivery, join, renewal, sync."""
