"""The entries of the catalogue about what the connection doctor and the canary find. Nothing but data."""

from __future__ import annotations

from peernode.diagnostics.catalogue import Code

ENTRIES = (
    Code(
        "BOOTSTRAP_SILENT",
        "An address to start from does not answer",
        "Nothing runs there, it belongs to another network, or a firewall on the way drops UDP.",
        "Check the address and its port, start the node there, and let UDP through in the firewall.",
        True,
    ),
    Code(
        "ADDRESS_DIFFERS",
        "Others see another address than they are told",
        "STARLING_ADVERTISE names an address that is not the one that datagrams come from.",
        "Set STARLING_ADVERTISE to the address that others see, or remove it.",
        False,
    ),
    Code(
        "NAT_SYMMETRIC",
        "The address translation shows everybody another address",
        "A symmetric NAT, as in some companies' and mobile networks, stands before this machine.",
        "Forward a UDP port to this machine and set STARLING_ADVERTISE; relays help out until then.",
        False,
    ),
    Code(
        "NOT_REACHABLE",
        "Whom your node has not written to can't reach it",
        "A firewall or an address translation lets only answers in.",
        "Open the node's UDP port in the firewall, or forward it in the router and set STARLING_ADVERTISE.",
        False,
    ),
    Code(
        "STORE_SLOW",
        "The disk takes long to write",
        "It is busy or failing, or the database is on a network drive.",
        "Stop what else writes to this disk, or move the data directory to a faster one.",
        True,
    ),
    Code(
        "DISK_LOW",
        "The disk is nearly full",
        "Less than 1 GB is free where the database is.",
        "Free some space on this machine's disk, or set STARLING_KEEP_DAYS so that old messages go.",
        True,
    ),
    Code(
        "CANARY_LATE",
        "The test message of this server did not get through in time",
        "A message that the server sends itself every 30 seconds was not stored by enough nodes.",
        "Run the connection doctor and mend the first step that fails; what waits goes out by itself.",
        True,
    ),
    Code(
        "CANARY_STOPPED",
        "This server has not tested itself for longer than a minute",
        "A bug has ended its test messages, or the program stood still.",
        "Restart the server, which begins them again, and report what stands in its log about the canary.",
        True,
    ),
    Code(
        "CHANNEL_UNSEEN",
        "The channel's health can't be looked at",
        "The nodes that know it were asked several times in a row, and no answer was complete in time.",
        "Run the connection doctor for this channel; if others hang too, check the load of this server.",
        True,
    ),
    Code(
        "ADDRESS_INVALID",
        "This is no address of a node",
        "What was typed is not a name or an IPv4 address, a colon and a port from 1 to 65535.",
        "Write it as HOST:PORT, such as 203.0.113.7:8468, or leave the field empty.",
        False,
    ),
    Code(
        "ADDRESS_UNKNOWN",
        "The name {host} leads to no address",
        "It is mistyped, or the name service does not know it or does not answer.",
        "Check how the name is written, or enter the node's IPv4 address instead.",
        True,
    ),
    Code(
        "EXAMINATION_RUNNING",
        "Another examination goes on",
        "The doctor examines the server's node for one person at a time.",
        "Wait until it has ended, after {retry_after} seconds at most, and start yours then.",
        True,
    ),
)
