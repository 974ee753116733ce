"""Carrier connections: doors by which carriers and aggregators tell of parcels themselves, signed instead of with a
key.

It never decides where a parcel is: it reads what a carrier says and hands it to `shipping`, as the account's own.
"""
