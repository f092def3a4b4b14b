"""What tests of the running app need beside the app itself."""
