"""Measurements: what the product does in which time, on which machine."""
