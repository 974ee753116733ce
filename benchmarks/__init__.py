"""Measures what FulfilHub claims about speed: on one machine, in one run, each figure beside the limit it is held
against. Absolute figures hold nowhere else; ratios within a run do.

One file per benchmark; `__main__` names them all.
"""
