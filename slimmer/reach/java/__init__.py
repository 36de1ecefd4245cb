"""What Java programs need of their runtime, their jars and the system."""
