"""The mutants of the simulator: the rules of tests/rules, and other ways to get it wrong."""

import rules


class Mutant:
    def __init__(self, name, says, file, text, without, survives=None):
        self.name, self.says, self.file = name, says, file
        self.text, self.without, self.survives = text, without, survives

    def apply(self, source):
        count = source.count(self.text)
        if count != 1:
            raise ValueError("%s: its text occurs %d times in %s, and must exactly once" % (self.name, count, self.file))
        return source.replace(self.text, self.without)


# Rules whose absence can't be seen here, with the reason.
SURVIVE = {}

MUTANTS = [Mutant(rule.name, rule.says, rule.file, rule.text, rule.without, SURVIVE.get(rule.name)) for rule in rules.RULES]
