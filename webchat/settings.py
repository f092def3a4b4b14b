"""Django's settings for both shapes; what may be chosen comes from ``webchat.deployment``.

Embedded (no ``REDIS_URL``): one process, SQLite, an in-memory channel layer. Scaled: web processes
and a worker that meet in Redis and, with ``DATABASE_URL``, in PostgreSQL.
"""

import os
from pathlib import Path
from typing import Any

import dj_database_url
import django

from webchat.assets import name_of
from webchat.deployment import Deployment
from webchat.keyfiles import load_or_create

BASE_DIR = Path(__file__).resolve().parent.parent
DEPLOYMENT = Deployment.read(os.environ, BASE_DIR)
DEPLOYMENT.data.mkdir(parents=True, exist_ok=True)

SECRET_KEY = load_or_create(DEPLOYMENT.keys / "django.key").hex()
DEBUG = False
ALLOWED_HOSTS = DEPLOYMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = list(DEPLOYMENT.origins)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "webchat",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webchat.accounts.endings.Sessions",
    "django.middleware.locale.LocaleMiddleware",
    "webchat.bodies.refuse_large",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "webchat.urls"
ASGI_APPLICATION = "webchat.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# The databases. IMMEDIATE takes SQLite's write lock when a transaction begins, so that a transaction
# which reads before it writes waits for its turn instead of failing.
if DEPLOYMENT.database_url:
    DATABASES = {"default": dj_database_url.parse(DEPLOYMENT.database_url, conn_max_age=60)}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(DEPLOYMENT.data / "accounts.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The channel layer and the cache. Both lose silently or by expiry; nothing that must last is kept there.
LAYER_CAPACITY = 10_000
if DEPLOYMENT.redis_url:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "webchat.chat.redislayer.PatientRedisLayer",
            "CONFIG": {
                # Longer than the 5 s for which the layer blocks, or each idle receive ends in an error.
                "hosts": [{"address": DEPLOYMENT.redis_url, "socket_timeout": 30}],
                "capacity": LAYER_CAPACITY,
                "prefix": f"starling:{DEPLOYMENT.network}",
            },
        }
    }
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": DEPLOYMENT.redis_url,
        }
    }
else:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": LAYER_CAPACITY},
        }
    }
    # Beyond so many entries a third of them goes, whichever: bounds on guessing are among them.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 50_000},
        }
    }

# Accounts.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "signin"
LOGIN_REDIRECT_URL = "chat"
LOGOUT_REDIRECT_URL = "signin"
SIGNIN_FAILURES_MAX = 8
SIGNIN_FAILURES_PER_ADDRESS_MAX = 64
SIGNIN_WINDOW_S = 300
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ENGINE = "webchat.accounts.sessionstore"

# Letters with a link to a new password; the console shows them unless STARLING_SMTP names a mail server.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if DEPLOYMENT.smtp else 'console'}.EmailBackend"
if DEPLOYMENT.smtp:
    EMAIL_HOST, EMAIL_PORT = DEPLOYMENT.smtp.host, DEPLOYMENT.smtp.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = DEPLOYMENT.smtp.user, DEPLOYMENT.smtp.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = DEPLOYMENT.smtp.tls, DEPLOYMENT.smtp.starttls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = DEPLOYMENT.mail_from
PASSWORD_RESET_TIMEOUT = 3600
RESET_LETTERS_PER_ADDRESS_MAX = 3
RESET_LETTERS_PER_CLIENT_MAX = 10
RESET_WINDOW_S = 3600
IDENTITY_FILES_PER_CLIENT_MAX = 10
INVITATIONS_PER_PERSON_MAX = 50
FILES_PER_PERSON_MAX = 30
FILES_WINDOW_S = 60
EXPORTS_PER_PERSON_MAX = 20
EXPORTS_WINDOW_S = 600

# Browsers share cookies between the ports of a host: two embedded servers must not sign each other out.
_COOKIE_SUFFIX = f"_{DEPLOYMENT.port}" if DEPLOYMENT.embedded else ""
_HTTPS = bool(DEPLOYMENT.origins) and all(origin.startswith("https://") for origin in DEPLOYMENT.origins)
SESSION_COOKIE_NAME = f"starling_session{_COOKIE_SUFFIX}"
SESSION_COOKIE_SECURE = _HTTPS
FORGET_COOKIE_NAME = f"starling_forget{_COOKIE_SUFFIX}"
CSRF_COOKIE_NAME = f"starling_csrf{_COOKIE_SUFFIX}"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = _HTTPS
CSRF_FAILURE_VIEW = "webchat.pages.forbidden"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_URL = f"static/{name_of(BASE_DIR / 'static', django.__version__)}/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = "^/static/"

# The language is what was chosen on a page, otherwise the browser's; tests hold each one complete.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "starling_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "webchat.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# The chat's WebSocket; a refusal is an error frame, see docs/api.md.
FRAME_MAX_BYTES = 64 * 1024
SOCKETS_PER_USER_MAX = 5
MESSAGES_PER_WINDOW_MAX = 10
MESSAGES_WINDOW_S = 10.0
# Of the other kinds, in the same window. What pages do by themselves fits into it: five that greet a new
# server, ask for each of forty channels and join the fifty that waited for it; a jump to a quoted message a
# hundred pages back; a whole outbox of five hundred that is asked about, and tried again or discarded.
FRAMES_PER_WINDOW_MAX = {"hello": 20, "page": 200, "search": 20, "file": 300, "outbox": 1000, "note": 300}
COMMAND_TIMEOUT_S = 2.0
COMMAND_RESEND_S = 0.7
PAGE_COMMAND_TIMEOUT_S = 10.0
STREAM_CHECK_S = 2.0
SESSION_CHECK_S = 15.0
STREAM_EVENTS_MAX = 2000
STREAM_MAX_BYTES = 4 * 1024 * 1024
NODE_ENVIRONMENT = "webchat.bridge.system_environment"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO" if DEPLOYMENT.diagnostic else "WARNING"},
    "loggers": {"webchat": {"level": "DEBUG" if DEPLOYMENT.diagnostic else "INFO"}},
}
