"""What runs on this machine: ports, the data folder, the embedded stores as child processes."""
