"""Starling's peer engine; see ``peernode.node`` for the way in."""
