#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Turn a configuration into what make and the compiler read.

    genconfig.py defconfig NAME CONFIG    write CONFIG from configs/NAME_defconfig
    genconfig.py generate CONFIG DIR [CONFIG_X=value...]
                                          write DIR/autoconf.h and DIR/auto.mk

A line or an extra setting that Kconfig does not know, or a value that it does
not take, is an error that names the place.
"""
import contextlib
import os
import re
import sys

import kconfiglib


def die(message):
    sys.exit(f"vireo: {message}")


def load_kconfig():
    kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
    kconf.warn_assign_override = False
    return kconf


def assign(kconf, where, text):
    """Apply one line of a configuration: CONFIG_X=value, or a comment."""
    unset = re.fullmatch(r"# CONFIG_(\w+) is not set", text)
    setting = re.fullmatch(r"CONFIG_(\w+)=(.*)", text)
    if unset:
        name, value = unset.group(1), "n"
    elif setting:
        name, value = setting.group(1), setting.group(2).strip('"')
    elif not text or text.startswith("#"):
        return None
    else:
        die(f"{where}: '{text}' is not of the form CONFIG_X=value")
    symbol = kconf.syms.get(name)
    if symbol is None or not symbol.nodes:
        die(f"{where}: there is no option CONFIG_{name} (any more): Kconfig lists "
            "them, `make NAME_defconfig` sets a configuration back")
    if not symbol.set_value(value):
        die(f"{where}: CONFIG_{name} cannot be '{value}'")
    return symbol, value, where


def check_applied(assignments):
    """A value out of its range is accepted by kconfiglib, but not used."""
    wanted = {symbol: (value, where) for symbol, value, where in assignments}
    # Of a choice the last one that was set is it.
    chosen = {symbol.choice: symbol for symbol, value, _ in assignments
              if symbol.choice and value == "y"}
    for symbol, (value, where) in wanted.items():
        if symbol.choice and (value == "n" or
                              chosen[symbol.choice] is not symbol):
            continue
        if symbol.str_value != value:
            die(f"{where}: CONFIG_{symbol.name} cannot be '{value}' "
                f"(it stays '{symbol.str_value}'); see its help in Kconfig")


def load(path, extra=()):
    kconf = load_kconfig()
    with open(path, encoding="ascii") as lines:
        found = [assign(kconf, f"{path}:{number}", line.strip())
                 for number, line in enumerate(lines, 1)]
    found += [assign(kconf, "APP_CONFIG", text) for text in extra]
    check_applied([item for item in found if item])
    return kconf


def header_line(symbol):
    value = symbol.str_value
    if symbol.type == kconfiglib.BOOL:
        value = "1" if value == "y" else "0"
    elif symbol.type == kconfiglib.STRING:
        value = '"' + kconfiglib.escape(value) + '"'
    return f"#define CONFIG_{symbol.name} {value}\n"


@contextlib.contextmanager
def replacing(path):
    """The name of a file that takes the place of @path when it is written:
    another make may read it."""
    new = f"{path}.{os.getpid()}"
    yield new
    os.replace(new, path)


def write(path, text):
    with replacing(path) as name:
        with open(name, "w", encoding="ascii") as new:
            new.write(text)


def write_if_changed(path, text):
    try:
        with open(path, encoding="ascii") as old:
            if old.read() == text:
                return
    except FileNotFoundError:
        pass
    write(path, text)


def generate(config, folder, extra):
    kconf = load(config, extra)
    symbols = kconf.unique_defined_syms
    os.makedirs(folder, exist_ok=True)
    write_if_changed(f"{folder}/autoconf.h",
                     "/* Written by tools/genconfig.py. */\n" +
                     "".join(header_line(symbol) for symbol in symbols))
    write(f"{folder}/auto.mk",
          "".join(f"CONFIG_{symbol.name} := {symbol.str_value}\n"
                  for symbol in symbols))


def defconfig(name, config):
    source = f"configs/{name}_defconfig"
    if not os.path.exists(source):
        known = sorted(entry[:-len("_defconfig")]
                       for entry in os.listdir("configs")
                       if entry.endswith("_defconfig"))
        die(f"there is no configuration '{name}': {source} does not exist "
            f"(there are: {', '.join(known)})")
    kconf = load(source)
    os.makedirs(os.path.dirname(config), exist_ok=True)
    with replacing(config) as new:
        kconf.write_config(new, save_old=False)


def main(arguments):
    if arguments[:1] == ["defconfig"] and len(arguments) == 3:
        defconfig(*arguments[1:])
    elif arguments[:1] == ["generate"] and len(arguments) >= 3:
        generate(arguments[1], arguments[2], arguments[3:])
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
