"""Jobs are tickets: rows written with their cause, handed to Dramatiq, leased, and deleted with their effects."""
