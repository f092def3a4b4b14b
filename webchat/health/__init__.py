"""What administrators look at: channel health, the connection doctor, exports."""
