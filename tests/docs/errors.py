"""The error table in docs/TRANSACTIONS.md is the one that the transaction manager uses.

    errors.py PROGRAM            compares
    errors.py PROGRAM --write    prints the table into the page
"""

import pathlib
import subprocess
import sys

BEGIN, END = "<!-- errors: printed by tests/docs/print_errors -->", "<!-- end of errors -->"

page = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "TRANSACTIONS.md"
text = page.read_text()
before, rest = text.split(BEGIN + "\n")
_, after = rest.split(END)
table = subprocess.run([sys.argv[1]], stdout=subprocess.PIPE, text=True, check=True).stdout
now = before + BEGIN + "\n" + table + "\n" + END + after
if sys.argv[2:] == ["--write"]:
    page.write_text(now)
elif now != text:
    sys.exit("docs/TRANSACTIONS.md does not print the table of txn/error.c; run: errors.py %s --write" % sys.argv[1])
