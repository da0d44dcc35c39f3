"""Queries: a question turned into a statement with its parameters, and the form of its answer."""
