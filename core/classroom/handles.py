"""Names that nobody has to type: a colour and an animal, drawn for each student.

Left out are colours that are said of people, animals that are said of them unkindly, and those
with a second meaning, so that no combination hurts anybody.
"""

import secrets
from collections.abc import Container

from core.classroom.nicknames import key

_COLOURS = """
Amber Azure Bronze Cobalt Copper Coral Crimson Cyan Emerald Golden Green Indigo Jade
Khaki Lavender Lilac Lime Magenta Maroon Mint Navy Orange Pearl Purple Ruby Sapphire Scarlet
Silver Teal Topaz Turquoise Violet
"""
COLOURS = tuple(_COLOURS.split())
_ANIMALS = """
alpaca antelope badger bison bumblebee caribou chamois cheetah chipmunk cricket
curlew deer dolphin dragonfly eagle egret elk falcon ferret finch firefly flamingo fox gazelle
gecko giraffe grasshopper grouse hamster hare hawk hedgehog heron horse hummingbird ibex iguana
impala jaguar kestrel kingfisher kiwi koala ladybird lark lemur leopard lion llama lynx marmot
marten meerkat mongoose moose narwhal newt nightingale ocelot octopus okapi oryx osprey otter
owl panda parrot partridge pelican penguin pheasant plover pony puffin puma quail quokka
rabbit raven reindeer robin salamander salmon sandpiper seahorse seal skylark sparrow squirrel
stag starling swan tapir tern tiger toucan wallaby wolf wombat wren zebra
"""
ANIMALS = tuple(_ANIMALS.split())


def is_handle(text: str) -> bool:
    """Tell whether a name is of the list, and so harmless as it is."""
    colour, _, animal = text.partition(" ")
    return colour in COLOURS and animal in ANIMALS


def draw(taken: Container[str]) -> str:
    """Return a name by chance.

    Args:
        taken: the keys (``nicknames.key``) of the names that others have.
    """
    for _ in range(100):
        handle = f"{secrets.choice(COLOURS)} {secrets.choice(ANIMALS)}"
        if key(handle) not in taken:
            return handle
    # As good as all of 3,000 are taken: a number tells two of a name apart.
    number = 2
    while key(f"{handle} {number}") in taken:
        number += 1
    return f"{handle} {number}"
