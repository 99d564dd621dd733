"""The presets: five small public projects, each with its own recipe and one tuned here.

What an origin states and what was filled in here is told apart by ``Stated``; where an origin is
silent, Keras's defaults hold (Adam with a learning rate of 0.001, no schedule, no smoothing).
Batch sizes and epochs that no origin gives were chosen on validation images.
"""

from core.architectures.architecture import (
    Architecture,
    Measured,
    Recipes,
    Reported,
    Stated,
)
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
)
from core.architectures.recipe import (
    Augmentation,
    LabelForm,
    Optimizer,
    Recipe,
    RecipeName,
    Schedule,
    ValidationFrom,
)

FASHION, CIFAR = "fashion-mnist", "cifar-10"
ORIGIN, TUNED = RecipeName.ORIGIN, RecipeName.TUNED


def block(filters: int, dropout: float) -> tuple[Layer, ...]:
    """Two convolutions with batch normalisation, pooling and dropout: the deep CNN's unit."""
    convolution = (Conv(filters, activation="linear", bias=False), BatchNorm(), Activation())
    return (*convolution, *convolution, MaxPool(), Dropout(dropout))


BASIC = Architecture(
    name="basic-cnn",
    title="Basic CNN",
    summary="The smallest network that deserves the name: one convolution, pooling, output.",
    origin="A public notebook that reads the Kaggle CSV files and splits them into training, "
    "validation and test images.",
    layers=(Conv(64, padding="valid"), MaxPool(), Flatten()),
    stated=Stated(
        layers="convolution, max pooling, output; categorical cross-entropy; three-way split",
        settings=(),
        filled="64 filters of 3 × 3",
    ),
    recipes=(
        (
            ORIGIN,
            Recipes(
                Recipe(
                    batch_size=64,
                    epochs=10,
                    validation=0.1,
                    validation_from=ValidationFrom.RANDOM,
                )
            ),
        ),
        (
            TUNED,
            Recipes(
                Recipe(
                    learning_rate=0.006,
                    schedule=Schedule.ONE_CYCLE,
                    batch_size=64,
                    epochs=10,
                    validation=0.1,
                    validation_from=ValidationFrom.RANDOM,
                    label_smoothing=0.05,
                )
            ),
        ),
    ),
    reported=(Reported(FASHION, "test accuracy", 90.71),),
    measured=(
        Measured(FASHION, ORIGIN, 90.67, 90.26, 90.91),
        Measured(FASHION, TUNED, 91.06, 90.94, 91.22),
    ),
)

TWO_CONVOLUTIONS = Architecture(
    name="two-conv-cnn",
    title="Two-convolution CNN",
    summary="Two convolutions and plenty of dropout: the classic first CNN for this data.",
    origin="A public tutorial project with classification report and confusion matrix.",
    layers=(
        Conv(64),
        MaxPool(),
        Dropout(0.3),
        Conv(32),
        MaxPool(),
        Dropout(0.3),
        Flatten(),
        Dense(256),
        Dropout(0.5),
    ),
    stated=Stated(
        layers="all layers; sparse categorical cross-entropy", settings=("optimizer", "epochs")
    ),
    recipes=(
        (ORIGIN, Recipes(Recipe(batch_size=64, epochs=10, validation=5000))),
        (
            TUNED,
            Recipes(
                Recipe(
                    learning_rate=0.004,
                    schedule=Schedule.ONE_CYCLE,
                    batch_size=128,
                    epochs=15,
                    validation=5000,
                    augmentation=(Augmentation.FLIP,),
                )
            ),
        ),
    ),
    reported=(Reported(FASHION, "test accuracy", 91.0),),
    measured=(
        Measured(FASHION, ORIGIN, 91.25, 90.98, 91.41),
        Measured(FASHION, TUNED, 91.96, 91.77, 92.1),
    ),
)

DEEP = Architecture(
    name="deep-cnn",
    title="Deep CNN",
    summary="Six convolutions with batch normalisation: slower and more accurate than the two "
    "small CNNs.",
    origin="A public project with convolution blocks, global average pooling, fully connected "
    "layers, one-hot labels and early stopping.",
    layers=(
        *block(16, 0.2),
        *block(32, 0.3),
        *block(64, 0.4),
        GlobalAveragePool(),
        Dense(128),
        Dropout(0.5),
    ),
    stated=Stated(
        layers="convolution blocks with batch normalisation, pooling and dropout, global average "
        "pooling, fully connected layers; early stopping",
        settings=("label_form", "optimizer", "validation"),
        filled="three blocks of 16, 32 and 64 filters, dropout 0.2, 0.3, 0.4 and 0.5, dense 128",
    ),
    recipes=(
        (
            ORIGIN,
            Recipes(
                Recipe(
                    batch_size=64,
                    epochs=30,
                    validation=0.2,
                    label_form=LabelForm.ONE_HOT,
                    patience=5,
                )
            ),
        ),
        (
            TUNED,
            Recipes(
                Recipe(
                    learning_rate=0.004,
                    schedule=Schedule.ONE_CYCLE,
                    batch_size=128,
                    epochs=15,
                    validation=0.2,
                    label_form=LabelForm.ONE_HOT,
                    patience=5,
                )
            ),
        ),
    ),
    datasets=(FASHION, CIFAR),
    measured=(
        Measured(FASHION, ORIGIN, 92.71, 92.39, 92.93),
        Measured(FASHION, TUNED, 92.81, 92.69, 92.88),
    ),
)

MLP = Architecture(
    name="mlp",
    title="MLP 300-100",
    summary="Two dense layers and plain SGD: fast, but blind to which pixels are neighbours.",
    origin="A public notebook after a textbook example: 30 epochs, the last 5,000 training "
    "images for validation, three predictions with their probabilities.",
    layers=(Flatten(), Dense(300), Dense(100)),
    stated=Stated(
        layers="all layers", settings=("optimizer", "epochs", "validation", "validation_from")
    ),
    recipes=(
        (
            ORIGIN,
            Recipes(
                Recipe(
                    optimizer=Optimizer.SGD,
                    learning_rate=0.01,
                    batch_size=32,
                    epochs=30,
                    validation=5000,
                )
            ),
        ),
        (
            TUNED,
            Recipes(
                Recipe(
                    learning_rate=0.002,
                    schedule=Schedule.ONE_CYCLE,
                    batch_size=128,
                    epochs=20,
                    validation=5000,
                    label_smoothing=0.05,
                    augmentation=(Augmentation.FLIP,),
                )
            ),
        ),
    ),
    datasets=(FASHION, CIFAR),
    measured=(
        Measured(FASHION, ORIGIN, 88.04, 87.55, 88.35),
        Measured(FASHION, TUNED, 89.74, 89.7, 89.82),
    ),
)

STRIDED = Architecture(
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
    stated=Stated(
        layers="one CNN for both data sets, with and without augmentation",
        settings=(),
        filled="all layers",
        differs="On Fashion-MNIST the training accuracy stays below the origin's; on CIFAR-10 the "
        "validation accuracy does, but not with augmentation (flip and shift).",
    ),
    recipes=(
        (
            ORIGIN,
            Recipes(
                Recipe(batch_size=32, epochs=15, validation=0.1),
                ((CIFAR, Recipe(batch_size=32, epochs=10, validation=0.1)),),
            ),
        ),
        (
            TUNED,
            Recipes(
                Recipe(
                    learning_rate=0.003,
                    schedule=Schedule.ONE_CYCLE,
                    batch_size=128,
                    epochs=10,
                    validation=0.1,
                    label_smoothing=0.05,
                    augmentation=(Augmentation.FLIP,),
                ),
                (
                    (
                        CIFAR,
                        Recipe(
                            learning_rate=0.003,
                            schedule=Schedule.ONE_CYCLE,
                            batch_size=128,
                            epochs=20,
                            validation=0.1,
                            augmentation=(Augmentation.FLIP, Augmentation.SHIFT),
                        ),
                    ),
                ),
            ),
        ),
    ),
    datasets=(FASHION, CIFAR),
    reported=(
        Reported(FASHION, "training accuracy", 96.43),
        Reported(FASHION, "validation accuracy", 89.44),
        Reported(CIFAR, "training accuracy", 79.55),
        Reported(CIFAR, "validation accuracy", 70.06),
    ),
    measured=(
        Measured(FASHION, ORIGIN, 89.49, 89.41, 89.63),
        Measured(FASHION, TUNED, 90.74, 90.73, 90.74),
        Measured(CIFAR, ORIGIN, 68.34, 67.48, 69.41),
        Measured(CIFAR, TUNED, 77.3, 77.14, 77.59),
    ),
)

PRESETS = (BASIC, TWO_CONVOLUTIONS, DEEP, MLP, STRIDED)
