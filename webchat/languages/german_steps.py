"""What the connection doctor says, in German, by the keys of ``peernode.doctor.words``. Nothing but data."""

from __future__ import annotations

STEPS = {
    "socket.open": "Hört auf UDP {address}.",
    "socket.none": "Es ließ sich kein Anschluss öffnen.",
    "bootstrap.own": "Das ist die eigene Adresse dieses Knotens.",
    "bootstrap.none": "Es ist keine Startadresse eingestellt.",
    "bootstrap.unknown": "Dieser Name führt zu keiner Adresse.",
    "bootstrap.silent": "Dort antwortet kein Knoten dieses Netzes.",
    "bootstrap.answers": "Antwortet in {rtt_ms} ms, spricht {versions:versions}.",
    "bootstrap.others": "Andere schon.",
    "version.nobody": "Niemand hat geantwortet, der es wissen könnte; dieser Knoten spricht {own:versions}.",
    "version.other": "Dieser Knoten spricht Version {version}, andere {versions:versions}.",
    "version.same": "Wer geantwortet hat ({nodes:node}), spricht Version {version} wie dieser Knoten.",
    "address.nobody": "Niemand hat geantwortet, der es wissen könnte.",
    "address.seen": "Unter {address} gesehen von {votes} von {nodes:node}.",
    "address.told": "Anderen wird {told} genannt.",
    "nat.unknown": "Dazu braucht es das Wort zweier Knoten an verschiedenen Orten.",
    "nat.symmetric": (
        "Jeder Knoten sieht eine andere Adresse von diesem: Die Adressübersetzung ist symmetrisch, "
        "und wem dieser Knoten nicht geschrieben hat, der erreicht ihn nicht."
    ),
    "nat.none": "Keine Adressübersetzung: Andere sehen die Adresse, an die dieser Knoten gebunden ist.",
    "nat.independent": (
        "Alle sehen dieselbe Adresse: Falls es eine Adressübersetzung gibt, hängt sie nicht vom Gegenüber ab."
    ),
    "nat.port_kept": "Der Port bleibt derselbe, also gibt es vielleicht keine.",
    "clock.nobody": "Niemand hat geantwortet, dessen Uhr zu lesen wäre.",
    "clock.behind": "Die Uhr dieses Rechners geht gegenüber {nodes:node} um {offset_s} s nach.",
    "clock.ahead": "Die Uhr dieses Rechners geht gegenüber {nodes:node} um {offset_s} s vor.",
    "clock.one": "Verglichen ist sie mit einer einzigen; vielleicht geht die andere falsch.",
    "reachable.now": "Ein Knoten, dem dieser nie geschrieben hatte, hat ihn erreicht.",
    "reachable.earlier": (
        "Ein Knoten, dem dieser nie geschrieben hatte, hat ihn erreicht, seit er läuft. Wer es jetzt "
        "noch einmal versuchen könnte, dem hat er inzwischen geschrieben, und das würde nichts "
        "beweisen."
    ),
    "reachable.nobody": "Niemand antwortet, der es einen anderen Knoten versuchen lassen könnte.",
    "reachable.no_third": "Kein Knoten kennt einen dritten, der es versuchen könnte.",
    "reachable.all_known": (
        "Alle Knoten, die es versuchen könnten, haben diesem schon geantwortet; ihr Versuch würde "
        "nichts beweisen."
    ),
    "reachable.one_says": (
        "Ein einziger Knoten sagt, dass einer, der diesem nie geantwortet hatte, ihn erreichen sollte; "
        "der hat ihn nicht erreicht, oder es gibt ihn nicht."
    ),
    "reachable.no": (
        "Ein Knoten, der diesem nie geantwortet hatte, sollte ihn erreichen und hat ihn nicht erreicht."
    ),
    "reachable.translated": (
        "Es gibt eine Adressübersetzung, und niemand, dem dieser Knoten nie geschrieben hatte, hat "
        "ihn erreicht, seit er läuft."
    ),
    "lookup.alone": "Es ist kein anderer Knoten bekannt, und keiner ist eingestellt.",
    "lookup.nobody": "Niemand hat geantwortet; gefragt: {asked:node}.",
    "lookup.answered": "{asked:node} gefragt, {answered} haben geantwortet.",
    "channel.unnamed": "Es wurde kein Kanal genannt.",
    "channel.invalid": "Das ist kein Name eines Kanals.",
    "channel.held": "{holding:node} des Netzes sagen, dass sie ihn haben.",
    "channel.unheard": "Die Knoten, die ihn speichern würden, haben nie von ihm gehört.",
    "channel.nobody": "Keiner, der ihn speichern würde, hat geantwortet; gefragt: {asked:node}.",
    "store.unnamed": "Es wurde kein Verzeichnis genannt.",
    "store.none": "Unter {path} gibt es noch keine Datenbank.",
    "store.in_use": "Geschrieben wurde nicht: Ein laufendes Programm hat sie offen.",
    "store.large": "In {seconds} s fand sich kein Schaden; für eine ganze Prüfung ist die Datei zu groß.",
    "store.unreadable": "{path} ist nicht zu lesen: {reason}.",
    "store.damaged": "{path} ist beschädigt: {reason}.",
    "store.sound": "Die Datenbank ist heil.",
    "store.durable": "Was geschrieben wurde, war nach {write_ms} ms sicher.",
    "store.slow": "Was geschrieben wurde, war nach {seconds} s noch nicht sicher.",
    "store.queue": "Zu vieles wartet darauf, geschrieben zu werden.",
    "store.refused": "Geschrieben werden konnte nicht: {detail}.",
    "disk.none": "Dieser Knoten bewahrt nichts auf einer Festplatte auf.",
    "disk.unreadable": "{path} ist nicht anzusehen: {reason}.",
    "disk.free": "{free_gb} GB sind frei.",
    "step.timeout": "Es hat länger als {seconds} s gedauert.",
    "step.broken": "Der Schritt selbst ist gescheitert; das Protokoll sagt, warum.",
    "error": "{detail}",
}
