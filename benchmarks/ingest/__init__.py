"""What ingest costs, as ratios to what the machine can do at best, all measured in one run."""
