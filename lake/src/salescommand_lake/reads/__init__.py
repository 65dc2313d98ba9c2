"""What every read shares: the grammar of questions, states now or as of a day, and money."""
