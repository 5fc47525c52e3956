"""The example in README.md is the file that the build compiles."""

import pathlib
import re
import sys

top = pathlib.Path(__file__).resolve().parent.parent.parent
blocks = re.findall(r"^```c\n(.*?)^```$", (top / "README.md").read_text(), re.MULTILINE | re.DOTALL)
example = (top / "examples" / "transaction.c").read_text()
if blocks != [example]:
    sys.exit("the C block of README.md and examples/transaction.c differ: copy one to the other")
