"""Durable storage: what a node must still know after a power cut."""
