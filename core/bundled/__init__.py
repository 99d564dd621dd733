"""Training of the network for pictures, which the app brings with it.

``variations`` makes of Fashion-MNIST what people photograph and draw, ``pictures`` trains on it.
Nothing in the app needs this package to run; ``python -m core pretrain`` does.
"""
