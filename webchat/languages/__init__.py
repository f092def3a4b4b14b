"""What the engine says, in the reader's language; everything else is translated by Django's catalogues."""
