"""How the administration pages call the tables."""
# ruff: noqa: RUF012

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("webchat", "0003_invitations")]

    operations = [
        migrations.AlterModelOptions(name="peeridentity", options={"verbose_name_plural": "peer identities"}),
    ]
