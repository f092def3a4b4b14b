"""The site's addresses; the WebSocket's is in ``webchat.asgi``."""

from django.contrib import admin
from django.urls import path, re_path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from webchat import filesharing, healthz, metrics, pages, pictures
from webchat.accounts import inviting, page, reset, views
from webchat.exporting.views import export
from webchat.health import views as health

urlpatterns = [
    path("", pages.chat, name="chat"),
    path("c/<path:name>/export.<str:kind>", export, name="channel_export"),
    path("c/<path:name>/", pages.channel, name="channel"),
    path("files/", filesharing.share, name="share"),
    path("files/<path:channel>/<str:message>/", filesharing.shared, name="shared"),
    path("people/<str:node>/<str:picture>/", pictures.picture, name="picture"),
    path("signin/", views.SignIn.as_view(), name="signin"),
    path("signup/", views.sign_up, name="signup"),
    path("signout/", views.SignOut.as_view(), name="signout"),
    path("password/", views.PasswordChange.as_view(), name="password_change"),
    path("password/reset/", reset.PasswordReset.as_view(), name="password_reset"),
    path("password/reset/sent/", reset.PasswordResetDone.as_view(), name="password_reset_done"),
    path(
        "password/reset/<uidb64>/<token>/",
        reset.PasswordResetConfirm.as_view(),
        name="password_reset_confirm",
    ),
    path("account/", page.account, name="account"),
    path("account/sessions/", page.end_sessions_view, name="end_sessions"),
    path("account/email/", page.EmailChange.as_view(), name="email_change"),
    path("account/export/", page.IdentityExport.as_view(), name="identity_export"),
    path("account/import/", page.IdentityImport.as_view(), name="identity_import"),
    path("account/delete/", page.AccountDeletion.as_view(), name="account_delete"),
    path("account/invitations/", inviting.invitations, name="invitations"),
    path("account/invitations/end/", inviting.take_back, name="take_back"),
    path("health/", health.page, name="health"),
    path("health/export.<str:kind>", health.export, name="health_export"),
    path("health/bundle/", health.preview, name="health_bundle"),
    path("health/bundle.json", health.download, name="health_bundle_file"),
    path("admin/login/", pages.admin_sign_in),
    path("admin/logout/", views.SignOut.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
    path("admin/", admin.site.urls),
    path("language/", set_language, name="set_language"),
    re_path(r"^static/[0-9a-f]{12}/(?P<path>.+)$", pages.older_asset),
    path("healthz", healthz.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
]

handler403 = "webchat.pages.forbidden"
handler404 = "webchat.pages.not_found"
handler500 = "webchat.pages.failed"
