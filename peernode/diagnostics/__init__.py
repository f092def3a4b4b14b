"""What went wrong, how long things took, and what a person can do about it."""
