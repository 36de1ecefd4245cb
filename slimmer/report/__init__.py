"""What was found, as text for people and as documents for programs. Nothing here prints."""
