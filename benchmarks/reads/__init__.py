"""How long reads take on a million canonical records."""
