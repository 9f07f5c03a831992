"""What is timed. Everybody's functions stand side by side; each imports its own library only."""
