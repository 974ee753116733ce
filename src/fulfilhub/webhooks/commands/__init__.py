"""Writing webhooks: endpoints, what is due to them, attempts and their ends, replays, and forgetting."""
