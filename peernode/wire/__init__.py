"""Frames and bodies as bytes: total decoders, one canonical encoding, sealing."""
