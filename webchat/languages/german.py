"""The error catalogue, and the sentences about the own node's state, in German. Nothing but data.

Each entry is what it means and what can be done, with the same values left open as in the English.
"""

from __future__ import annotations

from webchat.languages import german_doctor, german_health

_TRIES = "dein Knoten versucht es weiter"

ERRORS = {
    "NO_BOOTSTRAP": (
        "Kein anderer Knoten des Netzes antwortet",
        f"Prüfe das Netz dieses Rechners und die Adressen in STARLING_BOOTSTRAP; {_TRIES}.",
    ),
    "NO_INITIATOR": (
        "Kein Knoten, der diesen Kanal speichert, ist erreichbar",
        f"Warte einen Moment, {_TRIES}; dauert es an, prüfe das Netz und die UDP-Ports der Firewall.",
    ),
    "NO_PLACE": (
        "Die Knoten, die diesen Kanal speichern, haben keinen Platz für noch jemanden",
        f"Warte, bis ein Platz frei ist, {_TRIES}; oder trefft euch in einem anderen Kanal.",
    ),
    "NO_QUORUM": (
        "Zu wenige Knoten haben bestätigt, dass sie die Nachricht gespeichert haben",
        "Prüfe die Verbindung und drücke „Erneut senden“; die Nachricht bleibt erhalten und geht hinaus, "
        "sobald das Netz wieder da ist.",
    ),
    "UNREACHABLE_BY_INITIATORS": (
        "Nachrichten der Knoten des Kanals kommen nicht bei deinem Knoten an",
        "Öffne den UDP-Port dieses Knotens in der Firewall, oder setze STARLING_ADVERTISE auf eine "
        "erreichbare Adresse.",
    ),
    "SEND_PATH_BROKEN": (
        "Was dein Knoten sendet, kommt nicht durch",
        f"Prüfe die Regeln der Firewall für ausgehendes UDP; {_TRIES}.",
    ),
    "CHANNEL_UNKNOWN": ("Diesen Kanal gibt es hier nicht", "Tritt dem Kanal zuerst bei."),
    "CHANNEL_NAME_INVALID": (
        "Das ist kein Kanalname",
        "Wähle einen Namen, der mit # beginnt, zum Beispiel #lobby.",
    ),
    "NOT_A_MEMBER": (
        "Du bist nicht in diesem Kanal",
        "Tritt dem Kanal bei, dann sende noch einmal.",
    ),
    "TOO_LARGE": (
        "Die Nachricht ist zu lang",
        "Kürze sie, oder sende sie in mehreren Nachrichten.",
    ),
    "EMPTY": ("Die Nachricht ist leer", "Schreibe zuerst etwas."),
    "RATE_LIMITED": (
        "Zu viel in kurzer Zeit",
        "Warte {retry_after} Sekunden, dann geht es wieder.",
    ),
    "CLOCK_SKEW": (
        "Die Uhr dieses Rechners geht um {seconds} Sekunden falsch",
        "Stelle die Uhr dieses Rechners (schalte die automatische Zeit ein). Eine Nachricht, die "
        "zurückgewiesen wurde: bearbeite und sende sie noch einmal, oder drücke „Erneut senden“, "
        "wenn ihre Zeit gekommen ist.",
    ),
    "SIGNATURE_INVALID": (
        "Eine Unterschrift passt nicht",
        "Verwirf die Nachricht und schreibe sie neu; kommt es wieder vor, prüfe die Platte dieses Rechners.",
    ),
    "STORE_FULL": (
        "Die Platte ist voll",
        "Schaffe Platz auf der Platte dieses Rechners, dann drücke „Erneut senden“.",
    ),
    "CHANNEL_FULL": (
        "Die Knoten, die diesen Kanal speichern, haben keinen Platz mehr",
        "Bitte die Leute, denen diese Knoten gehören, Platz zu schaffen, dann drücke „Erneut senden“.",
    ),
    "AUTHOR_QUOTA": (
        "Du hast deinen Platz in diesem Kanal aufgebraucht",
        "Schreibe in einem anderen Kanal, oder bitte die Leute, denen diese Knoten gehören, um mehr Platz.",
    ),
    "STORE_VERSION": (
        "Die Datenbank wurde von einer neueren Version geschrieben",
        "Starte die neuere Version, oder wähle ein anderes Datenverzeichnis.",
    ),
    "STORE_CORRUPT": (
        "Die Datenbank ist nicht lesbar",
        "Schiebe die Datei beiseite und starte neu; der Verlauf kommt aus dem Netz zurück.",
    ),
    "STORE_LOCKED": (
        "Ein anderes Programm benutzt die Datenbank",
        "Beende das andere Programm, oder wähle ein anderes Datenverzeichnis.",
    ),
    "IDENTITY_UNREADABLE": (
        "Der Schlüssel dieses Knotens ist nicht lesbar",
        "Hole beide Dateien aus einer Sicherung, oder schiebe sie beiseite und beginne mit einer neuen "
        "Identität.",
    ),
    "ROW_DAMAGED": (
        "Etwas, was dieser Knoten aufgeschrieben hatte, ist beschädigt",
        "Tritt dem Kanal wieder bei, der in deiner Liste fehlt, oder schreibe die Nachricht noch einmal; "
        "lass dann die Platte prüfen.",
    ),
    "OUTBOX_FULL": (
        "Zu viele Nachrichten warten darauf, gesendet zu werden",
        "Warte, bis einige hinausgegangen sind, oder verwirf welche.",
    ),
    "OUTBOX_UNWRITABLE": (
        "Der Browser konnte nicht aufschreiben, was du geschrieben hast",
        "Schaffe Platz auf der Platte oder lade die Seite neu, dann versuche es noch einmal; "
        "ein Text steht wieder im Nachrichtenfeld.",
    ),
    "MESSAGE_UNKNOWN": (
        "Diese Nachricht gibt es hier nicht",
        "Lade die Seite neu, um ihren Stand zu sehen.",
    ),
    "TOO_MANY_BLOCKED": (
        "Mehr Leute können nicht blockiert werden",
        "Gib zuerst jemanden frei, in der Liste der Leute.",
    ),
    "NOT_AUTHOR": (
        "Nur wer eine Nachricht geschrieben hat, kann sie ändern",
        "Antworte stattdessen darauf, oder frage, wer sie geschrieben hat.",
    ),
    "ID_REUSED": (
        "Eine andere Nachricht hat diese Kennung schon",
        "Sende die Nachricht noch einmal unter einer neuen Kennung.",
    ),
    "TOO_MANY_CHANNELS": (
        "Dieser Knoten ist in so vielen Kanälen, wie er kann",
        "Verlasse zuerst einen Kanal.",
    ),
    "VERSION_UNSUPPORTED": (
        "Der andere Knoten spricht eine andere Version",
        "Aktualisiere den älteren der beiden.",
    ),
    "WORKER_UNAVAILABLE": (
        "Dein Knoten antwortet nicht",
        "Warte einen Moment; was du geschrieben hast, bleibt erhalten und geht von selbst hinaus.",
    ),
    "CONNECTION_LOST": (
        "Die Verbindung zu deinem Knoten ist unterbrochen",
        "Warte einen Moment, sie kommt von selbst zurück, und was du schreibst, bleibt erhalten; dauert es "
        "an, prüfe den Server.",
    ),
    "TIMEOUT": (
        "Es hat zu lange gedauert: {step}",
        f"Warte einen Moment, {_TRIES}; dauert es an, prüfe das Netz.",
    ),
    "NODE_START_FAILED": (
        "Dein Knoten konnte nicht gestartet werden",
        "Setze STARLING_UDP_HOST und STARLING_UDP_PORT auf eine freie Adresse dieses Rechners.",
    ),
    "SETTING_INVALID": (
        "Eine Einstellung hat einen Wert, der nicht zu brauchen ist",
        "Setze die genannte Variable auf einen Wert wie in docs/operations.md, dann starte neu.",
    ),
    "KEY_UNREADABLE": (
        "Eine Schlüsseldatei des Servers ist nicht zu brauchen",
        "Hole die Datei aus einer Sicherung, oder lass das Konto des Servers sie lesen; dann starte neu.",
    ),
    "BAD_FRAME": (
        "Die Anfrage wurde nicht verstanden",
        "Lade die Seite neu; kommt es wieder vor, melde es.",
    ),
    "TOO_MANY_SOCKETS": (
        "Der Chat ist zu oft geöffnet",
        "Schließe eine Seite des Chats, dann lade diese neu.",
    ),
    "SESSION_ENDED": (
        "Du bist abgemeldet",
        "Melde dich wieder an; was du geschrieben hast, bleibt erhalten.",
    ),
    "INTERNAL": (
        "In diesem Programm ist etwas Unerwartetes geschehen",
        "Versuche es noch einmal; kommt es wieder vor, melde es mit dem Protokoll.",
    ),
    "INVITE_INVALID": ("Die Einladung ist nicht gültig", "Bitte um einen neuen Einladungslink."),
    "INVITE_EXPIRED": ("Die Einladung ist abgelaufen", "Bitte um eine neue."),
    "AUTHOR_FORKED": (
        "{name} hat in {channel} zwei verschiedene Nachrichten als eine gesendet",
        "Frage {name} auf einem anderen Weg, was davon stimmt, bevor du dich darauf verlässt. Beide "
        "Nachrichten sind zu sehen.",
    ),
    "INVITES_FULL": (
        "Du hast zu viele Einladungen, die noch gelten",
        "Nimm einige zurück, oder warte, bis sie abgelaufen sind.",
    ),
    "TOO_MANY_VERIFIED": (
        "Du hast so viele Leute als geprüft gekennzeichnet, wie es geht",
        "Nimm das Kennzeichen von jemandem zurück, den du nicht mehr triffst, dann setze dieses noch einmal.",
    ),
    "PICTURE_UNSUITABLE": (
        "Dieses Bild geht nicht",
        "Wähle ein Bild als PNG, JPEG oder WebP, oder verkleinere dieses.",
    ),
    "FILE_TOO_LARGE": (
        "Die Datei ist zu groß",
        "Verkleinere sie, oder teile sie in mehreren Stücken.",
    ),
    "FILE_EMPTY": ("Die Datei ist leer", "Wähle eine andere Datei."),
    "UPLOADS_FULL": (
        "Zu viele Dateien warten",
        "Warte, bis einige geteilt sind, oder verwirf welche.",
    ),
    "FILE_UNSUITABLE": (
        "Dieses Bild mit {width} x {height} Bildpunkten ist zu groß, um gezeigt zu werden",
        "Verkleinere das Bild, dann teile es noch einmal.",
    ),
    "FILE_UNAVAILABLE": (
        "Niemand, der erreichbar ist, hat diese Datei",
        "Versuche es später noch einmal, oder bitte die Person, die sie geteilt hat, den Chat zu öffnen.",
    ),
    "UPLOAD_INTERRUPTED": (
        "Die Datei kam nicht ganz an",
        "Teile die Datei noch einmal; nichts davon wurde gesendet.",
    ),
    "UPLOAD_LOST": (
        "Die Datei ist nicht zum Server durchgekommen",
        "Drücke „Erneut senden“. Nur diese Seite hat die Datei: Schließen oder Neuladen verwirft sie.",
    ),
    "IDENTITY_FILE_INVALID": (
        "Das ist keine brauchbare Identitätsdatei",
        "Wähle die Datei, die dir Starlings Kontoseite gegeben hat, oder exportiere sie dort noch einmal.",
    ),
    "IDENTITY_PASSPHRASE_WRONG": (
        "Der Kennsatz öffnet diese Datei nicht",
        "Gib den Kennsatz ein, den du beim Exportieren der Identität gewählt hast.",
    ),
    "IDENTITY_IN_USE": (
        "Diese Identität gehört schon zu einem Konto dieses Servers",
        "Melde dich stattdessen bei jenem Konto an.",
    ),
    "IDENTITY_NOT_FRESH": (
        "Dieses Konto hat eine Identität, die andere schon kennen",
        "Lege ein neues Konto an und importiere die Identität dort, bevor du einem Kanal beitrittst.",
    ),
    **german_health.ERRORS,
    **german_doctor.ERRORS,
}

SENTENCES = {
    "Starting …": "Startet …",
    "Looking for the network …": "Sucht das Netz …",
    "No peer has answered for some seconds.": "Seit einigen Sekunden hat kein anderer Knoten geantwortet.",
    "No other node answers; your node keeps trying.": f"Kein anderer Knoten antwortet; {_TRIES}.",
    "No other node is known yet; others join through this node's address.": (
        "Noch ist kein anderer Knoten bekannt; andere kommen über die Adresse dieses Knotens dazu."
    ),
}
