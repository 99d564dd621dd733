"""The cells of a script: what a run did, told in plain Keras from its config."""

from collections.abc import Iterator
from importlib.metadata import version

from core import datasets
from core.architectures import Precision
from core.architectures.recipe import ValidationFrom
from core.bundled.models import MODELS, PICTURES
from core.export import versions
from core.export.script import network, recipe, varying
from core.export.script.cells import Cell
from core.export.told import Told

WEIGHTS, DATA = "weights.npz", "data.npz"
_KERAS_NAMES = {"fashion-mnist": "fashion_mnist", "cifar-10": "cifar10"}


def cells(told: Told) -> list[Cell]:
    """Return the cells of a script that evaluates a run's weights, and trains such a network."""
    made = [
        _title(told),
        Cell(_imports(told)),
        Cell("## Settings", words=True),
        Cell(_settings(told)),
        Cell("## Data\n\nThe same images in the same parts as in Atelier.", words=True),
        Cell(_data(told)),
        Cell("## Network", words=True),
        Cell(_network(told)),
        Cell(_first_part_words(told), words=True),
        Cell(_evaluate(told)),
        Cell(_second_part_words(told), words=True),
        *_training(told),
        Cell("## Curves, report and confusion matrix\n\nOf the network just trained.", words=True),
        Cell(_curves()),
        Cell(_report(told)),
    ]
    return [each for each in made if each.source]


def requirements() -> str:
    """Return the packages that the script needs, in the versions of this installation."""
    pinned = [f"{name}=={number}" for name, number in versions.libraries().items()]
    return " ".join([*pinned, f"scikit-learn=={version('scikit-learn')}", "matplotlib"])


def _title(told: Told) -> Cell:
    return Cell(
        f"""# {told.title}

Atelier's run “{told.run.id}” in plain Keras: the same network, parts of the data, recipe and
seed. Nothing here needs Atelier. It keeps two promises:

- **Part 1 evaluates** the weights that Atelier trained, from {WEIGHTS} (plain arrays). The
  accuracy is exactly the one that Atelier shows.
- **Part 2 trains anew.** The accuracy is within what other seeds do, because the order of the
  images, dropout and augmentation are drawn by other random numbers than in Atelier. The first
  weights are the same, and so is the loss before the first step.

Put {WEIGHTS} beside this file. Install what it needs:

    pip install {requirements()}

Made by {versions.in_words()}.""",
        words=True,
    )


def _imports(told: Told) -> str:
    lines = ["import keras", "import matplotlib.pyplot as plt", "import numpy as np"]
    code = _data(told) + "".join(cell.source for cell in _training(told) if not cell.words)
    if "math." in code:
        lines = ["import math", "", *lines]
    if "tf." in code:
        lines.append("import tensorflow as tf")
    lines.append("from keras import layers")
    lines.append("from sklearn.metrics import ConfusionMatrixDisplay, classification_report")
    return "\n".join(lines)


def _settings(told: Told) -> str:
    config = told.config
    classes = "\n".join(f"    {_quoted(name)}," for name in told.classes)
    return f"""SEED = {config.seed}
IMAGES = {config.used:_}  # training images, of which the next number is held back
VALIDATION = {config.validation_count:_}
BATCH = {config.recipe.batch_size}
EPOCHS = {config.recipe.epochs}
LEARNING_RATE = {config.recipe.learning_rate!r}
CLASSES = [
{classes}
]"""


def _quoted(name: str) -> str:
    """Return a name as Python writes it; whatever is in it, it stays a name."""
    plain = name.isprintable() and not {'"', "\\"} & {*name}
    return f'"{name}"' if plain else repr(name)


def _data(told: Told) -> str:
    parts = [_loading(told), _parts(told)]
    if recipe.one_hot(told.config.recipe):
        parts.append(
            "# One number a class, as the loss wants them.\n"
            "t_train = keras.utils.to_categorical(y_train, len(CLASSES))\n"
            "t_val = keras.utils.to_categorical(y_val, len(CLASSES))"
        )
    return "\n".join(parts)


def _loading(told: Told) -> str:
    """Return what reads the images, uint8 (n, height, width, channels), and the labels, (n,)."""
    name = told.spec.name
    if name in datasets.DATASETS:
        lines = [f"loaded = keras.datasets.{_KERAS_NAMES[name]}.load_data()"]
        lines.append("(x_train, y_train), (x_test, y_test) = loaded")
        if told.spec.shape[2] == 1:
            lines.append("x_train, x_test = x_train[..., None], x_test[..., None]")
        lines.append("y_train, y_test = y_train.ravel(), y_test.ravel()")
        return "\n".join(lines)
    more = ""
    if told.run.test_opened:
        more += '\nx_test, y_test = file["test_images"], file["test_labels"]'
    if told.spec.validation:
        more += """
# Its own validation images stand behind the training images, as in Atelier.
x_train = np.concatenate([x_train, file["validation_images"]])
y_train = np.concatenate([y_train, file["validation_labels"]])"""
    return f"""# The data set, taken home from Explore as NumPy: put it beside this file, so named.
file = np.load("{DATA}")
x_train, y_train = file["train_images"], file["train_labels"]{more}"""


def _parts(told: Told) -> str:
    if told.config.recipe.validation is None:
        first = told.spec.counts["train"] - told.spec.validation
        return f"""held_back = slice({first}, {first} + VALIDATION)
x_val, y_val = x_train[held_back], y_train[held_back]
x_train, y_train = x_train[: IMAGES - VALIDATION], y_train[: IMAGES - VALIDATION]"""
    if told.config.recipe.validation_from is ValidationFrom.RANDOM:
        return """rows = np.arange(IMAGES)
np.random.default_rng(SEED).shuffle(rows)
train_rows, val_rows = np.split(rows, [IMAGES - VALIDATION])
x_val, y_val = x_train[val_rows], y_train[val_rows]
x_train, y_train = x_train[train_rows], y_train[train_rows]"""
    return """held_back = slice(IMAGES - VALIDATION, IMAGES)
x_val, y_val = x_train[held_back], y_train[held_back]
x_train, y_train = x_train[: IMAGES - VALIDATION], y_train[: IMAGES - VALIDATION]"""


def _network(told: Told) -> str:
    config, networks = told.config, _networks(told)
    return network.code(config.network, told.spec.shape, len(told.classes), networks)


def _networks(told: Told) -> int:
    return 1 if told.run.result is None else told.run.result.networks


def _first_part_words(told: Told) -> str:
    words = "## Part 1: evaluate the weights that Atelier trained"
    if told.run.unfinished:
        return (
            f"{words}\n\nThis training did not come to its end, so Atelier shows no accuracy yet."
        )
    if not told.run.test_opened:
        return (
            f"{words}\n\nThe test set of this run is sealed, so only the validation images are "
            "looked at. Open the test set in Atelier when all choices are made, and take the run "
            "home again."
        )
    return words


def _evaluate(told: Told) -> str:
    lines = [
        f'saved = np.load("{WEIGHTS}")',
        "model = build()",
        "model.set_weights([saved[name] for name in saved.files])",
        "",
        "",
        "def accuracy(images, labels):",
        "    answers = model.predict(images, batch_size=250, verbose=0).argmax(axis=1)",
        "    return np.mean(answers == labels)",
        "",
        "",
    ]
    result = None if told.run.unfinished else told.run.told
    figures = {"Validation": ("x_val, y_val", result and result.val_accuracy)}
    if told.run.test_opened:
        figures["Test"] = ("x_test, y_test", result and result.test_accuracy)
    for part, (arguments, known) in figures.items():
        claim = "" if known is None else f" (Atelier: {known:.4%})"
        lines.append(f'print(f"{part} accuracy: {{accuracy({arguments}):.4%}}{claim}")')
    return "\n".join(lines)


def _second_part_words(told: Told) -> str:
    notes = list(_notes(told))
    return "\n\n".join(["## Part 2: train it anew", *notes])


def _notes(told: Told) -> Iterator[str]:
    """Yield what a plain script cannot do as Atelier did."""
    if _networks(told) > 1:
        yield (
            f"Atelier asks {_networks(told)} such networks, each trained from a seed of its own. "
            "Here, one is trained."
        )
    if told.run.id == MODELS[PICTURES].run:
        yield (
            "This one also learned from pictures that Atelier varies in more ways than are here: "
            "trained anew, it is worse at photos and drawings."
        )
    if told.config.recipe.precision is Precision.BFLOAT16:
        yield (
            "Atelier computed its convolutions in bfloat16, to be faster. Here all numbers have 32 "
            "bits, which makes no difference that other seeds would not make too."
        )


def _training(told: Told) -> list[Cell]:
    settings, parts = told.config.recipe, []
    if settings.augmentation:
        grey = told.spec.shape[2] == 1
        parts.append(varying.code(settings.augmentation, grey=grey))
    if "Muon" in recipe.optimizer_code(settings):
        parts.append(recipe.MUON)
    if recipe.draws_filters(settings):
        parts.append(recipe.FILTERS)
    return [Cell(part) for part in (*parts, _compile(told), _fit(told))]


def _compile(told: Told) -> str:
    settings = told.config.recipe
    labels = "t_val" if recipe.one_hot(settings) else "y_val"
    prepare = [
        "keras.utils.set_random_seed(SEED)",
        f"model = {'build' if _networks(told) == 1 else 'build_one'}()",
    ]
    if recipe.draws_filters(settings):
        prepare.append(recipe.SET_FILTERS)
    prepare += [
        recipe.rate_code(settings),
        "model.compile(",
        f"    optimizer={recipe.optimizer_code(settings)},",
        f"    loss={recipe.loss_code(settings)},",
        '    metrics=["accuracy"],',
        ")",
        f"loss, _ = model.evaluate(x_val, {labels}, verbose=0)",
        'print(f"Validation loss before the first step: {loss:.4f}")',
    ]
    return "\n".join(prepare)


def _fit(told: Told) -> str:
    settings = told.config.recipe
    hot = recipe.one_hot(settings)
    train, val = ("t_train", "t_val") if hot else ("y_train", "y_val")
    lines, arguments = [], ["x_train", train, "batch_size=BATCH"]
    if settings.augmentation:
        lines.append(f"""batches = (
    tf.data.Dataset.from_tensor_slices((x_train, {train}))
    .shuffle(len(x_train), seed=SEED)
    .batch(BATCH)
    .map(lambda images, labels: (augment(images), labels), tf.data.AUTOTUNE)
    .prefetch(tf.data.AUTOTUNE)
)""")
        arguments = ["batches", "shuffle=False"]  # they are already
    arguments += ["epochs=EPOCHS", f"validation_data=(x_val, {val})", "verbose=2"]
    if settings.patience is not None:
        lines.append(f"""stop = keras.callbacks.EarlyStopping(
    monitor="val_loss", patience={settings.patience}, restore_best_weights=True
)""")
        arguments.append("callbacks=[stop]")
    fit = "\n".join(f"    {each}," for each in arguments)
    return "\n".join([*lines, f"history = model.fit(\n{fit}\n)"])


def _curves() -> str:
    return """figure, axes = plt.subplots(1, 2, figsize=(10, 4))
epochs = range(1, len(history.epoch) + 1)
for axis, name in zip(axes, ("loss", "accuracy")):
    axis.plot(epochs, history.history[name], marker=".", label="training")
    axis.plot(epochs, history.history[f"val_{name}"], marker=".", label="validation")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set(xlabel="epoch", ylabel=name)
    axis.legend()
figure.savefig("curves.png")
plt.show()"""


def _report(told: Told) -> str:
    part, name = ("test", "Test") if told.run.test_opened else ("val", "Validation")
    return f"""answers = model.predict(x_{part}, batch_size=250, verbose=0).argmax(axis=1)
print(f"{name} accuracy: {{np.mean(answers == y_{part}):.4%}}")
labels = range(len(CLASSES))
print(
    classification_report(
        y_{part}, answers, labels=labels, target_names=CLASSES, digits=3, zero_division=0
    )
)
display = ConfusionMatrixDisplay.from_predictions(
    y_{part},
    answers,
    labels=labels,
    display_labels=CLASSES,
    xticks_rotation="vertical",
    cmap="Blues",
    colorbar=False,
    include_values=len(CLASSES) <= 30,
)
display.figure_.set_size_inches(8, 8)
display.figure_.savefig("confusion.png", bbox_inches="tight")
plt.show()"""
