"""Accounts: sign up, sign in, sign out, password, and the end of a session."""
