"""Deliberately broken engines: each breaks one sentence of the protocol, and a checker must notice."""
