"""The codes about a channel's health in German. Nothing but data; see ``german``."""

from __future__ import annotations

ERRORS = {
    "INITIATORS_TOO_FEW": (
        "Zu wenige Knoten des Kanals antworten, um eine Nachricht zu bestätigen",
        "Warte eine halbe Minute: andere Knoten nehmen von selbst ihre Plätze ein. Dauert es an, muss, wer "
        "die stummen Knoten betreibt, sie wieder starten.",
    ),
    "INITIATOR_SILENT": (
        "Ein Knoten, der den Kanal speichert, antwortet nicht",
        "Warte eine halbe Minute: ein anderer nimmt von selbst seinen Platz ein. Dauert es an, muss, wer "
        "diesen Knoten betreibt, dessen Rechner prüfen.",
    ),
    "INITIATOR_UNHEARD": (
        "Ein Knoten, der den Kanal speichert, hat noch nicht geantwortet",
        "Warte einige Sekunden, er wird von selbst ein zweites Mal gefragt; dann zeigt sich, ob "
        "er antwortet oder stumm ist.",
    ),
    "INITIATOR_DOUBTED": (
        "Was ein Knoten, der den Kanal speichert, über ihn sagt, kann nicht stimmen",
        "Sieh in seiner Zeile nach, welcher es ist, und starte ihn neu mit der veröffentlichten Version; bis "
        "dahin überstimmen ihn die anderen.",
    ),
    "STORES_FULL": (
        "Knoten, die den Kanal speichern, nehmen aus Platzmangel keine Nachrichten an",
        "Schaffe Platz auf den Rechnern der als voll bezeichneten Initiatoren; haben die Platten "
        "Platz, nimm einen neuen Kanal.",
    ),
    "LOGS_DIFFER": (
        "Knoten, die den Kanal speichern, haben gleich viele Nachrichten, aber nicht dieselben",
        "Prüfe das Netz zwischen den Rechnern der Initiatoren und den Platz auf ihren Platten; alles andere "
        "tun sie von selbst.",
    ),
    "INITIATORS_DISAGREE": (
        "Die Knoten des Kanals sind sich nicht einig, wer ihn speichert",
        "Warte eine Minute, bis sie sich einig sind; dauert es an, prüfe das Netz zwischen ihren Rechnern.",
    ),
    "ONE_COPY": (
        "Nur ein Knoten speichert diesen Kanal",
        "Bitte den, der diesen Knoten betreibt, einen zweiten zu starten, der ihn kennt "
        "(STARLING_BOOTSTRAP): Der bekommt von selbst eine Kopie. Bis dahin ist, was im Kanal steht, nur so "
        "sicher wie eine einzelne Platte.",
    ),
    "UNDER_REPLICATED": (
        "Nachrichten liegen auf weniger Knoten, als sie sollten",
        "Warte, bis der Knoten aufgeholt hat; wird die Zahl nicht kleiner, prüfe seine Platte und sein Netz.",
    ),
    "COORDINATOR_LOST": (
        "Es steht im Moment nicht fest, welche Knoten den Kanal speichern",
        "Warte einen Moment, der Knoten fragt weiter; dauert es an, prüfe das Netz dieses Rechners.",
    ),
    "SUBSCRIBER_UNREACHABLE": (
        "Jemand im Kanal bekommt im Moment keine Nachrichten",
        "Sieh in der Zeile des Teilnehmers nach, was unterbrochen ist, und drücke „Jetzt reparieren“.",
    ),
    "SUBSCRIBER_SILENT": (
        "Von diesem Teilnehmer kommt nichts, und nichts scheint bei ihm anzukommen",
        "Prüfe, ob der Rechner läuft und ein Netz hat, dann drücke „Jetzt reparieren“; was er "
        "verpasst hat, folgt.",
    ),
    "SUBSCRIBER_DEAF": (
        "Dieser Teilnehmer ist zu hören, aber Nachrichten kommen nicht bei ihm an",
        "Öffne den UDP-Port jenes Knotens in seiner Firewall, oder setze dort "
        "STARLING_ADVERTISE; dann drücke "
        "„Jetzt reparieren“.",
    ),
    "SUBSCRIBER_MUTE": (
        "Nachrichten kommen bei diesem Teilnehmer an, aber seine Antworten gehen verloren",
        "Prüfe die Regeln für ausgehendes UDP in der Firewall jenes Knotens, dann drücke „Jetzt reparieren“.",
    ),
    "SUBSCRIBER_BY_RELAY": (
        "Dieser Teilnehmer ist nur über einen anderen Knoten erreichbar",
        "Prüfe die Firewall vor jenem Knoten; bis dahin dient der Umweg, nichts geht verloren.",
    ),
    "PATH_BROKEN": (
        "Einige Initiatoren erreichen diesen Teilnehmer nicht, andere schon",
        "Drücke „Jetzt reparieren“; bleibt der Weg unterbrochen, prüfe die Firewalls an seinen beiden Enden.",
    ),
    "SUBSCRIBER_SLOW": (
        "Dieser Teilnehmer antwortet langsam",
        "Prüfe Last und Leitung jenes Rechners; die anderen hält er nicht auf.",
    ),
    "SUBSCRIBER_UNLISTED": (
        "Die meisten Initiatoren kennen diesen Teilnehmer nicht",
        "Warte auf die nächste Erneuerung (20 Sekunden); dauert es an, prüfe das ausgehende UDP "
        "jenes Knotens.",
    ),
    "PUSHES_FAIL": (
        "Viele Zustellungen scheitern beim ersten Versuch",
        "Suche in der Matrix die Zeilen und Spalten mit Fehlschlägen, und prüfe das Netz, das "
        "sie gemeinsam haben.",
    ),
    "NETWORK_SLOW": (
        "Zustellungen sind langsam, und es liegt am Netz",
        "Prüfe Last und Verlust auf den Leitungen zwischen den Rechnern; die Knoten haben ihre "
        "Geduld angepasst.",
    ),
    "DELIVERY_SLOW": (
        "Zustellungen sind langsam, obwohl das Netz schnell ist",
        "Öffne den Verlauf einer langsamen Nachricht, um zu sehen, was gedauert hat, und prüfe "
        "jenen Rechner.",
    ),
    "JOIN_HANGS": (
        "Ein Beitritt zu diesem Kanal ist nicht abgeschlossen",
        "Öffne den Beitritt in der Liste der Beitritte und tu, was neben dem Schritt steht, der misslang; er "
        "wird weiter versucht.",
    ),
}
