"""The chat's WebSocket: frames, the consumer, and its link to the peer-node worker."""
