"""Requests and answers over sealed datagrams; see ``peernode.rpc.rpc`` for the way in."""
