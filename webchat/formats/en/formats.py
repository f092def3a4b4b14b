"""Day, month, year, and 24 hours, as in all of the chat."""

DATE_FORMAT = "l, j F Y"
DATETIME_FORMAT = "j F Y, H:i"
TIME_FORMAT = "H:i"
