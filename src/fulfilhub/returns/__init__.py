"""Returns: what customers send back: request, custody, inspection, disposition. Never ships anything."""
