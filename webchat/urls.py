"""The site's addresses; the WebSocket's is in ``webchat.asgi``."""

from django.urls import path

from webchat import pages
from webchat.accounts import views

urlpatterns = [
    path("", pages.chat, name="chat"),
    path("signin/", views.SignIn.as_view(), name="signin"),
    path("signup/", views.sign_up, name="signup"),
    path("signout/", views.SignOut.as_view(), name="signout"),
    path("password/", views.PasswordChange.as_view(), name="password_change"),
    path("healthz", pages.healthz, name="healthz"),
]

handler403 = "webchat.pages.forbidden"
handler404 = "webchat.pages.not_found"
handler500 = "webchat.pages.failed"
