"""Classes: who is in one, what a teacher may do there, and what all of them make together.

What belongs to a class is in one database (``schema``, ``database``). A run stays a folder of its
own, which says whose it is by a visitor's id; a member of a class has one too. The modules are
imported by name, so that what needs no database loads none.
"""
