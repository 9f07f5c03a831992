"""What makes the site out of the repository: pages that run, mathematics, and the reference of the public names.

pages         blocks of code in pages: run in order, what they print compared, the pictures they make collected
mathematics   LaTeX as MathML, so that no page needs a script, a font or the network
docstrings    docstrings of our template as Markdown
names         the public names and the files that define them
reference     the pages of the reference, and links to them
assemble      everything that the site has, put together in one folder
hooks         what MkDocs calls, and griffe_template what mkdocstrings' reader of sources calls
"""
