"""How fast the canonical zone is built again, what one step costs, and how much memory that takes."""
