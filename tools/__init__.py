"""What keeps the repository in order: its rules, generated documents, and installation."""
