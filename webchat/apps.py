"""Django's registration of the app."""

from django.apps import AppConfig


class WebchatConfig(AppConfig):
    """One Django app for the whole site; its parts are packages, not apps."""

    name = "webchat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers that end a session's sockets."""
        from webchat.accounts import sessions

        sessions.connect()
