"""The ground every domain stands on: settings, work, jobs, events, ids, clock, secrets. No HTTP here."""
