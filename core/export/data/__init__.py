"""A data set as a file: CSV as on Kaggle, a ZIP of folders, or NumPy; all of it or a part.

The labels can be those that the visitor corrected (``core.analysis.judgements``), and the training
images a sample with a seed. Atelier's own import reads each form again, in any other place. Images
are read and written in blocks, so memory does not grow with the data set.
"""
