"""The networks that Atelier knows by name: five presets after public projects, and its own.

To add one, add an ``Architecture`` to the list below: pages, the command line and the tests find
it there.
"""

from core.architectures.architecture import Architecture, Measured, Recipes
from core.architectures.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
    Residual,
)
from core.architectures.presets import PRESETS
from core.architectures.recipe import (
    Augmentation,
    FirstFilters,
    Optimizer,
    Recipe,
    RecipeName,
    Schedule,
)
from core.architectures.retired import RETIRED
from core.architectures.stack import is_stack, stack
from core.errors import SettingsError

DEFAULT = "sprint-cnn"  # what Train starts with: a first run takes about 15 seconds
UNNAMED = "mlp"  # what links and commands mean that name settings, but no architecture
BOTH = ("fashion-mnist", "cifar-10")


def own(recipe: Recipe, colour: Recipe | None = None) -> tuple[tuple[RecipeName, Recipes], ...]:
    """Return the only recipe of a network of Atelier's own, perhaps with another for CIFAR-10."""
    return ((RecipeName.TUNED, Recipes(recipe, (("cifar-10", colour),) if colour else ())),)


def once(dataset: str, percent: float) -> Measured:
    """Return what a recipe of ours reached, by the median of ``benchmark sprint``."""
    return Measured(dataset, RecipeName.TUNED, percent, percent, percent)


def _normalised(filters: int, *, stride: int = 1, pool: bool = False) -> tuple[Layer, ...]:
    """A convolution with batch normalisation and ReLU, pooled before both if asked for."""
    convolution = Conv(filters, stride=stride, activation="linear", bias=False)
    pooling = (MaxPool(),) if pool else ()
    return (convolution, *pooling, BatchNorm(momentum=0.9), Activation())


_OWN = (
    Architecture(
        name="sprint-cnn",
        title="Sprint CNN",
        summary="The first to try: 92 % of Fashion-MNIST in about 11 seconds on two cores.",
        origin="Atelier's own: two convolutions that shrink the image early, batch normalisation, "
        "first filters from the training images, and five epochs of one-cycle Muon.",
        layers=(
            *_normalised(16, pool=True),
            *_normalised(64, stride=2),
            Flatten(),
            Dense(64),
        ),
        recipes=own(
            Recipe(
                optimizer=Optimizer.MUON,
                learning_rate=0.008,
                schedule=Schedule.ONE_CYCLE,
                batch_size=128,
                epochs=5,
                validation=5000,
                augmentation=(Augmentation.FLIP,),
                first_filters=FirstFilters.WHITENING,
            ),
            colour=Recipe(
                learning_rate=0.008,
                schedule=Schedule.ONE_CYCLE,
                batch_size=128,
                epochs=3,
                validation=5000,
            ),
        ),
        datasets=BOTH,
        measured=(once("fashion-mnist", 92.70),),
    ),
    Architecture(
        name="long-sprint-cnn",
        title="Long sprint CNN",
        summary="The larger sprint: 93 % of Fashion-MNIST in about a minute on two cores.",
        origin="Atelier's own: like the sprint, three times as wide and trained for longer, with "
        "flipped images, label smoothing and dropout.",
        layers=(
            *_normalised(48, pool=True),
            *_normalised(96, stride=2),
            Flatten(),
            Dense(128),
            Dropout(0.4),
        ),
        recipes=own(
            Recipe(
                optimizer=Optimizer.MUON,
                learning_rate=0.008,
                schedule=Schedule.ONE_CYCLE,
                batch_size=128,
                epochs=10,
                validation=5000,
                label_smoothing=0.05,
                augmentation=(Augmentation.FLIP,),
                first_filters=FirstFilters.WHITENING,
            ),
            colour=Recipe(
                learning_rate=0.006,
                schedule=Schedule.ONE_CYCLE,
                batch_size=128,
                epochs=16,
                validation=5000,
                label_smoothing=0.05,
                augmentation=(Augmentation.FLIP,),
            ),
        ),
        datasets=BOTH,
        measured=(once("fashion-mnist", 93.32),),
    ),
    Architecture(
        name="pictures-cnn",
        title="Pictures CNN",
        summary="Fast and robust: the network behind the bundled model for photos and drawings.",
        origin="Atelier's own: shrinks the image early, so that it can see many variations of "
        "each image in little time.",
        layers=(
            *_normalised(48, pool=True),
            *_normalised(96, stride=2),
            *_normalised(128),
            Flatten(),
            Dropout(0.3),
            Dense(128),
            Dropout(0.3),
        ),
        recipes=own(
            Recipe(
                optimizer=Optimizer.ADAMW,
                learning_rate=0.003,
                weight_decay=0.004,
                schedule=Schedule.ONE_CYCLE,
                batch_size=128,
                epochs=40,
                validation=5000,
                label_smoothing=0.05,
                augmentation=(Augmentation.FLIP,),
            )
        ),
        datasets=BOTH,
    ),
    Architecture(
        name="atelier-cnn",
        title="Atelier CNN",
        summary="Made for this app: accurate for its size.",
        origin="Atelier's own: pooling before the activation, batch normalisation, first filters "
        "from the training images, one-cycle Muon, and images mirrored while training.",
        layers=(
            *_normalised(48, pool=True),
            *_normalised(96, pool=True),
            *_normalised(128),
            *_normalised(128, pool=True),
            Flatten(),
            Dropout(0.3),
            Dense(128),
            Dropout(0.3),
        ),
        recipes=own(
            Recipe(
                optimizer=Optimizer.MUON,
                learning_rate=0.006,
                schedule=Schedule.ONE_CYCLE,
                batch_size=128,
                epochs=10,
                validation=5000,
                label_smoothing=0.05,
                augmentation=(Augmentation.FLIP,),
                first_filters=FirstFilters.WHITENING,
            ),
            colour=Recipe(
                learning_rate=0.004,
                schedule=Schedule.ONE_CYCLE,
                batch_size=128,
                epochs=16,
                validation=5000,
                label_smoothing=0.05,
                augmentation=(Augmentation.FLIP,),
            ),
        ),
        datasets=BOTH,
    ),
    Architecture(
        name="residual-cnn",
        title="Residual CNN",
        summary="Shortcuts around pairs of convolutions: the network behind the most accurate "
        "bundled model, and the slowest to train.",
        origin="Atelier's own, after the residual networks of He et al. (2015): seven "
        "convolutions, one-cycle AdamW, and images mirrored and partly erased while training.",
        layers=(
            *_normalised(48, pool=True),
            *_normalised(80),
            Residual(_normalised(80) * 2),
            *_normalised(160, pool=True),
            Residual(_normalised(160) * 2),
            GlobalAveragePool(),
            Dropout(0.2),
        ),
        recipes=own(
            Recipe(
                optimizer=Optimizer.ADAMW,
                learning_rate=0.003,
                weight_decay=0.05,
                schedule=Schedule.ONE_CYCLE,
                batch_size=128,
                epochs=17,
                validation=5000,
                label_smoothing=0.05,
                augmentation=(Augmentation.FLIP, Augmentation.ERASING),
            )
        ),
        datasets=BOTH,
    ),
)

ARCHITECTURES: dict[str, Architecture] = {each.name: each for each in (*PRESETS, *_OWN)}


def find(name: str) -> Architecture:
    """Return the architecture registered as ``name``, a retired one too, or the one that it is.

    Raises:
        SettingsError: no architecture has this name; the message lists those there are. Or it is
            the text of a network that somebody built, and cannot be read.
    """
    if is_stack(name):
        return stack(name)
    architecture = ARCHITECTURES.get(name) or RETIRED.get(name)
    if architecture is None:
        raise SettingsError(
            f"There is no architecture {name[:60]!r}. Choose one of: {', '.join(ARCHITECTURES)}."
        )
    return architecture
