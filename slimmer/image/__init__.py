"""One image: its documents, its layers, and what one pass over a layer tells."""
