"""All mutants, by name, in the order of the protocol's sections."""

from __future__ import annotations

from tests.mutants.changes import CHANGES
from tests.mutants.channels import CHANNELS
from tests.mutants.durability import DURABILITY
from tests.mutants.mutant import Mutant
from tests.mutants.publishing import PUBLISHING

MUTANTS: dict[str, Mutant] = {
    mutant.name: mutant for mutant in (*CHANNELS, *PUBLISHING, *CHANGES, *DURABILITY)
}
