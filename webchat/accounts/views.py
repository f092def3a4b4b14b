"""Sign up, sign in, sign out, change the password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from webchat.accounts.creation import create_account
from webchat.accounts.forms import ChangePasswordForm, SignInForm, SignUpForm
from webchat.accounts.sessions import announce_end
from webchat.accounts.throttle import Attempt

REFUSALS = {
    "closed": "Accounts are not open here. The administrator can create one for you.",
    "invite": "Accounts are by invitation here, and invitations come with a later version. "
    "Until then the administrator can create an account for you.",
}
TOO_MANY_ATTEMPTS = "Too many attempts. Wait {minutes} minutes, then try again."


class SignIn(LoginView):
    """The sign-in page; too many failures are refused before the password is looked at."""

    template_name = "webchat/signin.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Check the attempt's bound, then the password."""
        self.attempt = Attempt(request.POST.get("username", ""), request.META.get("REMOTE_ADDR") or "")
        if not self.attempt.allowed():
            form = self.get_form_class()(request)
            refusal = TOO_MANY_ATTEMPTS.format(minutes=settings.SIGNIN_WINDOW_S // 60)
            return self.render_to_response(self.get_context_data(form=form, refusal=refusal), status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password was right."""
        self.attempt.succeeded()
        return super().form_valid(form)

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """Whether to offer the way to a new account."""
        return {"signup_open": settings.DEPLOYMENT.signup == "open", **super().get_context_data(**kwargs)}


class SignOut(LogoutView):
    """POST alone: a link on another site must not sign anybody out."""

    http_method_names = ["post", "options"]  # noqa: RUF012 - Django's own way to declare it


class PasswordChange(LoginRequiredMixin, PasswordChangeView):
    """A new password: this session stays, all others end (``webchat.accounts.sessions``)."""

    template_name = "webchat/password.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("chat")

    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:  # type: ignore[override]
        """Change it, end the other sessions' sockets, and say so on the next page."""
        session_key = self.request.session.session_key  # saving the form gives this session a new key
        response = super().form_valid(form)
        announce_end(form.user.pk, session_key, others=True)
        messages.success(self.request, "Your password is changed. Other devices are signed out.")
        return response


@sensitive_post_parameters("password")
@never_cache
def sign_up(request: HttpRequest) -> HttpResponse:
    """A new account, signed in at once; the first one is the administrator."""
    if request.user.is_authenticated:
        return redirect("chat")
    refusal = REFUSALS.get(settings.DEPLOYMENT.signup)
    if refusal is not None:
        return render(request, "webchat/signup.html", {"form": None, "refusal": refusal}, status=403)
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = create_account(form.cleaned_data["username"], form.cleaned_data["password"])
        if user is not None:
            login(request, user)
            return redirect("chat")
        form.add_error("username", "This name is taken. Choose another one.")
    return render(request, "webchat/signup.html", {"form": form})
