"""All mutants, by name, in the order of the protocol's sections."""

from __future__ import annotations

from tests.mutants.believing import BELIEVING
from tests.mutants.changes import CHANGES
from tests.mutants.channels import CHANNELS
from tests.mutants.delivering import DELIVERING
from tests.mutants.durability import DURABILITY
from tests.mutants.mutant import Mutant
from tests.mutants.overlays import OVERLAYS
from tests.mutants.publishing import PUBLISHING
from tests.mutants.requesting import REQUESTING
from tests.mutants.subscribing import SUBSCRIBING

SECTIONS = (
    REQUESTING,
    OVERLAYS,
    CHANNELS,
    PUBLISHING,
    BELIEVING,
    DELIVERING,
    SUBSCRIBING,
    CHANGES,
    DURABILITY,
)

MUTANTS: dict[str, Mutant] = {mutant.name: mutant for section in SECTIONS for mutant in section}
