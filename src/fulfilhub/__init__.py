"""FulfilHub: orders in, fulfilled by the warehouse that keeps the promise, billed once."""
