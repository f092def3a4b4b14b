"""The entries of the catalogue about accounts: invitations and identities that move. Nothing but data."""

from __future__ import annotations

from peernode.diagnostics.catalogue import Code

ENTRIES = (
    Code(
        "INVITE_INVALID",
        "The invitation is not valid",
        "The link was cut off, or belongs to another network.",
        "Ask for a new invitation link.",
        False,
    ),
    Code(
        "INVITE_EXPIRED",
        "The invitation has expired",
        "It was older than its time, was used as often as it may be, or was taken back.",
        "Ask for a new one.",
        False,
    ),
    Code(
        "AUTHOR_FORKED",
        "{name} has sent two different messages as one in {channel}",
        "Everybody numbers their messages and signs each. Two with one number, or one that does not fit the "
        "one before it, come from a key that two programs use, or from a program that was changed.",
        "Ask {name} by another way what is theirs before you rely on it. Both messages are shown.",
        False,
    ),
    Code(
        "INVITES_FULL",
        "You have too many invitations that can be used",
        "One person can have {limit} at the same time.",
        "Take some back, or wait until they have expired.",
        True,
    ),
    Code(
        "TOO_MANY_VERIFIED",
        "You have marked as many people as verified as one can",
        "The list of verified people holds at most {limit}.",
        "Take the mark from somebody whom you no longer meet, then set this one again.",
        False,
    ),
    Code(
        "PICTURE_UNSUITABLE",
        "This picture can't be used",
        "What is in the file does not fit a profile: {reason}.",
        "Choose a PNG, JPEG or WebP picture, or make this one smaller.",
        False,
    ),
    Code(
        "FILE_TOO_LARGE",
        "The file is too large",
        "A file has at most {limit} MiB.",
        "Make it smaller, or share it in several pieces.",
        False,
    ),
    Code(
        "FILE_EMPTY",
        "The file is empty",
        "It has not a single byte.",
        "Choose another file.",
        False,
    ),
    Code(
        "UPLOADS_FULL",
        "Too many files are waiting",
        "A page keeps at most 20 files that are on their way.",
        "Wait until some have been shared, or discard some.",
        True,
    ),
    Code(
        "FILE_UNSUITABLE",
        "This picture of {width} x {height} pixels is too large to be shown",
        "A browser needs four bytes for each pixel, so it would harm those who look at it.",
        "Make the picture smaller and share it again.",
        False,
    ),
    Code(
        "FILE_UNAVAILABLE",
        "Nobody who is reachable has this file",
        "The nodes that hold it are switched off or cut off, or it has not got to any of them yet.",
        "Try again later, or ask who shared it to open the chat.",
        True,
    ),
    Code(
        "UPLOAD_INTERRUPTED",
        "The upload did not arrive as a whole",
        "The connection was cut, or the server was restarted in the middle.",
        "Share the file again; nothing of it was sent.",
        True,
    ),
    Code(
        "UPLOAD_LOST",
        "The file did not get through to the server",
        "The page is connected, but its files are stopped: they go by HTTP, perhaps through a proxy.",
        "Press Retry. This page alone has the file: closing or reloading it discards it.",
        True,
    ),
    Code(
        "IDENTITY_FILE_INVALID",
        "This is not a usable identity file",
        "It was damaged, shortened, or written by another program or a newer version: {reason}.",
        "Choose the file that Starling's account page gave you, or export it there again.",
        False,
    ),
    Code(
        "IDENTITY_PASSPHRASE_WRONG",
        "The pass phrase does not open this file",
        "It was mistyped, or belongs to another file, or the file was changed.",
        "Type the pass phrase that you chose when you exported the identity.",
        True,
    ),
    Code(
        "IDENTITY_IN_USE",
        "This identity belongs to an account of this server already",
        "The file was imported here before, or exported from here.",
        "Sign in to that account instead.",
        False,
    ),
    Code(
        "IDENTITY_NOT_FRESH",
        "This account has an identity that others know already",
        "Its node is in a channel or keeps messages; they would stay another person's.",
        "Create a new account and import the identity there before you join a channel.",
        False,
    ),
)
