"""Browser tests: real Chromium, real server processes, real datagrams between them."""
