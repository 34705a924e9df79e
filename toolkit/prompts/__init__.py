"""Words: the formula, its templates, and what spoils a prompt."""
