"""What source code in any language starts and opens."""
