"""Runs as a ZIP that another Atelier takes in: "trained at school, continued at home".

| entry | what |
| --- | --- |
| ``atelier.json`` | format, version, which program wrote it, and the folders of the runs |
| ``README.txt`` | for people: what it is, how to bring it in, how to read it with NumPy |
| ``<run>/run.json`` | config, data set, how it ended, with how many threads it was trained |
| ``<run>/note.txt`` | what the owner wrote about it |
| ``<run>/epochs.jsonl``, ``<run>/batches.jsonl`` | the curves, a point a line |
| ``<run>/weights/<name>.npy`` | the network, an array a weight |
| ``<run>/checkpoint/...`` | what a training that is not over needs to continue |
| ``<run>/validation.npy``, ``<run>/test.npy`` | probabilities, (images, classes) |

There is nothing in it that could run, and nothing that runs is read from it: the network is built
from its config, and arrays are plain numbers (NumPy enhancement proposal 1, no pickle) that must
have the names, shapes and types of that network and be finite. All arrays are entries of the one
archive, so its directory tells all sizes before anything is unpacked.

``write`` makes such a file. ``bring`` takes one in: in a process of its own (``worker``), which
judges the archive (``gate``), then rebuilds each network, measures it anew on the images that are
here, and lets each run appear whole or not at all (``take``). What a file says of accuracies is
never taken for true. A test set is sealed after that, whatever it was where the run comes from.
"""
