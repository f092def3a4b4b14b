"""A profile that comes along with an identity waits for the node's first start."""
# ruff: noqa: RUF012

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webchat", "0004_names_of_tables")]

    operations = [
        migrations.AddField("peeridentity", "profile", models.JSONField(null=True)),
    ]
