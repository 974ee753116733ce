"""What carriers sign with."""
