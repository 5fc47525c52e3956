#!/usr/bin/env python3
"""What users get of ktxn: headers that compile alone, the symbols that they declare, an installed tree that works."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command, **options):
    """Runs a command; on failure shows it with its output and ends the test."""
    command = [str(part) for part in command]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100,
                            check=False, **options)
    if result.returncode != 0:
        sys.exit(f"failed ({result.returncode}): {' '.join(command)}\n{result.stdout}")
    return result.stdout


def public_headers(args):
    return sorted((args.source / "include" / "ktxn").glob("*.h"))


def headers(args):
    """Each header alone, as C11 and as C++17; included twice, so that its guard is tried too."""
    for header in public_headers(args):
        text = f'#include "ktxn/{header.name}"\n#include "ktxn/{header.name}"\n'
        for compiler, language, standard in ((args.cc, "c", "c11"), (args.cxx, "c++", "c++17")):
            run(compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only", "-I", args.source / "include",
                "-", input=text)
    print(f"{len(public_headers(args))} headers compile alone as C11 and as C++17")


# The embedded broker is a library of its own, with a header of its own.
HEADERS_OF = {"libktxn-devbroker.so.0": lambda name: name == "devbroker.h", "libktxn.so.0": lambda name: name != "devbroker.h"}


def declared(args, soname):
    names = set()
    for header in public_headers(args):
        if HEADERS_OF[soname](header.name):
            names.update(re.findall(r"^KTXN_API[^;(]*?\b(ktxn_\w+)\s*\(", header.read_text(), re.MULTILINE))
    return names


def exported(library):
    lines = run("nm", "-D", "--defined-only", library).splitlines()
    # "0000 A KTXN_0" is the version itself
    return {line.split()[2].split("@")[0] for line in lines if line.split()[1] != "A"}


def symbols(args):
    """The exported symbols are the declared functions, no more and no fewer."""
    needed = run("readelf", "-d", args.shared_object)
    soname = re.search(r"soname: \[([^]]*)\]", needed).group(1)
    if soname not in HEADERS_OF:
        sys.exit(f"{soname} is not the name of a library of ours")
    wanted, found = declared(args, soname), exported(args.shared_object)
    for name in sorted(wanted - found):
        print(f"declared in include/ktxn, not exported: {name}")
    for name in sorted(found - wanted):
        print(f"exported, not declared in include/ktxn: {name}")
    if wanted != found:
        sys.exit(1)
    print(f"{len(found)} symbols exported, all of them declared")


def by_pkg_config(args, prefix, work):
    pc_dirs = [str(path.parent) for path in prefix.rglob("ktxn.pc")]
    if len(pc_dirs) != 1:
        sys.exit(f"ktxn.pc is installed {len(pc_dirs)} times")
    environment = dict(os.environ, PKG_CONFIG_PATH=pc_dirs[0])
    source = args.source / "tests" / "package" / "outside" / "main.c"

    def flags(*options):
        return run("pkg-config", *options, "ktxn", env=environment).split()

    libdir = next(prefix.rglob("libktxn.so.0")).parent
    run(args.cc, "-std=c11", *WARNINGS, source, "-o", work / "shared", *flags("--cflags", "--libs"),
        f"-Wl,-rpath,{libdir}")
    static = ["-l:libktxn.a" if flag == "-lktxn" else flag for flag in flags("--static", "--cflags", "--libs")]
    run(args.cc, "-std=c11", *WARNINGS, source, "-o", work / "static", *static)
    return [work / "shared", work / "static"]


def by_cmake(args, prefix, work):
    run("cmake", "-S", args.source / "tests" / "package" / "outside", "-B", work / "cmake",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_COMPILER={args.cc}")
    run("cmake", "--build", work / "cmake")
    return [work / "cmake" / "outside_shared", work / "cmake" / "outside_static"]


def install(args):
    """Installs into an empty prefix and builds an application outside the tree with what lies there."""
    with tempfile.TemporaryDirectory(prefix="ktxn-package-") as directory:
        work = pathlib.Path(directory)
        prefix = work / "prefix"
        run("cmake", "--install", args.build, "--prefix", prefix)
        for program in by_pkg_config(args, prefix, work) + by_cmake(args, prefix, work):
            needs_library = "libktxn.so.0" in run("readelf", "-d", program)
            if needs_library != program.name.endswith("shared"):
                sys.exit(f"{program.name} is linked with the wrong library")
            print(f"{program.name}: {run(program).strip()}")
        print(by_devbroker(args, prefix, work))


def by_devbroker(args, prefix, work):
    """A program that embeds a broker, by its pkg-config file; and the installed ktxn-devbroker."""
    pc_dir = next(prefix.rglob("ktxn-devbroker.pc")).parent
    environment = dict(os.environ, PKG_CONFIG_PATH=str(pc_dir))
    flags = run("pkg-config", "--cflags", "--libs", "ktxn-devbroker", env=environment).split()
    libdir = next(prefix.rglob("libktxn-devbroker.so.0")).parent
    source = args.source / "tests" / "package" / "outside" / "broker.c"
    run(args.cc, "-std=c11", *WARNINGS, source, "-o", work / "broker", *flags, f"-Wl,-rpath,{libdir}")
    if "ktxn.so" in run("readelf", "-d", work / "broker"):
        sys.exit("the embedded broker's library needs the client's")
    run(next(prefix.rglob("bin/ktxn-devbroker")), "--help")
    return run(work / "broker").strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cc", required=True)
    parser.add_argument("--cxx", required=True)
    parser.add_argument("test", choices=("headers", "symbols", "install"))
    parser.add_argument("shared_object", nargs="?")
    args = parser.parse_args()
    {"headers": headers, "symbols": symbols, "install": install}[args.test](args)


if __name__ == "__main__":
    main()
