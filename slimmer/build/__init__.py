"""From an inspected image to a smaller one: a plan of what goes and why, then new layers."""
