"""Fulfilment: the queue partners pull from: claim, lease, accept, pick, pack, ship. Never chooses where."""
