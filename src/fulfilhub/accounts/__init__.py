"""Accounts: merchants, partners and the platform, their API keys and contracts; turns a request into a caller with a
scope. Knows nothing of what they trade."""
