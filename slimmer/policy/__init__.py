"""What is demanded of an image: published benchmarks, and the rules of a policy file."""
