"""Take it home: what a run becomes outside of Atelier, one format a module, all in one registry.

``formats.FORMATS`` has them; ``making`` makes a file, at once or in a process of its own. Nothing
here knows of pages. A file tells of the test images no more than its run may (``Run.told``,
``Run.test_opened``), so that what is sealed stays so. TensorFlow is imported inside functions
only.
"""
