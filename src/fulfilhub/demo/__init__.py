"""The demo world: outsiders who reach FulfilHub only through its public doors."""
