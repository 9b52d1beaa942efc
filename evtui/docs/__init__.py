"""The documentation: one chapter a Markdown file, shipped with the program.

Nothing imports this package; :mod:`evtui.docs.build` writes the tables in the chapters.
"""
