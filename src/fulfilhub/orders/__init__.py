"""Orders: what the customer bought, its lines and counters, holds, and what is wrong with it. Never decides where it
ships from."""
