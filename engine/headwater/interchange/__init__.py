"""Interchange: whole stores in from other formats, and out to them.

Reads and writes MLMD's own databases. Needs the `migrate` extra; nothing else imports SQLAlchemy.
"""
