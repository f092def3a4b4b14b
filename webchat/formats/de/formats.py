"""Tag, Monat, Jahr."""

DATE_FORMAT = "l, j. F Y"
DATETIME_FORMAT = "j. F Y, H:i"
TIME_FORMAT = "H:i"
