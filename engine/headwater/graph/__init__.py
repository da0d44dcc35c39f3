"""The graph: the only code that speaks Bolt. Sessions, statements, records, migrations."""
