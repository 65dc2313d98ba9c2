"""The verbs. Each module declares its options; whatever is slow to import is imported inside the verb."""
