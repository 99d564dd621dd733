"""The presets by both of their recipes: ``python -m core benchmark presets``.

Trains each preset as its origin did and by the recipe tuned here, with several seeds, as the Train
page would, and compares with what its origin reports. Prints two Markdown tables: what was reached,
and what each origin states and what was filled in here. With ``--write`` it puts them into
``docs/RESULTS.md``. CIFAR-10 is trained where it is on this machine (``ATELIER_CIFAR10``;
``--cifar10-note`` says which copy), by the plain recipe with and without augmentation.

With three seeds it takes about two hours on two cores. A run that is there already, finished and
with the same settings, is not trained again, so it can be ended and started anew at any time, and
two processes can share the seeds.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence

from benchmarks._machine import describe
from benchmarks._results import publish
from core import architectures, datasets, runs
from core.architectures import PRESETS, Architecture, Augmentation, RecipeName
from core.architectures.settings import RECIPE_TITLES
from core.runs import Run, State, TrainingConfig
from core.settings import ROOT

AUGMENTED = (Augmentation.FLIP, Augmentation.SHIFT)


def configs(seed: int) -> Iterator[TrainingConfig]:
    """Return what is trained with one seed: each preset where its origin has results."""
    for preset in PRESETS:
        reported = {each.dataset for each in preset.reported} or {preset.datasets[0]}
        for dataset in preset.datasets:
            if dataset not in reported or datasets.find(dataset).missing():
                continue
            for name in preset.recipe_names:
                recipe = preset.recipe_for(dataset, name)
                yield TrainingConfig(dataset, preset.name, recipe, seed=seed, recipe_name=name)
                if dataset == "cifar-10" and name is RecipeName.ORIGIN:
                    varied = recipe.changed(augmentation=AUGMENTED)
                    yield TrainingConfig(dataset, preset.name, varied, seed=seed, recipe_name=name)


def trained(config: TrainingConfig) -> Run:
    """Return a finished run with these settings, from disk or trained now by the command line."""
    for run in runs.list_runs():
        if run.config == config and run.state is State.FINISHED:
            return run
    command = [sys.executable, "-m", "core", "train", "--json", "--dataset", config.dataset]
    command += ["--architecture", config.architecture, "--seed", str(config.seed)]
    command += ["--recipe", str(config.recipe_name)]
    if config.recipe != config.usual_recipe:
        command += ["--augmentation", *config.recipe.augmentation]
    process = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    run = runs.read(json.loads(process.stdout)["run"])
    assert run.config == config, "the command line trained something else"
    return run


def row(found: Sequence[Run], note: str) -> str:
    """Return the line of runs that differ only in their seeds."""
    config = found[0].config
    assert config is not None
    preset, spec = architectures.find(config.architecture), datasets.find(config.dataset)
    reported = [
        f"{each.percent:.2f} % {each.measure}"
        for each in preset.reported
        if each.dataset == config.dataset
    ]
    results = [run.result for run in found if run.result is not None]
    ways = config.recipe.augmentation if config.recipe_name is RecipeName.ORIGIN else ()
    varied = f", {' and '.join(ways)}" if ways else ""
    epochs = sorted({result.epochs for result in results})
    cells = (
        preset.title,
        RECIPE_TITLES[RecipeName(str(config.recipe_name))].lower() + varied,
        spec.title + (f" ({note})" if note and config.dataset == "cifar-10" else ""),
        "; ".join(reported) or "nothing",
        spread([result.train_accuracy for result in results]),
        spread([result.val_accuracy for result in results]),
        f"**{spread([result.test_accuracy for result in results])}**",
        " to ".join(map(str, dict.fromkeys((epochs[0], epochs[-1])))),
    )
    return f"| {' | '.join(cells)} |"


def spread(shares: Sequence[float | None]) -> str:
    """Return mean and range in percent."""
    values = [100 * share for share in shares if share is not None]
    mean = f"{statistics.fmean(values):.2f} %"
    return mean if len(values) == 1 else f"{mean} ({min(values):.2f} to {max(values):.2f})"


def provenance(preset: Architecture) -> Iterator[str]:
    """Return the lines that say what an origin states and what was filled in."""
    for dataset in preset.datasets:
        if dataset != preset.datasets[0] and preset.recipe_for(dataset) == preset.recipe:
            continue
        stated, filled = preset.provenance(dataset)
        differs = preset.stated.differs if preset.stated is not None else ""
        title = datasets.find(dataset).title
        yield (
            f"| {preset.title}, {title} | {stated} | {filled} | {differs or '–'} "
            f"| {preset.tuning(dataset)} |"
        )


def main() -> None:
    """Train what is missing, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m core benchmark presets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--cifar10-note", default="", help="what to say beside CIFAR-10's name")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/RESULTS.md")
    options = parser.parse_args()
    by_seed = [[trained(config) for config in configs(seed)] for seed in options.seeds]
    text = "\n".join(
        [
            describe(),
            "",
            f"Mean and range of {len(options.seeds)} seeds.",
            "",
            "| preset | recipe | data set | its origin reports | training | validation | test "
            "| epochs |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(row(found, options.cifar10_note) for found in zip(*by_seed, strict=True)),
            "",
            "| preset | its origin states | filled in here | where it differs | tuned |",
            "| --- | --- | --- | --- | --- |",
            *(line for preset in PRESETS for line in provenance(preset)),
        ]
    )
    publish("presets", text, write=options.write)


if __name__ == "__main__":
    main()
