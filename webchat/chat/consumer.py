"""The chat's WebSocket."""

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    """Placeholder until the link to the worker is in place."""
