"""The layers merged into the filesystem a container would see."""
