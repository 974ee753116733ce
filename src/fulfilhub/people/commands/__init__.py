"""Every write about people: who they are, links, sessions, second factors, and the brake on guessing."""
