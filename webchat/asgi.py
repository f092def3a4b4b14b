"""The ASGI application: pages by Django, the WebSockets of chat and health by Channels."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webchat.settings")
pages = get_asgi_application()

# Models may be imported only now that Django is set up.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from webchat.chat.consumer import ChatConsumer  # noqa: E402
from webchat.chat.origin import SameOrigin  # noqa: E402
from webchat.health.consumer import HealthConsumer  # noqa: E402

sockets = URLRouter(
    [
        path("ws/chat/", ChatConsumer.as_asgi()),
        path("ws/health/", HealthConsumer.as_asgi()),
    ]
)

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": SameOrigin(AuthMiddlewareStack(sockets)),
    }
)
