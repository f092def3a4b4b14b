"""The web app: accounts, the chat page, and the bridge to the users' peer nodes."""
