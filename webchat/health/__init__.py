"""What staff look at: channel health as the worker sees it, the connection doctor, the page and its files."""
