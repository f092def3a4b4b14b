/** The words of sending in German; the same keys and values as in `en.js`, which a test compares. */

export const WORDS = {
  "upload.progress": "Hochladen von {name}",
  "upload.waiting": "wartet",
  "upload.paced": "viel in kurzer Zeit: geht von selbst weiter",
  "upload.unlinked": "wartet auf die Verbindung: geht von selbst weiter, solange diese Seite offen ist",
  "upload.sending": "{sent} von {size}",
  "upload.checking": "{size}, wird deinem Knoten übergeben …",
  "upload.failed": "Nicht geteilt: {reason}. {remedy}",

  "heard.change.failed": "Eine Änderung wurde nicht gesendet: {reason}.",
  "heard.failed": "Eine Nachricht wurde nicht gesendet: {reason}.",
  "heard.sent": "Nachricht gesendet.",
  "heard.delivered": "Nachricht zugestellt.",

  "outbox.chip": "Postausgang ({n})",
  "unsent.edit": "Änderung: {text}",
  "unsent.delete": "Löschen von: {text}",
  "unsent.delete.earlier": "Löschen einer früheren Nachricht",
  "unsent.reaction.on": "{emoji} zu: {text}",
  "unsent.reaction.on.earlier": "{emoji} zu einer früheren Nachricht",
  "unsent.reaction.off": "{emoji} zurücknehmen von: {text}",
  "unsent.reaction.off.earlier": "{emoji} zurücknehmen von einer früheren Nachricht",
  "undo.text.one": "Nachricht verworfen",
  "undo.text.other": "{n} Nachrichten verworfen",
  "undo.change.one": "Änderung verworfen",
  "undo.change.other": "{n} Änderungen verworfen",
  "undo.mixed": "{n} Nachrichten und Änderungen verworfen",
  "undo.action": "Rückgängig",
  "toast.close": "Ausblenden",
  "delete.title": "Diese Nachricht löschen?",
  "delete.text":
    "Sie verschwindet bei allen, deren Knoten davon erfährt. Was jemand gelesen oder kopiert hat, bleibt dort.",
  "delete.yes": "Löschen",
  "delete.no": "Behalten",
  "leave.title.one": "1 Nachricht oder Änderung ist nicht gesendet",
  "leave.title.other": "{n} Nachrichten oder Änderungen sind nicht gesendet",
  "leave.text":
    "Wer {channel} verlässt, verwirft, was darin nicht gesendet ist. Bleibst du, geht es hinaus oder lässt sich erneut senden.",
  "leave.yes": "Verlassen und verwerfen",
  "leave.no": "Bleiben",

  "error.NO_QUORUM": "Zu wenige Knoten haben bestätigt, dass sie die Nachricht gespeichert haben",
  "error.NO_QUORUM.remedy":
    "Prüfe die Verbindung und drücke „Erneut senden“; die Nachricht bleibt erhalten und geht hinaus, sobald das Netz wieder da ist.",
  "error.CONNECTION_LOST": "Die Verbindung zu deinem Knoten ist unterbrochen",
  "error.CONNECTION_LOST.remedy": "Sie kommt von selbst zurück; was du schreibst, bleibt erhalten.",
  "error.OUTBOX_FULL": "Zu viele Nachrichten warten darauf, gesendet zu werden",
  "error.OUTBOX_FULL.remedy": "Warte, bis einige hinausgegangen sind, oder verwirf welche.",
  "error.OUTBOX_UNWRITABLE": "Der Browser konnte nicht aufschreiben, was du geschrieben hast",
  "error.OUTBOX_UNWRITABLE.remedy":
    "Schaffe Platz auf der Platte oder lade die Seite neu, dann versuche es noch einmal; ein Text steht wieder im Nachrichtenfeld.",
  "error.FILE_EMPTY": "Die Datei ist leer",
  "error.FILE_EMPTY.remedy": "Wähle eine andere.",
  "error.FILE_TOO_LARGE": "Die Datei ist zu groß",
  "error.FILE_TOO_LARGE.remedy": "Eine Datei hat höchstens 25 MB.",
  "error.FILE_UNAVAILABLE": "Niemand, der erreichbar ist, hat diese Datei",
  "error.FILE_UNAVAILABLE.remedy":
    "Versuche es später noch einmal, oder bitte die Person, die sie geteilt hat, den Chat zu öffnen.",
  "error.UPLOADS_FULL": "Zu viele Dateien warten",
  "error.UPLOADS_FULL.remedy": "Warte, bis einige geteilt sind.",
  "error.UPLOAD_LOST": "Die Datei ist nicht zum Server durchgekommen",
  "error.UPLOAD_LOST.remedy":
    "Drücke „Erneut senden“. Nur diese Seite hat die Datei: Schließen oder Neuladen verwirft sie.",
  "error.UPLOAD_INTERRUPTED": "Der Server hat die Datei nicht angenommen",
  "error.UPLOAD_INTERRUPTED.remedy": "Lade die Seite neu, dann teile sie noch einmal.",
  "error.unknown": "Etwas Unerwartetes ist geschehen",
};
