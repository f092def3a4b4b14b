"""What people take along: a channel as a file."""
