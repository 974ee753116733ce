"""People: users of an account, how they are let in and sign in, their sessions, and the reading of the audit log.

A person belongs to a live account and works in its test twin with the same row; somebody who works for several
organisations has a row, and a password, in each. What a role may do is said in `accounts`."""
