"""Factories: a world made through the public API, as a user would."""
