"""Every write of carriers: connections, and what they send."""
