#!/usr/bin/env python3
"""Dependencies between the folders point one way: include lists and undefined symbols are held against the rules below.

    layers.py --source DIR                 include lists only
    layers.py --source DIR --objects DIR...   and the symbols of the object files that were compiled from it

Prints every breach with the rule that it breaks; ends with 1 if there was any.
"""

import argparse
import pathlib
import re
import subprocess
import sys

FREESTANDING = {"float", "iso646", "limits", "stdalign", "stdarg", "stdbool", "stddef", "stdint", "stdnoreturn"}
PURE_C = FREESTANDING | {"assert", "inttypes", "stdio", "string", "strings"}
ANY = None

MEMORY = {"memcpy", "memmove", "memset", "memcmp"}
# what compilers add by themselves: stack protector, fortified twins of the functions that are allowed anyway
COMPILER = re.compile(r"^(__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__(\w+)_chk|__isoc\d+_\w+)$")
TEXT = {"memchr", "memrchr", "strlen", "strnlen", "strcmp", "strncmp", "strchr", "strrchr", "strspn", "strcspn", "strstr",
        "strcasecmp", "strncasecmp", "snprintf", "vsnprintf", "strtol", "strtoll", "strtoul", "strtoull",
        "__errno_location", "bcmp"}


class Layer:
    """What one folder may use. `uses`: other layers; `headers`, `symbols`: of the C library, None = all; `compiler`: what
    compilers add is let pass."""

    def __init__(self, rule, uses, headers=ANY, symbols=ANY, public=ANY, compiler=True):
        self.rule, self.uses, self.headers, self.symbols, self.public = rule, set(uses), headers, symbols, public
        self.compiler = compiler


LAYERS = {
    "txn": Layer("txn/ uses the freestanding C headers, <string.h>, <assert.h>, ktxn/error.h and its check hook, nothing else",
                 {"hook"}, FREESTANDING | {"string", "assert"}, MEMORY, {"ktxn/error.h"}, compiler=False),
    "base": Layer("sdk/base/ uses the C library and the public headers", {"values"}),
    "os": Layer("sdk/os/ uses base", {"base", "values"}),
    "wire": Layer("sdk/wire/ uses base; no net, txn, os, engine, no system call, no allocation of its own",
                  {"base", "values"}, PURE_C, MEMORY | TEXT),
    "compress": Layer("sdk/compress/ uses base and its libraries; no net, txn, os, engine", {"base", "values"}),
    "auth": Layer("sdk/auth/ uses base and its libraries; no net, txn, os, engine", {"base", "values"}),
    "engine": Layer("sdk/engine/ uses base, wire, compress, auth, txn and the ports; no os, net, checkpoint, no clock, socket, "
                    "thread, stream or malloc",
                    {"base", "wire", "compress", "auth", "txn", "values", "hook"}, PURE_C, MEMORY | TEXT),
    "net": Layer("sdk/net/ uses base and os; no wire, txn, engine", {"base", "os", "values"}),
    "checkpoint": Layer("sdk/checkpoint/ uses base and the public headers; no net, wire, txn, engine", {"base", "values"}),
    "devbroker": Layer("sdk/devbroker/ uses base, os and net; not the client's codec", {"base", "os", "net", "model", "values"}),
    "model": Layer("sdk/devbroker/model* uses base; no clock, thread, socket, stream or malloc", {"base"}, PURE_C, MEMORY | TEXT),
    # the settings struct and the error helper are plain values that every layer of sdk/ is handed
    "values": Layer("error, settings and bootstrap list are plain values: they use base alone", {"base"}),
    # how a failed check of txn/ leaves it
    "hook": Layer("the check hook uses base", {"base", "values", "txn"}),
    "sdk": Layer("sdk/*.c uses all layers, but txn/ only through the engine",
                 {"base", "os", "wire", "compress", "auth", "engine", "net", "checkpoint", "values", "hook"}),
}

VALUES = {"sdk/error", "sdk/config", "sdk/bootstrap", "sdk/setting", "sdk/setting_table"}
HOOKS = {"sdk/engine/sender_hook"}
ONLY_SENDER = "txn/txn.h is included by the engine's sender alone (sdk/engine/sender*)"


def layer_of(path):
    """The layer of a source file, by its path from the top without the suffix; None = outside of the table."""
    stem = path.rsplit(".", 1)[0]
    if stem in VALUES:
        return "values"
    if stem in HOOKS:
        return "hook"
    parts = path.split("/")
    if stem.startswith("sdk/devbroker/model"):
        return "model"
    if parts[0] == "txn":
        return "txn"
    if parts[0] == "sdk":
        return parts[1] if len(parts) > 2 else "sdk"
    return None


def include_breaches(path, text):
    """Yields (what, rule) for each include of one file that its layer may not have."""
    name = layer_of(path)
    layer = LAYERS.get(name)
    if layer is None:
        yield "a folder without a row in the table of layers", "every folder has one"
        return
    for included in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
        if included.startswith("ktxn/"):
            if layer.public is not ANY and included not in layer.public:
                yield f'includes "{included}"', layer.rule
            continue
        other = layer_of(included)
        if included == "txn/txn.h" and name != "txn" and not path.startswith("sdk/engine/sender"):
            yield f'includes "{included}"', ONLY_SENDER
        elif other != name and other not in layer.uses:
            yield f'includes "{included}"', layer.rule
    for included in re.findall(r"^\s*#\s*include\s+<([^>]+)>", text, re.MULTILINE):
        if layer.headers is not ANY and included.removesuffix(".h") not in layer.headers:
            yield f"includes <{included}>", layer.rule


def symbols_of(objects):
    """{object: (defined, undefined)} by nm."""
    table = {}
    text = subprocess.run(["nm", "-A", "-P", *map(str, objects)], stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in text.splitlines():
        file, symbol, kind = line.split()[:3]
        defined, undefined = table.setdefault(file.rstrip(":"), (set(), set()))
        if kind in "Uw":
            undefined.add(symbol)
        elif kind.isupper():
            defined.add(symbol)
    return table


def allowed_outside(layer, symbol):
    if layer.symbols is ANY or symbol in layer.symbols:
        return True
    match = layer.compiler and COMPILER.match(symbol)
    return bool(match) and (match.group(2) is None or match.group(2) in layer.symbols)


def symbol_breaches(table):
    """Yields (path, what, rule) for each undefined symbol that the layer of its file may not have. A symbol of ours that
    is defined nowhere is the linker's affair."""
    owner = {symbol: path for path, (defined, _) in table.items() for symbol in defined}
    for path, (_, undefined) in sorted(table.items()):
        name = layer_of(path)
        layer = LAYERS.get(name)
        if layer is None:
            continue
        for symbol in sorted(undefined):
            if symbol in owner:
                other = layer_of(owner[symbol])
                if other not in (name, None) and other not in layer.uses:
                    yield path, f"uses {symbol} of {owner[symbol]}", layer.rule
            elif not symbol.startswith("ktxn_") and not allowed_outside(layer, symbol):
                yield path, f"uses {symbol}", layer.rule


def sources(top):
    for folder in ("txn", "sdk"):
        for path in sorted((top / folder).rglob("*.[ch]")):
            yield path.relative_to(top).as_posix(), path.read_text()


# Layers of capabilities that are still to come: their rules wait for them.
TO_COME = {"compress", "auth", "checkpoint"}


def missing(top):
    """Layers of the table in which no file is: a rule over nothing holds without saying anything."""
    there = {layer_of(path) for path, _ in sources(top)}
    return sorted(name for name in LAYERS if name not in there and name not in TO_COME)


def objects(tops, source):
    """{path of the source from the top: object file}, without what is left of sources that are gone"""
    found = {path.relative_to(top).as_posix().removesuffix(".o"): path
             for top in tops for path in sorted(top.rglob("*.c.o"))}
    return {name: path for name, path in found.items() if (source / name).exists()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--objects", type=pathlib.Path, nargs="+")
    args = parser.parse_args()
    breaches, files = [], 0
    for path, text in sources(args.source):
        files += 1
        breaches += [(path, what, rule) for what, rule in include_breaches(path, text)]
    if args.objects:
        of_source = objects(args.objects, args.source)
        if not of_source:
            sys.exit("no object files under " + ", ".join(map(str, args.objects)))
        by_object = {str(file): source for source, file in of_source.items()}
        table = {by_object[file]: row for file, row in symbols_of(of_source.values()).items()}
        breaches += list(symbol_breaches(table))
    for folder in missing(args.source):
        breaches.append((folder, "a folder of the table has no source file", "the table names what is there"))
    for path, what, rule in breaches:
        print(f"{path}: {what}\n    rule: {rule}")
    print(f"{files} files, {len(breaches)} breaches")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
