"""What a notebook shows: they take records, tables and functions, never the experiment."""
