"""The entries of the catalogue about a channel's health. Nothing but data.

An administrator is told all of them; whoever is in the channel is told those that are about who stores it
(``findings.OWN_CHECKS``), so that these say also what there is to do for somebody who runs no server.
"""

from __future__ import annotations

from peernode.diagnostics.catalogue import Code

ENTRIES = (
    Code(
        "INITIATORS_TOO_FEW",
        "Too few of the channel's nodes answer to confirm a message",
        "Half or more of the nodes that store the channel are switched off or cut off from here.",
        "Wait half a minute: other nodes take their places by themselves. If it lasts, whoever runs the "
        "silent nodes has to start them again.",
        True,
    ),
    Code(
        "INITIATOR_SILENT",
        "A node that stores the channel does not answer",
        "It is switched off, overloaded, or cut off from here.",
        "Wait half a minute: another node takes its place by itself. If it lasts, whoever runs that node has "
        "to check its machine.",
        True,
    ),
    Code(
        "INITIATOR_UNHEARD",
        "A node that stores the channel has not answered yet",
        "It was asked only just now, and the answer takes long or was lost: too early to call it silent.",
        "Wait some seconds, it is asked a second time by itself; then it is shown as answering or as silent.",
        True,
    ),
    Code(
        "INITIATOR_DOUBTED",
        "What a node that stores the channel says of it can't be true",
        "Its numbers contradict those of all the others; its program is broken or changed, or it lies.",
        "Look at its row to see which node it is, and start it anew with the released version; the others "
        "outvote it until then.",
        True,
    ),
    Code(
        "STORES_FULL",
        "Nodes that store the channel refuse messages for want of room",
        "Their disks are full, or the channel has as many bytes as they keep of one.",
        "Free space on the machines of the initiators marked as full; if they have space, use a new channel.",
        True,
    ),
    Code(
        "INITIATORS_DISAGREE",
        "The channel's nodes disagree about who stores it",
        "Nodes have just come or gone, or the network is in parts that don't hear each other.",
        "Wait a minute for them to agree; if it lasts, check the network between the nodes' machines.",
        True,
    ),
    Code(
        "ONE_COPY",
        "Only one node stores this channel",
        "No other node of the network is known here.",
        "Ask whoever runs that node to start a second one that knows it (STARLING_BOOTSTRAP): that gets a "
        "copy by itself. Until then what is in the channel is as safe as one disk.",
        True,
    ),
    Code(
        "UNDER_REPLICATED",
        "Messages are stored on fewer nodes than they should be",
        "A node has just taken another one's place and is catching up, or can't store more.",
        "Wait until it has caught up; if the number does not fall, check that node's disk and network.",
        True,
    ),
    Code(
        "LOGS_DIFFER",
        "Nodes that store the channel hold equally many messages, but not the same ones",
        "They don't get through to each other to compare, or one of them can't store what the other has.",
        "Check the network between the initiators' machines and the space on their disks; the rest they do "
        "by themselves.",
        True,
    ),
    Code(
        "COORDINATOR_LOST",
        "Which nodes store the channel is not certain at the moment",
        "Too few nodes answered when this was looked up last.",
        "Wait a moment, the node keeps asking; if it lasts, check the network of this machine.",
        True,
    ),
    Code(
        "SUBSCRIBER_UNREACHABLE",
        "Somebody in the channel gets no messages at the moment",
        "No initiator reaches that node, neither directly nor through another node.",
        "Look at the subscriber's row, which says what is broken, and press Repair now.",
        True,
    ),
    Code(
        "SUBSCRIBER_SILENT",
        "Nothing comes from this subscriber, and nothing seems to reach it",
        "The node is switched off, asleep, or has lost its network.",
        "Check that the machine is on and has a network, then press Repair now; what it missed will follow.",
        True,
    ),
    Code(
        "SUBSCRIBER_DEAF",
        "This subscriber is heard, but messages don't reach it",
        "A firewall or an address translator in front of it lets nothing in.",
        "Open that node's UDP port in its firewall, or set STARLING_ADVERTISE there; then press Repair now.",
        True,
    ),
    Code(
        "SUBSCRIBER_MUTE",
        "Messages reach this subscriber, but its answers are lost",
        "A firewall in front of it drops the UDP that it sends.",
        "Check the rules for outgoing UDP of that node's firewall, then press Repair now.",
        True,
    ),
    Code(
        "SUBSCRIBER_BY_RELAY",
        "This subscriber is reached only through another node",
        "No initiator reaches it directly; messages go round by a node that does, a little later.",
        "Check the firewall in front of that node; until then the way round serves, nothing is lost.",
        True,
    ),
    Code(
        "PATH_BROKEN",
        "Some initiators don't reach this subscriber, others do",
        "The network between these machines is broken or filtered, maybe in one direction only.",
        "Press Repair now; if the path stays broken, check the firewalls on both of its ends.",
        True,
    ),
    Code(
        "SUBSCRIBER_SLOW",
        "This subscriber answers slowly",
        "Its line is slow or full, or its machine is overloaded.",
        "Check the load and the line of that machine; the others are not held up by it.",
        True,
    ),
    Code(
        "SUBSCRIBER_UNLISTED",
        "Most initiators don't know this subscriber",
        "It has just joined, or its renewals don't get through to them.",
        "Wait for the next renewal (20 seconds); if it lasts, check that node's outgoing UDP.",
        True,
    ),
    Code(
        "PUSHES_FAIL",
        "Many deliveries fail at the first try",
        "Datagrams get lost between the initiators and the subscribers; they are sent again another way.",
        "Look for the rows and columns with failures in the matrix, and check the network they share.",
        True,
    ),
    Code(
        "NETWORK_SLOW",
        "Deliveries are slow, and the network is what takes the time",
        "Datagrams take long between the nodes' machines, or many are lost and sent again.",
        "Check the lines between the machines for load and loss; the nodes have adapted their patience.",
        True,
    ),
    Code(
        "DELIVERY_SLOW",
        "Deliveries are slow, though the network is fast",
        "An initiator's machine is overloaded, its disk is slow, or it has too much to send at once.",
        "Open the trace of a slow message to see which part took the time, and check that machine.",
        True,
    ),
    Code(
        "JOIN_HANGS",
        "A join of this channel is not complete",
        "One of its steps has failed again and again; the list of joins names it.",
        "Open the join in the list of joins and do what stands beside the step that failed; the node keeps "
        "trying.",
        True,
    ),
)
