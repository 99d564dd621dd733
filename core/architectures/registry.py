"""The networks that Atelier knows by name: five presets after public projects, and its own.

To add one, add an ``Architecture`` to the list below: pages, the command line and the tests find
it there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.architectures.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    LayerRow,
    MaxPool,
    Residual,
    rows,
)
from core.architectures.recipe import (
    Augmentation,
    LabelForm,
    Optimizer,
    Recipe,
    Schedule,
    ValidationFrom,
)
from core.datasets import DatasetSpec
from core.datasets import find as find_dataset
from core.errors import SettingsError

DEFAULT = "sprint-cnn"  # what Train starts with: a first run takes about 15 seconds
UNNAMED = "mlp"  # what links and commands mean that name settings, but no architecture

SCALE = 1 / 255  # every network here takes pixels of 0 to 255 and scales them to 0 to 1 itself


@dataclass(frozen=True)
class Reported:
    """A result that the origin of an architecture reports, in percent."""

    dataset: str
    measure: str  # "test accuracy", "validation accuracy", "training accuracy"
    percent: float


@dataclass(frozen=True)
class Measured:
    """What a run with the recipe reached here; ``docs/RESULTS.md`` has the table and the seed."""

    dataset: str
    percent: float  # test accuracy


@dataclass(frozen=True)
class Architecture:
    """A network as data, with the recipe that it is trained by.

    Attributes:
        name: what the URL, the command line and run folders call it.
        title: what people call it.
        summary: one sentence on what it is good for.
        origin: where it comes from, in a sentence.
        layers: the layers between the scaled pixels and the last dense layer, which every
            classifier gets in the same form (softmax over the classes).
        recipe: how it is trained.
        recipes: recipes for data sets that need another one.
        datasets: the data sets it was made for; the first is the default.
        reported: what its origin reports.
        measured: what its recipe reached, by ``docs/RESULTS.md``.
        scale: factor from pixel value (0 to 255) to network input.
    """

    name: str
    title: str
    summary: str
    origin: str
    layers: tuple[Layer, ...]
    recipe: Recipe
    recipes: tuple[tuple[str, Recipe], ...] = ()
    datasets: tuple[str, ...] = ("fashion-mnist",)
    reported: tuple[Reported, ...] = ()
    measured: tuple[Measured, ...] = ()
    scale: float = SCALE

    def network(self, classes: int) -> tuple[Layer, ...]:
        """Return all layers, the classifier's last one included."""
        return (*self.layers, Dense(classes, activation="softmax"))

    def sized(self, width: float = 1.0, dropout: float | None = None) -> "Architecture":
        """Return this architecture in another size.

        Args:
            width: factor on the filters of every convolution and the units of every dense layer.
            dropout: rate of every dropout layer, 0 to take them out; an architecture that has
                none gets one before the classifier. None leaves them as they are.
        """
        layers = [_sized(layer, width, dropout) for layer in self.layers]
        if dropout and not any(isinstance(layer, Dropout) for layer in layers):
            layers.append(Dropout(dropout))
        kept = (layer for layer in layers if not isinstance(layer, Dropout) or layer.rate)
        return replace(self, layers=tuple(kept))

    def table(self, shape: Sequence[int], classes: int) -> list[LayerRow]:
        """Return one row a layer for images of ``shape`` (height, width, channels)."""
        return list(rows(self.network(classes), tuple(shape)))

    def parameters(self, shape: Sequence[int], classes: int) -> int:
        """Return the number of parameters, trained or not."""
        return sum(row.parameters for row in self.table(shape, classes))

    def multiplications(self, shape: Sequence[int], classes: int) -> int:
        """Return the multiplications to classify one image."""
        return sum(row.multiplications for row in self.table(shape, classes))

    def recipe_for(self, dataset: str) -> Recipe:
        """Return the recipe for one data set, built in or imported.

        Raises:
            SettingsError: the architecture is not made for this data set.
        """
        if dataset in self.datasets:
            return dict(self.recipes).get(dataset, self.recipe)
        spec = find_dataset(dataset)
        if not self.suits(spec):
            raise SettingsError(
                f"{self.title} is not made for {dataset}. Choose an architecture that is, or one "
                f"of its data sets: {', '.join(self.datasets)}."
            )
        return _scaled(dict(self.recipes).get(spec.kin, self.recipe), spec.counts["train"])

    def suits(self, spec: DatasetSpec) -> bool:
        """Tell whether the architecture is made for a data set.

        It is for an imported one if it is for the built-in one of its kind, grey or colour, and if
        the images are not too small for its layers.
        """
        if spec.name in self.datasets:
            return True
        table = self.table(spec.shape, len(spec.classes))
        return spec.kin in self.datasets and all(min(row.output_shape) > 0 for row in table)


def _scaled(recipe: Recipe, images: int) -> Recipe:
    """Return a recipe for another data set of the same kind, with so many training images.

    Whether a mirrored or turned image is still of its class nobody can tell, so there is no
    augmentation. Small data gets small batches: a thousand images in batches of 128 would be
    eight steps an epoch.
    """
    batch = recipe.batch_size
    while batch > 8 and batch * 20 > images:
        batch //= 2
    validation = recipe.validation if recipe.validation <= 0.2 * images else 0.1
    return recipe.changed(batch_size=batch, validation=validation, augmentation=())


def _sized(layer: Layer, width: float, dropout: float | None) -> Layer:
    match layer:
        case Conv():
            return replace(layer, filters=max(1, round(layer.filters * width)))
        case Dense():
            return replace(layer, units=max(1, round(layer.units * width)))
        case Dropout() if dropout is not None:
            return replace(layer, rate=dropout)
        case Residual():
            inside = (_sized(each, width, dropout) for each in layer.layers)
            return replace(layer, layers=tuple(inside))
    return layer


def _block(filters: int, dropout: float) -> tuple[Layer, ...]:
    """Two convolutions with batch normalisation, pooling and dropout: the deep CNN's unit."""
    convolution = (Conv(filters, activation="linear", bias=False), BatchNorm(), Activation())
    return (*convolution, *convolution, MaxPool(), Dropout(dropout))


def _normalised(filters: int, *, stride: int = 1, pool: bool = False) -> tuple[Layer, ...]:
    """A convolution with batch normalisation and ReLU, pooled before both if asked for."""
    convolution = Conv(filters, stride=stride, activation="linear", bias=False)
    pooling = (MaxPool(),) if pool else ()
    return (convolution, *pooling, BatchNorm(momentum=0.9), Activation())


BOTH = ("fashion-mnist", "cifar-10")

_ALL = (
    Architecture(
        name="basic-cnn",
        title="Basic CNN",
        summary="The smallest network that deserves the name: one convolution, pooling, output.",
        origin="A public notebook that reads the Kaggle CSV files and splits them into training, "
        "validation and test images.",
        layers=(Conv(32, padding="valid"), MaxPool(), Flatten()),
        recipe=Recipe(
            learning_rate=0.006,
            schedule=Schedule.ONE_CYCLE,
            batch_size=64,
            epochs=10,
            validation=0.1,
            validation_from=ValidationFrom.RANDOM,
            label_smoothing=0.05,
        ),
        reported=(Reported("fashion-mnist", "test accuracy", 90.71),),
        measured=(Measured("fashion-mnist", 91.01),),
    ),
    Architecture(
        name="two-conv-cnn",
        title="Two-convolution CNN",
        summary="Two convolutions and plenty of dropout: the classic first CNN for this data.",
        origin="A public tutorial project with classification report and confusion matrix.",
        layers=(
            Conv(64, kernel=2),
            MaxPool(),
            Dropout(0.3),
            Conv(32, kernel=2),
            MaxPool(),
            Dropout(0.3),
            Flatten(),
            Dense(256),
            Dropout(0.5),
        ),
        recipe=Recipe(batch_size=64, epochs=10, validation=5000),
        reported=(Reported("fashion-mnist", "test accuracy", 91.0),),
        measured=(Measured("fashion-mnist", 91.02),),
    ),
    Architecture(
        name="deep-cnn",
        title="Deep CNN",
        summary="Six convolutions with batch normalisation: slower and more accurate than the two "
        "small CNNs.",
        origin="A public project with convolution blocks, global average pooling, one-hot labels "
        "and early stopping.",
        layers=(
            *_block(16, 0.2),
            *_block(32, 0.3),
            *_block(64, 0.4),
            GlobalAveragePool(),
        ),
        recipe=Recipe(
            learning_rate=0.004,
            schedule=Schedule.ONE_CYCLE,
            batch_size=128,
            epochs=15,
            validation=0.2,
            label_form=LabelForm.ONE_HOT,
            patience=5,
        ),
        datasets=BOTH,
        measured=(Measured("fashion-mnist", 92.80),),
    ),
    Architecture(
        name="mlp",
        title="MLP 300-100",
        summary="Two dense layers and plain SGD: fast, but blind to which pixels are neighbours.",
        origin="A public notebook after a textbook example: 30 epochs, the last 5,000 training "
        "images for validation, three predictions with their probabilities.",
        layers=(Flatten(), Dense(300), Dense(100)),
        recipe=Recipe(
            optimizer=Optimizer.SGD, learning_rate=0.01, batch_size=32, epochs=30, validation=5000
        ),
        datasets=BOTH,
        measured=(Measured("fashion-mnist", 88.20),),
    ),
    Architecture(
        name="strided-cnn",
        title="Strided CNN",
        summary="Three convolutions that halve the image as they go, for both data sets.",
        origin="A public project that trains one CNN on Fashion-MNIST and on CIFAR-10, with and "
        "without augmentation.",
        layers=(
            Conv(32, stride=2, padding="valid"),
            Conv(64, stride=2, padding="valid"),
            Conv(128, stride=2, padding="valid"),
            Flatten(),
            Dropout(0.2),
            Dense(512),
            Dropout(0.2),
        ),
        recipe=Recipe(batch_size=32, epochs=15, validation=0.1),
        recipes=(
            (
                "cifar-10",
                # With a constant learning rate it learns the training images by heart.
                Recipe(schedule=Schedule.COSINE, batch_size=64, epochs=12, validation=0.1),
            ),
        ),
        datasets=BOTH,
        reported=(
            Reported("fashion-mnist", "training accuracy", 96.43),
            Reported("fashion-mnist", "validation accuracy", 89.44),
            Reported("cifar-10", "training accuracy", 79.55),
            Reported("cifar-10", "validation accuracy", 70.06),
        ),
        measured=(Measured("fashion-mnist", 89.84), Measured("cifar-10", 70.64)),
    ),
    Architecture(
        name="sprint-cnn",
        title="Sprint CNN",
        summary="The first to try: 91 % of Fashion-MNIST in about 15 seconds on two cores.",
        origin="Atelier's own: two convolutions that shrink the image early, batch normalisation, "
        "and three epochs of one-cycle Adam.",
        layers=(
            *_normalised(16, pool=True),
            *_normalised(64, stride=2),
            Flatten(),
            Dense(64),
        ),
        recipe=Recipe(
            learning_rate=0.008,
            schedule=Schedule.ONE_CYCLE,
            batch_size=128,
            epochs=3,
            validation=5000,
        ),
        datasets=BOTH,
        measured=(Measured("fashion-mnist", 91.92),),
    ),
    Architecture(
        name="long-sprint-cnn",
        title="Long sprint CNN",
        summary="The larger sprint: 93 % of Fashion-MNIST in about three minutes on two cores.",
        origin="Atelier's own: like the sprint, three times as wide and trained for longer, with "
        "flipped images, label smoothing and dropout.",
        layers=(
            *_normalised(48, pool=True),
            *_normalised(96, stride=2),
            Flatten(),
            Dense(128),
            Dropout(0.4),
        ),
        recipe=Recipe(
            learning_rate=0.006,
            schedule=Schedule.ONE_CYCLE,
            batch_size=128,
            epochs=16,
            validation=5000,
            label_smoothing=0.05,
            augmentation=(Augmentation.FLIP,),
        ),
        datasets=BOTH,
        measured=(Measured("fashion-mnist", 93.33),),
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
        recipe=Recipe(
            optimizer=Optimizer.ADAMW,
            learning_rate=0.003,
            weight_decay=0.004,
            schedule=Schedule.ONE_CYCLE,
            batch_size=128,
            epochs=40,
            validation=5000,
            label_smoothing=0.05,
            augmentation=(Augmentation.FLIP,),
        ),
        datasets=BOTH,
    ),
    Architecture(
        name="atelier-cnn",
        title="Atelier CNN",
        summary="Made for this app: accurate for its size.",
        origin="Atelier's own: pooling before the activation, batch normalisation, one-cycle "
        "Adam, and images mirrored while training.",
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
        recipe=Recipe(
            learning_rate=0.004,
            schedule=Schedule.ONE_CYCLE,
            batch_size=128,
            epochs=16,
            validation=5000,
            label_smoothing=0.05,
            augmentation=(Augmentation.FLIP,),
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
        recipe=Recipe(
            optimizer=Optimizer.ADAMW,
            learning_rate=0.003,
            weight_decay=0.05,
            schedule=Schedule.ONE_CYCLE,
            batch_size=128,
            epochs=17,
            validation=5000,
            label_smoothing=0.05,
            augmentation=(Augmentation.FLIP, Augmentation.ERASING),
        ),
        datasets=BOTH,
    ),
)

ARCHITECTURES: dict[str, Architecture] = {each.name: each for each in _ALL}


def find(name: str) -> Architecture:
    """Return the architecture registered as ``name``.

    Raises:
        SettingsError: no architecture has this name; the message lists those there are.
    """
    architecture = ARCHITECTURES.get(name)
    if architecture is None:
        raise SettingsError(
            f"There is no architecture {name[:60]!r}. Choose one of: {', '.join(ARCHITECTURES)}."
        )
    return architecture
