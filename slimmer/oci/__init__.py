"""The image specification's documents. No file or network is touched here."""
