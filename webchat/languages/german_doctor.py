"""The codes of the connection doctor and the canary in German. Nothing but data."""

from __future__ import annotations

ERRORS = {
    "BOOTSTRAP_SILENT": (
        "Eine Startadresse antwortet nicht",
        "Prüfe die Adresse und ihren Port, starte den Knoten dort und lass UDP durch die Firewall.",
    ),
    "ADDRESS_DIFFERS": (
        "Andere sehen eine andere Adresse, als ihnen genannt wird",
        "Setze STARLING_ADVERTISE auf die Adresse, die andere sehen, oder lass es weg.",
    ),
    "NAT_SYMMETRIC": (
        "Die Adressübersetzung zeigt jedem eine andere Adresse",
        "Leite einen UDP-Port an diesen Rechner weiter und setze STARLING_ADVERTISE; bis dahin helfen "
        "Vermittler aus.",
    ),
    "NOT_REACHABLE": (
        "Wem dein Knoten nicht geschrieben hat, der erreicht ihn nicht",
        "Öffne den UDP-Port des Knotens in der Firewall, oder leite ihn im Router weiter und setze "
        "STARLING_ADVERTISE.",
    ),
    "STORE_SLOW": (
        "Die Festplatte braucht lange zum Schreiben",
        "Beende, was sonst auf sie schreibt, oder lege das Datenverzeichnis auf eine schnellere.",
    ),
    "DISK_LOW": (
        "Die Festplatte ist fast voll",
        "Schaffe Platz auf der Festplatte dieses Rechners, oder setze STARLING_KEEP_DAYS, damit alte "
        "Nachrichten gehen.",
    ),
    "CHANNEL_UNSEEN": (
        "Der Zustand des Kanals ist nicht zu sehen",
        "Starte die Verbindungsdiagnose für diesen Kanal; hängen auch andere, prüfe die Last dieses Servers.",
    ),
    "CANARY_LATE": (
        "Die Testnachricht dieses Servers kam nicht rechtzeitig durch",
        "Starte den Verbindungsdoktor und behebe den ersten Schritt, der scheitert; was wartet, geht von "
        "selbst hinaus.",
    ),
    "CANARY_STOPPED": (
        "Dieser Server hat sich seit mehr als einer Minute nicht selbst geprüft",
        "Starte den Server neu, dann beginnt er wieder damit, und melde, was in seinem Protokoll zur "
        "Testnachricht (canary) steht.",
    ),
    "ADDRESS_INVALID": (
        "Das ist keine Adresse eines Knotens",
        "Schreibe sie als NAME:PORT, etwa 203.0.113.7:8468, oder lass das Feld leer.",
    ),
    "ADDRESS_UNKNOWN": (
        "Der Name {host} führt zu keiner Adresse",
        "Prüfe, wie der Name geschrieben ist, oder gib stattdessen die IPv4-Adresse des Knotens ein.",
    ),
    "EXAMINATION_RUNNING": (
        "Eine andere Untersuchung läuft noch",
        "Warte, bis sie zu Ende ist, höchstens {retry_after} Sekunden, und beginne dann deine.",
    ),
}
