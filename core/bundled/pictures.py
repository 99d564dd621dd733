"""The network for pictures: Fashion-MNIST as people photograph and draw it (TF when called).

One model for photos, drawings and the plain images of the data set: two networks that answer
together. They learn from Fashion-MNIST and its ``variations``; from real photos and drawings too,
where folders with them are named. The first never sees those that are held out, so that it can be
judged by them; the second learns from all. What is none of the ten classes is learned with a flat
answer (outlier exposure, Hendrycks et al. 2019, arXiv:1812.04606), so that a low probability means
something.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import architectures, datasets
from core.architectures import Precision
from core.architectures.recipe import Recipe
from core.bundled import variations
from core.bundled.bundle import bundle, judged, unite
from core.bundled.manifests import (
    TOP_VIEW,
    Belongs,
    SharedPicture,
    held_out,
    read_photos,
    read_sketches,
)
from core.bundled.models import DATASET, MODELS, PICTURES, SEED, SEEDS
from core.classify.rejection import unknown
from core.datasets import Split
from core.errors import SettingsError
from core.files import read_json, write_json
from core.imaging.gate import open_picture
from core.imaging.prepare import Kind, Options, Prepared, Stage, prepare
from core.networks.batches import answers
from core.runs import COMMAND_LINE, Result, Run, State, create, read, write_evaluation
from core.runs.config import TrainingConfig
from core.runs.division import divide
from core.settings import settings

if TYPE_CHECKING:
    import keras

ARCHITECTURE = MODELS[PICTURES].architecture
EPOCH = 50_000  # images between two looks at them; an epoch of the variations would be longer
WITHOUT = "without-pictures.json"  # the figures of a training that saw no real pictures

NONE = -1  # the label of what is none of the classes


@dataclass(frozen=True)
class Pool:
    """Images that training draws from.

    Attributes:
        images: uint8 (n, 28, 28).
        labels: int64 (n,), ``NONE`` for what is none of the classes.
        weight: how often, relative to the other pools.
        held: bool (n,), those made of held out pictures; None if there are none.
    """

    images: np.ndarray
    labels: np.ndarray
    weight: float
    held: np.ndarray | None = None

    def without_held_out(self) -> "Pool":
        """Return what a network that is judged by the held out pictures may learn from."""
        if self.held is None:
            return self
        return Pool(self.images[~self.held], self.labels[~self.held], self.weight)


def pools(
    train: Split,
    photos: list[SharedPicture],
    sketches: list[SharedPicture],
    tell: Callable[[str], None],
    limit: int | None = None,
) -> list[Pool]:
    """Make all that training draws from; takes minutes on two cores.

    Args:
        train: the images of the data set to learn from.
        photos, sketches: real ones; may be empty.
        tell: hears how far it is.
        limit: vary only so many training images; for tests.
    """
    plain, labels = train.images[:limit, ..., 0], train.labels[:limit].astype(int)
    made = [Pool(plain, labels, 0.32)]
    with _workers() as workers:

        def vary(
            name: str,
            jobs: list[Any],
            weight: float,
            of: np.ndarray,
            held: np.ndarray | None = None,
        ) -> None:
            tell(f"Making {name} ...")
            tasks = [(name, (SEED, len(made), place), job) for place, job in enumerate(jobs)]
            parts = list(workers.map(_vary, tasks, chunksize=4))
            count = [len(part) for part in parts]
            each = of if len(of) == sum(count) else np.repeat(of, count)
            kept_out = None if held is None else np.repeat(held, count)
            made.append(Pool(np.concatenate(parts), each, weight, kept_out))

        blocks = [plain[start : start + 500] for start in range(0, len(plain), 500)]
        real = bool(photos or sketches)
        vary("photos", blocks * 3, 0.24, np.tile(labels, 3))
        vary("drawings", blocks, 0.07 if sketches else 0.12, labels)
        vary("scribbles", [500] * -(-len(blocks) // 3), 0.04, np.full(-(-len(blocks) // 3), NONE))
        if real:
            tell("Preparing the real pictures ...")
        for name, brought, kind, shares in (
            ("real photos", photos, Kind.PHOTO, (0.16, 0.03)),
            ("real drawings", sketches, Kind.SKETCH, (0.11, 0.06)),
        ):
            raw = list(
                workers.map(partial(_raw, kind=kind), [b.path for b in brought], chunksize=8)
            )
            found, held = _labels(brought), np.array([held_out(each.group) for each in brought])
            for some, weight, times in zip(
                (found != NONE, found == NONE), shares, (100, 40), strict=True
            ):
                places = np.flatnonzero(some)
                if places.size:
                    jobs = [(*raw[place], times) for place in places]
                    vary(name, jobs, weight, found[places], held[places])
    return made


def _workers() -> ProcessPoolExecutor:
    """Return one process a core; fresh ones, as TensorFlow's threads do not survive a fork.

    Windows allows 61 of them.
    """
    return ProcessPoolExecutor(min(61, settings().cores), multiprocessing.get_context("spawn"))


def _vary(task: tuple[str, tuple[int, ...], Any]) -> np.ndarray:
    """Make the variations of one task, uint8 (n, 28, 28)."""
    import cv2

    cv2.setNumThreads(1)  # there is one such process a core
    name, seed, job = task
    rng = np.random.default_rng(seed)
    match name:
        case "photos":
            return np.stack([variations.as_photographed(image, rng) for image in job])
        case "drawings":
            return np.stack([variations.as_drawn(image, rng) for image in job])
        case "scribbles":
            return np.stack([variations.scribble(rng) for _ in range(job)])
        case "real photos":
            grey, mask, times = job
            return np.stack(
                [
                    variations.photographed(grey, mask, rng, cloth=rng.random() < 0.35)
                    for _ in range(times)
                ]
            )
        case _:
            lines, _, times = job
            return np.stack([variations.drawn(lines, rng) for _ in range(times)])


def prepared(path: Path, kind: Kind) -> Prepared:
    """Prepare a picture file for the network.

    Raises:
        ImageRejected: it cannot be read, or shows nothing.
    """
    return prepare(open_picture(path.read_bytes(), path.name).rgb, Options(kind))


def _raw(path: Path, kind: Kind) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a real picture half prepared: cut and in grey, with its mask if it is a photo."""
    import cv2

    ready = prepared(path, kind)
    stage = Stage.LINES if kind is Kind.SKETCH else Stage.NEGATE
    image = next(step.image for step in ready.steps if step.stage is stage)
    longest = variations.SHEET if kind is Kind.SKETCH else variations.LARGE
    scale = longest / max(image.shape)
    size = (max(2, round(image.shape[1] * scale)), max(2, round(image.shape[0] * scale)))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if kind is Kind.SKETCH:
        return image, None
    height, width = ready.mask.shape
    left, top, right, bottom = ready.box
    inside = ready.mask[
        round(top * height) : round(bottom * height), round(left * width) : round(right * width)
    ]
    return image, cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0


def train(
    made: list[Pool],
    recipe: Recipe,
    seed: int,
    told: Callable[[dict[str, float], "keras.Model"], None],
) -> "keras.Model":
    """Train the network and return it.

    Args:
        made: from ``pools``.
        recipe: how; an epoch is ``EPOCH`` images, drawn by the weights of the pools.
        seed: of weights, order and dropout.
        told: hears after every epoch: its number, loss, accuracy, the share done and the seconds.
    """
    import keras
    import tensorflow as tf

    from core.architectures.build import build, make_optimizer

    spec = datasets.find(DATASET)
    model = build(architectures.find(ARCHITECTURE), spec.shape, len(spec.classes), seed)
    convolutions = [each for each in model.layers if isinstance(each, keras.layers.Conv2D)]
    for layer in convolutions:
        if recipe.precision is Precision.BFLOAT16:
            layer.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
    each = EPOCH // recipe.batch_size
    optimizer = make_optimizer(recipe, recipe.epochs * each)
    optimizer.build(model.trainable_variables)

    def one_step(pixels: Any, wanted: Any) -> Any:
        with tf.GradientTape() as tape:
            answers = tf.cast(model(pixels, training=True), tf.float32)
            loss = -tf.reduce_mean(tf.reduce_sum(wanted * tf.math.log(answers + 1e-7), axis=1))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        known = tf.reduce_max(wanted, axis=1) > 0.5
        right = tf.equal(tf.argmax(answers, 1), tf.argmax(wanted, 1)) & known
        return tf.stack(
            [loss, *(tf.reduce_sum(tf.cast(some, tf.float32)) for some in (right, known))]
        )

    step: Any = tf.function(one_step)
    began = time.monotonic()
    batches = _batches(made, recipe, len(spec.classes), seed)
    for epoch in range(1, recipe.epochs + 1):
        sums = np.zeros(3)
        for _ in range(each):
            pixels, wanted = next(batches)
            sums += step(tf.constant(pixels, tf.float32), tf.constant(wanted)).numpy()
        told(
            {
                "epoch": epoch,
                "loss": sums[0] / each,
                "accuracy": sums[1] / max(1, sums[2]),
                "share": epoch / recipe.epochs,
                "seconds": time.monotonic() - began,
            },
            model,
        )
    for layer in convolutions:
        layer.dtype_policy = keras.DTypePolicy("float32")
    return model


def _batches(
    made: list[Pool], recipe: Recipe, classes: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pixels (n, 28, 28, 1) and wanted probabilities (n, classes), drawn by weight."""
    rng = np.random.default_rng(seed)
    made = [pool for pool in made if len(pool.images)]  # all of one may be held out
    weights = np.array([pool.weight for pool in made])
    smoothing = recipe.label_smoothing
    while True:
        counts = rng.multinomial(recipe.batch_size, weights / weights.sum())
        images, labels = [], []
        for pool, count in zip(made, counts, strict=True):
            places = rng.integers(0, len(pool.images), count)
            images.append(pool.images[places])
            labels.append(pool.labels[places])
        pixels, label = np.concatenate(images), np.concatenate(labels)
        mirrored = rng.random(len(pixels)) < 0.5
        pixels[mirrored] = pixels[mirrored, :, ::-1]
        known = label != NONE
        right = np.arange(classes) == label[:, None]
        smooth = np.where(right, 1 - smoothing, 0.0) + smoothing / classes
        yield pixels[..., None], np.where(known[:, None], smooth, 1 / classes).astype(np.float32)


def pretrain_pictures(
    output: Path,
    photos: Path | None = None,
    sketches: Path | None = None,
    *,
    learn: bool = True,
    epochs: int | None = None,
    limit: int | None = None,
) -> dict[str, float]:
    """Train the model for pictures, bundle it, and return how well it does.

    Args:
        output: folder for the files.
        photos, sketches: folders of real pictures with a manifest, see ``manifests``. Two thirds of
            their senders and drawings teach the first network, and the figures are of the others;
            all teach the second.
        learn: False to train one network on Fashion-MNIST only. Then only the figures are written,
            to stand in the card beside those of the network that learned from real pictures too.
        epochs: of ``EPOCH`` images each, instead of those of the recipe.
        limit: vary only so many training images; for tests.

    Raises:
        DataUnavailable, DataDamaged: a folder of pictures cannot be read.
        SettingsError: a folder cannot be written.
    """
    brought = (
        read_photos(photos) if photos else [],
        read_sketches(sketches) if sketches else [],
    )
    to_learn = [[each for each in some if learn and _counts(each)] for some in brought]
    recipe = MODELS[PICTURES].recipe(epochs)
    seeds = SEEDS if learn else SEEDS[:1]
    configs = [TrainingConfig(DATASET, ARCHITECTURE, recipe, None, seed) for seed in seeds]
    parts = divide(datasets.load(DATASET, "train"), configs[0])
    made = pools(parts.train, to_learn[0], to_learn[1], _say, limit)
    networks, finished = [], []
    try:
        for number, config in enumerate(configs, 1):
            _say(f"Network {number} of {len(configs)}:")
            seen = [pool.without_held_out() for pool in made] if number == 1 else made
            run = read(create(config, COMMAND_LINE))
            networks.append(_train(run, config, seen, parts.validation))
            finished.append(read(run.id))
        first = unite(networks[:1], ARCHITECTURE)
        figures = {"validation": judged(first, parts.validation)[1]} | _measured(first, *brought)
        if not learn:
            output.mkdir(parents=True, exist_ok=True)
            write_json(output / WITHOUT, figures | {"epochs": recipe.epochs})
            return figures
    except OSError as error:
        raise SettingsError(
            f"The model could not be written ({error.strerror or error}). Make {output} and "
            f"{settings().home} writable and free some space."
        ) from error
    bundle(finished, output, PICTURES, _card(figures, output, bool(any(to_learn))))
    return figures


def _train(run: Run, config: TrainingConfig, made: list[Pool], validation: Split) -> "keras.Model":
    """Train one network, fill its run folder, and return it."""
    from core.training.lifecycle import save_model

    folder = run.folder
    history: list[dict[str, float]] = []

    def told(event: dict[str, float], network: "keras.Model") -> None:
        found, right = judged(network, validation)
        left = event["seconds"] * (1 / event.pop("share") - 1)
        history.append(event | {"val_loss": found.loss, "val_accuracy": right})
        with folder.epochs.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(history[-1]) + "\n")
        with folder.batches.open("a", encoding="utf-8", newline="\n") as file:
            point = {name: event[name] for name in ("epoch", "loss", "accuracy")}
            file.write(json.dumps(point) + "\n")
        _say(f"epoch {event['epoch']}: validation {right:.2%}, {left / 60:.0f} min left")

    network = train(made, config.recipe, config.seed, told)
    save_model(network, folder.model)
    # Once more, as the curve was measured with convolutions in bfloat16.
    found, val_accuracy = judged(network, validation)
    write_evaluation(folder.validation, found)
    tested, test_accuracy = judged(network, datasets.load(DATASET, "test"))
    write_evaluation(folder.evaluation, tested)
    last = history[-1]
    folder.write_result(
        Result(
            State.FINISHED,
            epochs=len(history),
            best_epoch=len(history),
            train_accuracy=last["accuracy"],
            train_loss=last["loss"],
            val_accuracy=val_accuracy,
            val_loss=found.loss,
            test_accuracy=test_accuracy,
            test_loss=tested.loss,
            seconds=last["seconds"],
        )
    )
    return network


def _labels(pictures: list[SharedPicture]) -> np.ndarray:
    """Return the classes, int (n,), ``NONE`` for what is none of them."""
    return np.array([NONE if each.label is None else each.label for each in pictures], int)


def _counts(picture: SharedPicture) -> bool:
    """Tell whether a real picture has a clear place: one of the classes, or surely none."""
    return picture.belongs is not Belongs.AMBIGUOUS


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _measured(
    model: "keras.Model", photos: list[SharedPicture], sketches: list[SharedPicture]
) -> dict[str, float]:
    """Return how well the network does on the real pictures that training never saw.

    Accuracy on apparel photos, on shoes from above and, balanced over the classes, on drawings; and
    how well ``unknown`` tells pictures of the classes from others (area under ROC).
    """
    from sklearn.metrics import roc_auc_score

    figures: dict[str, float] = {}
    with _workers() as workers:
        for name, some, kind in (
            ("photos", photos, Kind.PHOTO),
            ("drawings", sketches, Kind.SKETCH),
        ):
            some = [each for each in some if held_out(each.group) and _counts(each)]
            if not some:
                continue
            ready = list(workers.map(partial(_input, kind=kind), [each.path for each in some]))
            told = answers(model, np.stack(ready)[..., None])
            label = _labels(some)
            right = told.argmax(axis=1) == label
            top = np.array([each.view == TOP_VIEW for each in some])
            inside = (label != NONE) & ~top
            each_class = [right[inside & (label == one)].mean() for one in np.unique(label[inside])]
            figures[f"{name}, top-1"] = float(right[inside].mean())
            figures[f"{name}, balanced over the classes"] = float(np.mean(each_class))
            if (top & (label != NONE)).any():
                figures["shoes from above, top-1"] = float(right[top & (label != NONE)].mean())
            for belongs, other in ((Belongs.NEAR, "other clothing"), (Belongs.FAR, "other things")):
                outside = np.array([each.belongs is belongs for each in some])
                if outside.any():
                    scores = unknown(told[inside | outside])
                    figures[f"{name} against {other}, AUROC"] = float(
                        roc_auc_score(outside[inside | outside], scores)
                    )
    return figures


def _input(path: Path, kind: Kind) -> np.ndarray:
    return prepared(path, kind).pixels


def _card(figures: dict[str, float], output: Path, learned: bool) -> str:
    """Return the part of the model card about real pictures, in Markdown."""
    text = (
        "**Trained on** Fashion-MNIST as it is, and varied: replaced textures, contrast and "
        "polarity, silhouettes, imperfect masks, outlines drawn with random pens"
        + (
            "; and on real photos and drawings: photos from the clothing-dataset (A. Grigorev and "
            "contributors, CC0), drawings from Quick, Draw! (Google, CC BY 4.0)"
            if learned
            else ""
        )
        + ". For pictures that show none of the ten, it learned to answer with equal "
        "probabilities.\n"
    )
    if not learned:
        return text
    without = _known(output / WITHOUT)
    rows = [
        f"| {name} | {value:.1%} | {_share(without, name)} |" for name, value in figures.items()
    ]
    table = "\n".join(rows)
    return (
        f"{text}\n**Judged** by a third of the senders and drawings, which the first of its "
        "networks never saw: the figures are for this network alone (one seed), beside one "
        f"that learned from Fashion-MNIST only (in {without.get('epochs', 'no')} epochs). The "
        "second network learned from all.\n\n"
        f"| | the first network | without real pictures |\n"
        f"| --- | --- | --- |\n{table}\n"
    )


def _known(path: Path) -> dict[str, Any]:
    """Return the figures in a file, none if it is not there."""
    return read_json(path) if path.exists() else {}


def _share(figures: dict[str, Any], name: str) -> str:
    value = figures.get(name)
    return f"{value:.1%}" if isinstance(value, float) else "not measured"
