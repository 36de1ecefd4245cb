"""How many look-alikes are judged: files can hold millions that are no credential."""

# Image layers have a few hundred, hardly ever a hundred in one file.
MAX_OF_LAYER = 100_000
MAX_OF_FILE = 20_000


class Budget:
    """What is left for the files of one layer, and for the file at hand.

    `is_spent` says that something of the file at hand was not judged.
    """

    def __init__(self, layer: int = MAX_OF_LAYER, file: int = MAX_OF_FILE) -> None:
        self._of_layer, self._of_file = layer, file
        self.start_layer()

    def start_layer(self) -> None:
        self._layer_left = self._of_layer
        self.start_file()

    def start_file(self) -> None:
        self._file_left = self._of_file
        self.is_spent = False

    def take(self) -> bool:
        """Whether one more may be judged; it counts as judged then."""
        if self._layer_left <= 0 or self._file_left <= 0:
            self.is_spent = True
            return False
        self._layer_left -= 1
        self._file_left -= 1
        return True

    def is_left(self) -> bool:
        """Whether there is any sense in looking for more."""
        if self._layer_left <= 0 or self._file_left <= 0:
            self.is_spent = True
        return not self.is_spent
