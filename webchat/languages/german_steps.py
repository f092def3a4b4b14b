"""What the connection doctor says of its steps, in German. Nothing but data.

The English on the left is what ``peernode.doctor`` says; what a ``{blank}`` may hold stands in
``webchat.languages.steps``.
"""

from __future__ import annotations

STEPS = {
    "Listening on UDP {place}.": "Hört auf UDP {place}.",
    "That is this node's own address.": "Das ist die eigene Adresse dieses Knotens.",
    "No node of this network answers there.": "Dort antwortet kein Knoten dieses Netzes.",
    "Answers in {number} ms, speaks {versions}.": "Antwortet in {number} ms, spricht {versions}.",
    "Others do.": "Andere schon.",
    "No address to start from is configured.": "Es ist keine Startadresse eingestellt.",
    "Nobody answered who could say; this node speaks {versions}.": (
        "Niemand hat geantwortet, der es wissen könnte; dieser Knoten spricht {versions}."
    ),
    "This node speaks version {number}, others {versions}.": (
        "Dieser Knoten spricht Version {number}, andere {versions}."
    ),
    "Who answered ({nodes}) speaks version {number}, as this node does.": (
        "Wer geantwortet hat ({nodes}), spricht Version {number} wie dieser Knoten."
    ),
    "Nobody answered who could say.": "Niemand hat geantwortet, der es wissen könnte.",
    "Seen at {place} by {number} of {nodes}.": "Unter {place} gesehen von {number} von {nodes}.",
    "Others are told {place}.": "Anderen wird {place} genannt.",
    "It takes the word of two nodes in different places to tell.": (
        "Dazu braucht es das Wort zweier Knoten an verschiedenen Orten."
    ),
    "Each node sees another address of this one: the translation is symmetric, and whom this node has not "
    "written to can't reach it.": (
        "Jeder Knoten sieht eine andere Adresse von diesem: Die Adressübersetzung ist symmetrisch, und wem "
        "dieser Knoten nicht geschrieben hat, der erreicht ihn nicht."
    ),
    "No address translation: others see the address that this node is bound to.": (
        "Keine Adressübersetzung: Andere sehen die Adresse, an die dieser Knoten gebunden ist."
    ),
    "All see one address: a translation, if any, is endpoint-independent.": (
        "Alle sehen dieselbe Adresse: Falls es eine Adressübersetzung gibt, hängt sie nicht vom Gegenüber ab."
    ),
    "Its port is kept, so there may be none.": "Der Port bleibt derselbe, also gibt es vielleicht keine.",
    "Nobody answered whose clock could be read.": "Niemand hat geantwortet, dessen Uhr zu lesen wäre.",
    "This machine's clock is {number} s behind those of {nodes}.": (
        "Die Uhr dieses Rechners geht gegenüber {nodes} um {number} s nach."
    ),
    "This machine's clock is {number} s ahead of those of {nodes}.": (
        "Die Uhr dieses Rechners geht gegenüber {nodes} um {number} s vor."
    ),
    "With one to compare with, it may be the other that is wrong.": (
        "Verglichen ist sie mit einer einzigen; vielleicht geht die andere falsch."
    ),
    "A node that this one had not contacted before has reached it.": (
        "Ein Knoten, dem dieser nie geschrieben hatte, hat ihn erreicht."
    ),
    "Nobody answers who could have another node try.": (
        "Niemand antwortet, der es einen anderen Knoten versuchen lassen könnte."
    ),
    "No peer knows a third node that could try.": "Kein Knoten kennt einen dritten, der es versuchen könnte.",
    "A node that this one had not contacted was asked to reach it, and did not.": (
        "Ein Knoten, dem dieser nie geschrieben hatte, sollte ihn erreichen und hat ihn nicht erreicht."
    ),
    "No other node is known, and none is configured.": (
        "Es ist kein anderer Knoten bekannt, und keiner ist eingestellt."
    ),
    "Nobody answered, of {nodes} asked.": "Niemand hat geantwortet; gefragt: {nodes}.",
    "{nodes} asked, {number} answered.": "{nodes} gefragt, {number} haben geantwortet.",
    "That is not a channel name.": "Das ist kein Name eines Kanals.",
    "{nodes} of the network answered that they have it.": "{nodes} des Netzes sagen, dass sie ihn haben.",
    "The nodes that would store it have not heard of it.": (
        "Die Knoten, die ihn speichern würden, haben nie von ihm gehört."
    ),
    "None of {nodes} that would store it answered.": (
        "Keiner, der ihn speichern würde, hat geantwortet; gefragt: {nodes}."
    ),
    "It took longer than {number} s.": "Es hat länger als {number} s gedauert.",
    "The step itself failed; the log says why.": (
        "Der Schritt selbst ist gescheitert; das Protokoll sagt, warum."
    ),
    "No channel was named.": "Es wurde kein Kanal genannt.",
    "No directory was named.": "Es wurde kein Verzeichnis genannt.",
    "Writing was not tried: a running program has it open.": (
        "Geschrieben wurde nicht: Ein laufendes Programm hat sie offen."
    ),
    "There is no database at {detail} yet.": "Unter {detail} gibt es noch keine Datenbank.",
    "No damage was found in {number} s; the file is too large for a whole check.": (
        "In {number} s fand sich kein Schaden; für eine ganze Prüfung ist die Datei zu groß."
    ),
    "{detail} can't be read: {reason}.": "{detail} ist nicht zu lesen: {reason}.",
    "{detail} is damaged: {reason}.": "{detail} ist beschädigt: {reason}.",
    "The database is sound.": "Die Datenbank ist heil.",
    "This node keeps nothing on a disk.": "Dieser Knoten bewahrt nichts auf einer Festplatte auf.",
    "{detail} can't be looked at: {reason}.": "{detail} ist nicht anzusehen: {reason}.",
    "{number} GB are free.": "{number} GB sind frei.",
    "A write was not durable within {number} s.": (
        "Was geschrieben wurde, war nach {number} s noch nicht sicher."
    ),
    "Too many writes wait for the disk.": "Zu vieles wartet darauf, geschrieben zu werden.",
    "A write was refused: {reason}.": "Geschrieben werden konnte nicht: {reason}.",
    "A write was durable in {number} ms.": "Was geschrieben wurde, war nach {number} ms sicher.",
}
