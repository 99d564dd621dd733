"""The program behind the tasks: every kind on a really trained run, with the real network."""

import numpy as np
import pytest
from support import wait_until

from core import datasets, evaluation, networks, runs
from core.errors import RunDamaged
from core.evaluation import CORRUPTIONS, SEVERITIES, hidden, read_robustness, robustness
from core.evaluation.hidden import balanced_sample, layouts
from core.runs.analysis import analysis_file, read_analysis, stamp_of, write_analysis
from core.tasks import pool as tasks
from core.tasks import worker
from core.tasks.kinds import KINDS, held_back


@pytest.fixture
def few(monkeypatch):
    """Let every kind be quick."""
    monkeypatch.setattr(robustness, "SAMPLE", 60)
    monkeypatch.setattr(hidden, "balanced_sample", lambda labels: balanced_sample(labels, 200))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_how_far_it_is_and_writes_plain_arrays(trained, kind):
    shares = []
    path = analysis_file(kind, trained)
    worker.work_out(kind, trained, path, shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0 and shares[-1] == 1 and len(shares) >= 3
    assert tasks.result(kind, trained) == path
    for array in read_analysis(path).values():
        assert array.dtype.kind in "iufU"
        assert array.dtype.kind == "U" or np.isfinite(array).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_what_it_is_and_costs(trained, kind):
    """What a page needs to offer it, in sentences that name nothing but the network."""
    entry = KINDS[kind]
    assert entry.name == kind
    for words in (entry.title, entry.explanation(trained)):
        assert words[0].isupper()
        assert "{" not in words.replace("{network}", "")
    assert "second" in entry.explanation(trained) or "minute" in entry.explanation(trained)
    assert entry.explanation(trained).endswith(".")


def test_the_map_asks_the_network_once(trained, few):
    path = analysis_file("features", trained)
    worker.work_out("features", trained, path, lambda share: None)
    assert read_analysis(path).keys() == {"indices", "pca", "tsne", "explained"}


def test_a_program_answers_as_the_training_did(trained):
    """The real program, in its own process, from the queue to what a page reads."""
    assert trained.config is not None
    trained.folder.validation.unlink()  # as in a run of an earlier version
    tasks.start("validation", trained, "ada")
    wait_until(lambda: tasks.look("validation", trained).phase == "done", 60, "the answers")
    path = tasks.result("validation", trained)
    answers = evaluation.answers_of(trained, evaluation.VALIDATION, path)
    assert len(answers) == trained.config.validation_count
    assert answers.right.mean() == pytest.approx(trained.result.val_accuracy, abs=1e-3)
    assert answers.loss == pytest.approx(trained.result.val_loss, abs=1e-3)
    np.testing.assert_array_equal(answers.indices, runs.held_out(trained.config))


def test_a_program_says_what_is_wrong_with_the_network(trained):
    trained.folder.model.write_bytes(b"no network")
    tasks.start("validation", trained, "ada")
    wait_until(lambda: tasks.look("validation", trained).phase == "failed", 60, "the failure")
    assert f"network of {trained.id} cannot be read" in tasks.look("validation", trained).reason


@pytest.mark.usefixtures("few")
def test_the_figures_are_those_of_the_network(trained):
    path = analysis_file("robustness", trained)
    worker.work_out("robustness", trained, path, lambda share: None)
    found = read_robustness(path)
    assert found.names == tuple(CORRUPTIONS)
    assert found.count == 60 and found.right.shape == (len(CORRUPTIONS), len(SEVERITIES))
    # One figure by another way.
    network = networks.Network(networks.of_run(trained))
    images, labels = held_back(trained)
    chosen = robustness.sample(len(labels))
    worse = evaluation.corrupt(images[chosen], "blur", 4, robustness.SEED)
    right = (network.probabilities(worse).argmax(axis=1) == labels[chosen]).sum()
    assert found.right[found.names.index("blur"), 3] == right
    assert 0.05 < found.uncertainty < 0.15  # sixty images tell little
    assert found.accuracy[found.names.index(found.weakest)].mean() == found.accuracy.mean(1).min()


@pytest.mark.parametrize(
    "changes",
    [
        {"names": np.array(["noise", "nonsense"])},
        {"right": np.zeros((2, 4), np.int64)},
        {"right": np.full((2, 5), 99)},
        {"right": np.full((2, 5), 0.5)},
        {"right": np.full((2, 5), -1)},
        {"count": np.array(0)},
        {"count": np.array([3, 4])},
        {"clean": np.array(77)},
        {"names": np.array([]), "right": np.zeros((0, 5), np.int64)},
    ],
)
def test_figures_that_cannot_be_become_a_sentence(trained, changes):
    good = {
        "names": np.array(["noise", "blur"]),
        "right": np.full((2, 5), 3),
        "count": np.array(10),
        "clean": np.array(9),
    }
    path = analysis_file("robustness", trained)
    write_analysis(path, good, stamp_of(trained))
    assert read_robustness(path).clean_accuracy == 0.9
    write_analysis(path, good | changes, stamp_of(trained))
    with pytest.raises(RunDamaged, match=r"robustness\.npz does not hold accuracies"):
        read_robustness(path)


def test_the_sample_is_the_same_for_all_runs_and_mixed():
    first, again = robustness.sample(5_000), robustness.sample(5_000)
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first)) == robustness.SAMPLE
    assert robustness.sample(30).tolist() == list(range(30))
    labels = datasets.load("fashion-mnist", "train").labels
    balanced = balanced_sample(labels, 500)
    assert np.bincount(labels[balanced]).tolist() == [50] * 10


@pytest.mark.parametrize("shape", [(40, 1), (100, 128)])
def test_features_of_any_number_are_laid_out(shape):
    generator = np.random.default_rng(0)
    centre = (np.arange(shape[0]) % 2)[:, None]
    features = (generator.normal(0, 0.1, shape) + 8 * centre).astype(np.float32)
    found = layouts(features, lambda share: None)
    for name in ("pca", "tsne"):
        assert found[name].shape == (shape[0], 2)
        assert found[name].dtype == np.float16
    # Two groups far apart stay apart.
    tsne = found["tsne"].astype(float)
    apart = np.linalg.norm(tsne[centre[:, 0] == 0].mean(0) - tsne[centre[:, 0] == 1].mean(0))
    assert apart > tsne[centre[:, 0] == 0].std()
