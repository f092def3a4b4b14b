"""The Kademlia overlay: who is there, who is close to a key, and how to get in."""
