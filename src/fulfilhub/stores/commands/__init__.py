"""Every write of stores: connections, what stores send, and what they are told."""
