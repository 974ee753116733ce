"""Pure rules of webhooks: endpoints, payloads, retries, health."""
