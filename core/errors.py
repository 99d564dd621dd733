"""The exceptions that pages and the command line turn into a sentence and a way out.

Each message is written for the person in front of the screen: what is wrong, then what to do.
"""

from collections.abc import Sequence


class AtelierError(Exception):
    """Base of all errors that people can do something about; ``str(error)`` is the sentence."""


class SettingsError(AtelierError):
    """An environment variable, a folder or a training setting has a value that cannot work."""


class DataUnavailable(AtelierError):
    """A data set is not on this machine."""


class DataDamaged(AtelierError):
    """A data file is there but is not what it should be."""


class SourceRejected(AtelierError):
    """Files that somebody brings as a data set cannot be used.

    Attributes:
        problems: the first things that are wrong, each with its line or entry; they are part of
            the sentence too.
    """

    def __init__(self, sentence: str, problems: Sequence[str] = ()) -> None:
        """Keep the problems, and add them to the sentence."""
        super().__init__(" ".join([sentence, *problems]))
        self.sentence = sentence
        self.problems = tuple(problems)


class ImageRejected(AtelierError):
    """An uploaded picture cannot be used."""


class RunNotFound(AtelierError):
    """No run has this id."""


class RunDamaged(AtelierError):
    """A file in a run folder cannot be read."""


class ModelUnavailable(AtelierError):
    """A trained network is missing or cannot be loaded."""


class ClassroomUnavailable(AtelierError):
    """The database of the classes cannot be used: locked, damaged, newer, full, or not reached."""


class ClassroomRefused(AtelierError):
    """What somebody asked of a class cannot be done: a wrong code, a full class, not theirs."""
