"""How the sample images are made: three modules of means, then one recipe for each image."""
