"""The libraries that people's secrets need, each behind a door of ours."""
