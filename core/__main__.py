"""The command line: ``python -m core train | evaluate | export | classify | class | ...``.

Results go to standard output, progress and errors to standard error. An error that a person can do
something about ends with exit status 1 and one sentence.
"""

import argparse
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

from core import architectures, datasets, runs
from core.architectures.settings import SETTINGS, Choice, Number, Setting, Several, Switch
from core.bundled.models import MODELS
from core.datasets import imported
from core.datasets.sources import SIZES
from core.errors import AtelierError, ImageRejected, SettingsError
from core.files import write_atomic
from core.processes.gpus import GROWTH
from core.processes.program import is_unheard, print_utf8
from core.runs.config import TrainingConfig
from core.settings import ROOT, settings

for _name, _value in {"TF_CPP_MIN_LOG_LEVEL": "3", **GROWTH}.items():
    os.environ.setdefault(_name, _value)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    print_utf8()
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        found: int = options.command(options)
        return found
    except AtelierError as error:
        print(f"atelier: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if not is_unheard(error):
            raise
        # Python must not complain while it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train an architecture and evaluate it, on the test images too",
    )
    train.set_defaults(command=_train)
    train.add_argument("--dataset", default="fashion-mnist", help=", ".join(datasets.DATASETS))
    train.add_argument(
        "--architecture",
        default=architectures.UNNAMED,
        help=", ".join(architectures.ARCHITECTURES)
        + "; or the layers of a network of your own, as links of the page Train have them, such "
        "as stack1:c32.p2.f.u64",
    )
    train.add_argument(
        "--recipe",
        metavar="NAME",
        help="the recipe that other options change. A preset has two: origin, plain as the public "
        "project that it is true to, and tuned, found here. The other architectures are tuned",
    )
    for setting in SETTINGS.values():
        _add_setting(train, setting)
    train.add_argument("--resume", metavar="RUN", help="continue this run instead")
    train.add_argument(
        "--json",
        action="store_true",
        help="print the result as one JSON object; it has the test accuracy too",
    )

    evaluate = commands.add_parser("evaluate", help="report on a trained run, on validation images")
    evaluate.set_defaults(command=_evaluate)
    evaluate.add_argument("run", help="id of the run, as train prints it")
    evaluate.add_argument(
        "--test",
        action="store_true",
        help="report on the test images instead; this opens the test set on the pages too",
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")

    take = commands.add_parser(
        "export", help="take a run home: report, script, model files, citation"
    )
    take.set_defaults(command=_export)
    take.add_argument("run", help="id of the run, as train prints it")
    take.add_argument("--format", metavar="NAME", help="which; without it, all are listed")
    take.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="the file to write, or a folder for it (default: this folder)",
    )
    take.add_argument(
        "--with",
        dest="other",
        metavar="RUN",
        help="of a report: compare with this run, on the same data set",
    )

    classify = commands.add_parser("classify", help="classify picture files")
    classify.set_defaults(command=_classify)
    classify.add_argument("files", nargs="+", metavar="FILE")
    classify.add_argument(
        "--run", default=runs.BUNDLED, help="use the network of this run (default: %(default)s)"
    )
    classify.add_argument(
        "--kind",
        choices=("photo", "sketch"),
        help="treat every file as this (default: decide for each file)",
    )
    classify.add_argument("--json", action="store_true", help="print one JSON object per file")

    analyse = commands.add_parser(
        "analyse", help="compute the map, doubtful labels or duplicates of a data set"
    )
    analyse.set_defaults(command=_analyse)
    analyse.add_argument("what", choices=("map", "labels", "duplicates"))
    analyse.add_argument("--dataset", default="fashion-mnist", help=", ".join(datasets.DATASETS))
    analyse.add_argument(
        "--architecture",
        help="labels: the network that is cross-validated (default: long-sprint-cnn, for "
        "colour images atelier-cnn)",
    )
    analyse.add_argument(
        "--epochs",
        type=int,
        default=10,
        help="labels: epochs of each training (%(default)s)",
    )
    analyse.add_argument("--output", type=Path, help="write this file instead of the bundled one")

    bring = commands.add_parser(
        "import", help="import a data set (CSV, IDX, ZIP of pictures), or a ZIP of runs"
    )
    bring.set_defaults(command=_import)
    bring.add_argument("files", nargs="+", metavar="FILE", type=Path)
    bring.add_argument("--title", help="what to call it (default: by the file's name)")
    bring.add_argument(
        "--classes",
        metavar="NAMES",
        help=f"names in label order, with commas between; or {', '.join(imported.KNOWN_CLASSES)}; "
        "or as-found, for as many classes as there are labels (default: chosen by what the files "
        "hold)",
    )
    bring.add_argument(
        "--test-share",
        type=float,
        default=0.15,
        help="for testing, unless the files have a part for it (default: %(default)s)",
    )
    bring.add_argument(
        "--order",
        choices=list(imported.Order),
        default=imported.Order.STRATIFIED,
        help="test on a share of each class, or on the last images (default: %(default)s)",
    )
    bring.add_argument("--seed", type=int, default=0, help="for everything random")
    bring.add_argument(
        "--pictures",
        choices=list(SIZES),
        help="size that pictures are resized to (default: that of most of them)",
    )
    bring.add_argument("--json", action="store_true", help="print one JSON object")

    lesson = commands.add_parser(
        "class", help="open a class; print its code and the teacher's link"
    )
    lesson.set_defaults(command=_class)
    lesson.add_argument(
        "what",
        choices=("open", "link"),
        help="open: take the class opened last today, or open one, and print how to join it. link: "
        "print a teacher's link; those printed before stay good for 30 days",
    )
    lesson.add_argument("--title", help="open: open a class of this title, whatever is open")
    lesson.add_argument(
        "--only", action="store_true", help="link: end all links and teachers' sessions of before"
    )
    lesson.add_argument("--address", default="0.0.0.0", help="that the server listens at")
    lesson.add_argument("--port", type=int, default=8501, help="that the server listens at")
    lesson.add_argument(
        "--url", help="the address that people open, such as https://atelier.example.org"
    )

    pretrain = commands.add_parser("pretrain", help="train a bundled model again")
    pretrain.set_defaults(command=_pretrain)
    pretrain.add_argument(
        "name",
        choices=list(MODELS),
        help="pictures: for photos and drawings, the default on the pages; accurate: the most "
        "accurate on Fashion-MNIST. Their cards say how long that takes",
    )
    pretrain.add_argument("--epochs", type=int, help="instead of the recipe's; needs --output")
    pretrain.add_argument("--limit", type=int, help="use only this many images; needs --output")
    pretrain.add_argument("--output", type=Path, help="folder for the files")
    pretrain.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="pictures: also learn from these real photos; a folder with a manifest.csv",
    )
    pretrain.add_argument(
        "--sketches",
        type=Path,
        metavar="DIR",
        help="pictures: also learn from these drawings",
    )
    pretrain.add_argument(
        "--without",
        action="store_true",
        help="pictures: learn from Fashion-MNIST only, and write only how well that does on the "
        "real pictures, for the model card",
    )

    benchmark = commands.add_parser("benchmark", help="print the figures of the documentation")
    benchmark.set_defaults(command=_benchmark)
    benchmark.add_argument("name", choices=_benchmarks())
    benchmark.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _add_setting(parser: argparse.ArgumentParser, setting: Setting) -> None:
    """Add the option for one setting."""
    text = setting.help.replace("%", "%%")
    match setting:
        case Switch():
            parser.add_argument(setting.option, action="store_true", default=None, help=text)
        case Several():
            text += f" Any of: {', '.join(setting.kind)}."
            parser.add_argument(setting.option, nargs="*", metavar="NAME", help=text)
        case Choice():
            text += f" One of: {', '.join(setting.kind)}."
            parser.add_argument(setting.option, metavar="NAME", help=text)
        case Number():
            number = int if setting.whole else float
            parser.add_argument(setting.option, type=number, metavar="NUMBER", help=text)


def _train(options: argparse.Namespace) -> int:
    from core.classroom import closed
    from core.runs.repeating import resume_words
    from core.training import devices
    from core.training.lifecycle import go_on_in_process

    closed.watch()  # a run of a class that goes on here stays sealed
    if options.resume is None:
        return _report(options, _train_new(options))
    words = resume_words(runs.read(options.resume), devices.here(devices.threads()))
    runs.resume(options.resume, claimed=True)
    if words is not None:
        print(words, file=sys.stderr)
    return _report(options, go_on_in_process(options.resume))


def _train_new(options: argparse.Namespace) -> runs.Run:
    from core.training.lifecycle import train_in_process

    recipe = architectures.find(options.architecture).recipe_for(
        datasets.find(options.dataset).name, options.recipe
    )
    chosen = {name: getattr(options, name) for name in SETTINGS}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    size = {name: chosen.pop(name) for name in list(chosen) if SETTINGS[name].of_run}
    recipe = recipe.changed(**chosen)
    return train_in_process(
        TrainingConfig(
            options.dataset, options.architecture, recipe, recipe_name=options.recipe, **size
        )
    )


def _report(options: argparse.Namespace, run: runs.Run) -> int:
    """Print how a run ended, and return the exit status."""
    # A run of the command line tells all; one of the pages that went on here stays sealed.
    result = run.told
    if options.json:
        shown = ("epochs", "train_accuracy", "val_accuracy", "test_accuracy", "seconds")
        values = {name: getattr(result, name, None) for name in shown}
        print(json.dumps({"run": run.id, "state": run.state, **values, "reason": run.reason}))
    elif result is not None and run.state is runs.State.FINISHED:
        figures = {"validation": result.val_accuracy, "test": result.test_accuracy}
        told = [f"{part} accuracy {each:.2%}" for part, each in figures.items() if each is not None]
        print(f"{run.id}: {', '.join(told)} after {result.epochs} epochs in {result.seconds:.0f} s")
    else:
        print(f"{run.id}: {run.state}. {run.reason or ''}")
    return 0 if run.state is runs.State.FINISHED else 1


def _evaluate(options: argparse.Namespace) -> int:
    from core import evaluation
    from core.classroom import closed

    closed.watch()
    run = runs.read(options.run)
    part = evaluation.TEST if options.test else evaluation.VALIDATION
    if options.test and not run.test_opened and (run.closed is not None or not run.testable):
        runs.open_test(options.run)  # says why not
    report = evaluation.report_of(run, part, _answers_file(run, part))
    if options.test and _open_test(options.run):
        sys.stderr.write(
            f"The test set of {options.run} is open from now on: the pages show its results.\n"
        )
    if options.json:
        print(json.dumps({"part": part} | report.to_dict()))
    else:
        print(report.to_text(part))
    return 0


def _open_test(run_id: str) -> bool:
    """Open the test set of a run, and tell whether it was sealed until now."""
    from core.classroom import seal

    return seal.open_test(run_id)


def _answers_file(run: runs.Run, part: str) -> Path | None:
    """Work answers out that the run's worker did not keep, and say where; None if it did."""
    from core import evaluation

    kept = part == evaluation.TEST or run.folder.validation.exists()
    if run.network is None or (kept and not run.unfinished):
        return None
    from core.runs.analysis import analysis_file, fits
    from core.tasks.worker import work_out

    path = analysis_file(part, run)
    if not fits(path, run):
        sys.stderr.write(f"Classifying the {part} images, once ...\n")
        try:
            work_out(part, run, path, lambda share: None)
        except OSError as error:
            raise SettingsError(
                f"The answers could not be saved in {path.parent}: {error.strerror or error}. Make "
                "the folder writable or free some space."
            ) from error
    return path


def _export(options: argparse.Namespace) -> int:
    from core.classroom import closed
    from core.export import formats, making

    closed.watch()  # what is sealed for a class stays so
    run = runs.read(options.run)
    if options.format is None:
        for form in formats.FORMATS.values():
            problem = form.problem(run)
            print(f"{form.key}: {form.title}. {form.purpose}" + (f" {problem}" if problem else ""))
        return 0
    form = formats.find(options.format)
    if not form.quick:
        sys.stderr.write(f"Making {form.title} ...\n")
    other = None if options.other is None else runs.read(options.other)
    # Who has the disk reads all.
    content = making.make(form, run, visitor=run.visitor, other=other)
    path: Path = options.to or Path()
    path = path / form.file_name(run) if path.is_dir() else path
    try:
        write_atomic(path, lambda file: file.write_bytes(content))
    except OSError as error:
        raise SettingsError(
            f"The file {path} could not be written: {error.strerror or error}. Name another with "
            "--to."
        ) from error
    print(f"{path}: {len(content):,} bytes")
    return 0


def _classify(options: argparse.Namespace) -> int:
    from core import classify, networks
    from core.imaging.prepare import Kind, Options

    model = networks.find(options.run)
    choices = Options(kind=Kind(options.kind)) if options.kind else None
    answers = classify.classify_files(map(Path, options.files), model, choices)
    nothing = dict.fromkeys(("label", "class", "probabilities", "kind", "unknown"))
    good = 0
    for path, answer in zip(options.files, answers, strict=True):
        if isinstance(answer, ImageRejected):
            values, words = {**nothing, "error": str(answer)}, str(answer)
        else:
            good += 1
            values = {**answer.to_dict(), "error": None}
            words = f"{answer.name} ({answer.probability:.0%})"
            if answer.verdict() is classify.Verdict.NONE:
                words += ", but probably none of the classes"
        line = json.dumps({"path": path, **values}) if options.json else f"{path}: {words}"
        print(line, flush=True)
    return 0 if good else 1


def _analyse(options: argparse.Namespace) -> int:
    from core.analysis import duplicates, embedding, files, labels

    spec = datasets.find(options.dataset)

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    if options.what == "map":
        arrays = embedding.compute(spec, tell)
    elif options.what == "duplicates":
        arrays = duplicates.compute(spec, tell)
    else:
        keep = settings().home / "cross-validation"
        network = options.architecture or labels.network_for(spec)
        arrays = labels.compute(spec, network, options.epochs, keep, tell)
    path = options.output or files.path_of(spec.name, options.what)
    files.write(path, arrays)
    print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


def _import(options: argparse.Namespace) -> int:
    from core.export.run_zip.gate import holds_runs

    if len(options.files) == 1 and holds_runs(options.files[0]):
        return _bring(options)
    return _import_data(options)


def _bring(options: argparse.Namespace) -> int:
    """Take in the runs of a ZIP, and return the exit status."""
    from core.export.run_zip.bring import Left, Taken, bring

    path, brought, said = options.files[0], 0, ""
    for answer in bring(path, path.name, imported.COMMAND_LINE):
        if isinstance(answer, Taken):
            brought += 1
            print(json.dumps(vars(answer)) if options.json else f"{answer.run}: {answer.what}")
        elif isinstance(answer, Left):
            print(f"{answer.what} was not taken in. {answer.why}", file=sys.stderr)
        elif answer[1] != said:
            said = answer[1]
            print(f"Taking in {said} ...", file=sys.stderr)
    return 0 if brought else 1


def _import_data(options: argparse.Namespace) -> int:
    from core.datasets.sources import Found, SourceFile
    from core.datasets.sources.check import check

    files = [SourceFile(path.absolute(), path.name) for path in options.files]
    folder = imported.stage()
    try:
        found = None
        for answer in check(files, folder, shape=SIZES.get(options.pictures), room=imported.room()):
            if isinstance(answer, Found):
                found = answer
        assert found is not None
        choices = imported.Choices(
            options.title or found.title,
            _class_names(options.classes, found),
            None if "test" in found.counts else options.test_share,
            imported.Order(options.order),
            options.seed,
        )
        dataset = imported.save(folder, found, choices, imported.COMMAND_LINE)
    finally:
        imported.discard(folder)
    spec = datasets.find(dataset)
    if options.json:
        values = {"title": spec.title, "classes": spec.classes, "shape": spec.shape}
        counts = {**spec.counts, "validation": spec.validation}
        print(json.dumps({"dataset": dataset, **values, **counts, "notes": found.notes}))
    else:
        for note in found.notes:
            print(note, file=sys.stderr)
        height, width, channels = spec.shape
        print(
            f"{dataset}: {spec.counts_words} of {height} × {width} × {channels} in "
            f"{len(spec.classes)} classes"
        )
    return 0


def _class_names(asked: str | None, found: Any) -> tuple[str, ...]:
    if asked is None:
        return imported.default_classes(found)
    if asked == "as-found":
        return found.classes or imported.numbered(found)
    if asked in imported.KNOWN_CLASSES:
        return imported.KNOWN_CLASSES[asked]
    return tuple(each.strip() for each in asked.split(","))


def _class(options: argparse.Namespace) -> int:
    from core.classroom import lesson, links, teachers

    path = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "")
    found = settings().url or links.url_of(options.address, options.port, path)
    url = (options.url or found).rstrip("/")
    if options.what == "link":
        if options.only:
            teachers.forget_links()
        print(lesson.link_told(url))
        return 0
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(lesson.class_told(lesson.class_of_today(options.title), url, colours=colours))
    return 0


def _pretrain(options: argparse.Namespace) -> int:
    from core.bundled.pretrain import pretrain

    told = pretrain(
        options.name,
        photos=options.photos,
        sketches=options.sketches,
        without=options.without,
        epochs=options.epochs,
        limit=options.limit,
        output=options.output,
    )
    print(told)
    return 0


def _benchmarks() -> dict[str, str]:
    """Return the modules by name; a module whose name Python keeps for itself ends with ``_``."""
    found = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))
    return {stem.rstrip("_"): stem for stem in found if not stem.startswith("_")}


def _benchmark(options: argparse.Namespace) -> int:
    sys.argv = [f"benchmark {options.name}", *options.arguments]
    runpy.run_module(f"benchmarks.{_benchmarks()[options.name]}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
